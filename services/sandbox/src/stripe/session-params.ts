import { z } from 'zod';
import { RecurringParams } from './billing/prices.ts';
import { billingMode } from './billing/subscription-params.ts';
import { boolean, currency, ignored, integer, metadata, notSimulated, webUrl } from './http.ts';

const PriceData = z.strictObject({
  currency,
  recurring: RecurringParams.optional(),
  unit_amount: integer.pipe(z.number().nonnegative()),
  product: z.string().optional(),
  product_data: z
    .strictObject({
      name: z.string().min(1),
      description: z.string().optional(),
      images: ignored,
      metadata: metadata.optional(),
      tax_code: ignored,
    })
    .optional(),
  tax_behavior: ignored,
});

const LineItem = z.strictObject({
  price: z.string().optional(),
  price_data: PriceData.optional(),
  quantity: integer.pipe(z.number().positive()).default(1),
  adjustable_quantity: ignored,
  tax_rates: ignored,
});

/**
 * Hosted Checkout, as of 2026-10-28.endive. `payment_method_types` is no longer a parameter there
 * (`allowed_payment_method_types` filters instead), so it is refused like any unknown one.
 */
export const SessionParams = z.strictObject({
  mode: z.enum(['payment', 'setup', 'subscription']),
  ui_mode: z.literal('hosted_page').optional(),
  line_items: z.array(LineItem).min(1).optional(),
  currency: currency.optional(),
  success_url: webUrl.or(z.string().regex(/^https?:\/\/.*\{CHECKOUT_SESSION_ID\}/)),
  cancel_url: webUrl.or(z.string().regex(/^https?:\/\/.*\{CHECKOUT_SESSION_ID\}/)).optional(),
  customer: z.string().optional(),
  customer_email: z.email().optional(),
  customer_creation: z.enum(['always', 'if_required']).optional(),
  customer_update: ignored,
  client_reference_id: z.string().max(200).optional(),
  expires_at: integer.optional(),
  locale: z.string().optional(),
  submit_type: z.enum(['auto', 'book', 'donate', 'pay', 'subscribe']).optional(),
  allowed_payment_method_types: z.array(z.string()).optional(),
  excluded_payment_method_types: z.array(z.string()).optional(),
  payment_method_options: ignored,
  payment_intent_data: z
    .strictObject({
      setup_future_usage: z.enum(['off_session', 'on_session']).optional(),
      description: z.string().optional(),
      metadata: metadata.optional(),
      receipt_email: z.email().optional(),
      statement_descriptor: ignored,
      statement_descriptor_suffix: ignored,
      capture_method: z.enum(['automatic', 'automatic_async']).optional(),
    })
    .optional(),
  payment_method_collection: z.enum(['always', 'if_required']).optional(),
  setup_intent_data: z.strictObject({ description: z.string().optional(), metadata: metadata.optional() }).optional(),
  subscription_data: z
    .strictObject({
      application_fee_percent: notSimulated,
      billing_cycle_anchor: notSimulated,
      billing_cycle_anchor_config: notSimulated,
      billing_mode: billingMode.optional(),
      default_tax_rates: notSimulated,
      description: z.string().optional(),
      invoice_settings: ignored,
      metadata: metadata.optional(),
      proration_behavior: ignored,
      trial_end: integer.optional(),
      trial_period_days: integer.pipe(z.number().positive()).optional(),
      trial_settings: ignored,
    })
    .optional(),
  consent_collection: z.record(z.string(), z.unknown()).optional(),
  saved_payment_method_options: ignored,
  billing_address_collection: ignored,
  automatic_tax: z.strictObject({ enabled: boolean }).optional(),
  adaptive_pricing: ignored,
  allow_promotion_codes: ignored,
  branding_settings: ignored,
  custom_text: ignored,
  phone_number_collection: ignored,
  tax_id_collection: ignored,
  metadata: metadata.optional(),
});
