import { z } from 'zod';
import { boolean, currency, ignored, integer, metadata, notSimulated, pageParams } from '../http.ts';
import { ItemChange, NewItemParams } from './items.ts';

const day = integer.pipe(z.number().positive());
export const prorationBehavior = z.enum(['create_prorations', 'none', 'always_invoice']);
const paymentBehavior = z.enum([
  'allow_incomplete',
  'default_incomplete',
  'error_if_incomplete',
  'pending_if_incomplete',
]);
export const cancellationDetails = z.strictObject({
  comment: z.string().optional(),
  feedback: z
    .enum([
      '',
      'customer_service',
      'low_quality',
      'missing_features',
      'other',
      'switched_service',
      'too_complex',
      'too_expensive',
      'unused',
    ])
    .optional(),
});

const notOfSubscriptions = {
  add_invoice_items: notSimulated,
  application_fee_percent: notSimulated,
  billing_schedules: notSimulated,
  billing_thresholds: notSimulated,
  default_source: notSimulated,
  default_tax_rates: notSimulated,
  discounts: notSimulated,
  on_behalf_of: notSimulated,
  pending_invoice_item_interval: notSimulated,
  transfer_data: notSimulated,
  trial_from_plan: notSimulated,
};

const shared = {
  ...notOfSubscriptions,
  automatic_tax: z.strictObject({ enabled: z.literal('false') }).optional(),
  cancel_at: integer.or(z.enum(['min_period_end', 'max_period_end'])).optional(),
  cancel_at_period_end: boolean.optional(),
  collection_method: z.enum(['charge_automatically', 'send_invoice']).optional(),
  days_until_due: day.optional(),
  default_payment_method: z.string().optional(),
  description: z.string().max(500).optional(),
  invoice_settings: ignored,
  metadata: metadata.optional(),
  off_session: boolean.optional(),
  payment_behavior: paymentBehavior.optional(),
  payment_settings: z
    .strictObject({
      payment_method_options: ignored,
      payment_method_types: z.array(z.string()).optional(),
      save_default_payment_method: z.enum(['off', 'on_subscription']).optional(),
    })
    .optional(),
  proration_behavior: prorationBehavior.optional(),
  trial_settings: z
    .strictObject({
      end_behavior: z.strictObject({ missing_payment_method: z.enum(['cancel', 'create_invoice', 'pause']) }),
    })
    .optional(),
};

export const billingMode = z.strictObject({ type: z.enum(['classic', 'flexible']), flexible: ignored });

export const CreateParams = z.strictObject({
  ...shared,
  backdate_start_date: notSimulated,
  billing_cycle_anchor: notSimulated,
  billing_cycle_anchor_config: notSimulated,
  billing_mode: billingMode.optional(),
  currency: currency.optional(),
  customer: z.string(),
  items: z.array(NewItemParams).min(1).max(20),
  trial_end: integer.or(z.literal('now')).optional(),
  trial_period_days: day.optional(),
});
export type CreateParams = z.output<typeof CreateParams>;

export const UpdateParams = z.strictObject({
  ...shared,
  // An object since 2026-09-30.endive; before, the bare word.
  billing_cycle_anchor: z.strictObject({ type: z.enum(['now', 'unchanged']) }).optional(),
  cancel_at: shared.cancel_at.or(z.literal('')),
  cancellation_details: cancellationDetails.optional(),
  items: z.array(ItemChange).max(20).optional(),
  pause_collection: notSimulated,
  proration_date: integer.optional(),
  trial_end: z.literal('now').optional(),
});
export type UpdateParams = z.output<typeof UpdateParams>;

/** What an update may carry that waits for its payment. */
export const PENDING_PARAMS: ReadonlySet<string> = new Set([
  'billing_cycle_anchor',
  'cancel_at_period_end',
  'items',
  'metadata',
  'payment_behavior',
  'proration_behavior',
  'proration_date',
  'trial_end',
]);

export const CancelParams = z.strictObject({
  cancellation_details: cancellationDetails.optional(),
  invoice_now: boolean.default(false),
  prorate: boolean.default(false),
});

export const ResumeParams = z.strictObject({
  billing_cycle_anchor: z.strictObject({ type: z.enum(['now', 'unchanged']) }).optional(),
  payment_behavior: z.enum(['resume_on_payment_attempt', 'resume_on_payment_success']).optional(),
  proration_behavior: prorationBehavior.optional(),
  proration_date: notSimulated,
});

export const PauseParams = z.strictObject({
  bill_for: notSimulated,
  invoicing_behavior: notSimulated,
  type: z.literal('subscription').optional(),
});

const Range = z.strictObject({ gt: integer, gte: integer, lt: integer, lte: integer }).partial();

export const ListParams = z.strictObject({
  ...pageParams,
  collection_method: z.enum(['charge_automatically', 'send_invoice']).optional(),
  current_period_end: z.union([integer, Range]).optional(),
  customer: z.string().optional(),
  price: z.string().optional(),
  status: z
    .enum([
      'active',
      'all',
      'canceled',
      'ended',
      'incomplete',
      'incomplete_expired',
      'past_due',
      'paused',
      'trialing',
      'unpaid',
    ])
    .optional(),
});
