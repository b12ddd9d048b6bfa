import { z } from 'zod';
import { boolean, currency, ignored, integer, metadata, webUrl } from './http.ts';

const PriceData = z.strictObject({
  currency,
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
  price_data: PriceData,
  quantity: integer.pipe(z.number().positive()).default(1),
  adjustable_quantity: ignored,
  tax_rates: ignored,
});

/**
 * Hosted Checkout in payment mode, as of 2026-10-28.endive. `payment_method_types` is no longer a parameter there
 * (`allowed_payment_method_types` filters instead), so it is refused like any unknown one.
 */
export const SessionParams = z.strictObject({
  mode: z.literal('payment'),
  ui_mode: z.literal('hosted_page').optional(),
  line_items: z.array(LineItem).min(1),
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
