import { z } from 'zod';

const moment = z.iso.datetime({ offset: true }).transform((value) => new Date(value));
const day = z.iso.date().transform((value) => new Date(`${value}T00:00:00Z`));
const minor = z.coerce.number().int();

export const ErrorAnswer = z.object({
  error: z.string().optional(),
  code: z.string().optional(),
  error_details: z.unknown().optional(),
});

export const ListMeta = z.object({ meta: z.object({ next_page: z.number().int().nullable() }) });

export const LagoSubscription = z.object({
  lago_id: z.string(),
  external_id: z.string(),
  external_customer_id: z.string(),
  plan_code: z.string(),
  status: z.enum(['pending', 'active', 'terminated', 'canceled', 'incomplete']),
  subscription_at: moment,
  started_at: moment.nullable(),
  terminated_at: moment.nullable(),
  canceled_at: moment.nullable(),
  ending_at: moment.nullish().transform((value) => value ?? null),
  next_plan_code: z
    .string()
    .nullish()
    .transform((value) => value ?? null),
  /** Only while a cheaper plan waits. */
  downgrade_plan_date: day.nullish().transform((value) => value ?? null),
  current_billing_period_ending_at: moment.nullish().transform((value) => value ?? null),
});
export type LagoSubscription = z.output<typeof LagoSubscription>;
export const SubscriptionAnswer = z.object({ subscription: LagoSubscription });

const Fee = z.object({
  external_subscription_id: z.string().nullish(),
  amount_cents: minor,
  item: z.object({ type: z.string(), code: z.string().nullish(), name: z.string().nullish() }),
});

/** Lists leave `fees` and `subscriptions` out. */
export const LagoInvoice = z.object({
  lago_id: z.string(),
  number: z.string(),
  /** draft|finalized|voided|failed|pending, and what Lago keeps to itself: open, generating… */
  status: z.string(),
  payment_status: z.enum(['pending', 'succeeded', 'failed']),
  payment_overdue: z.boolean().nullish().transform(Boolean),
  currency: z.string(),
  total_amount_cents: minor,
  issuing_date: day,
  payment_due_date: day.nullish(),
  created_at: moment,
  updated_at: moment,
  customer: z.object({ external_id: z.string() }),
  subscriptions: z.array(z.object({ external_id: z.string(), plan_code: z.string() })).default([]),
  billing_periods: z
    .array(z.object({ external_subscription_id: z.string(), invoicing_reason: z.string().nullish() }))
    .nullish(),
  fees: z.array(Fee).default([]),
});
export type LagoInvoice = z.output<typeof LagoInvoice>;
export const InvoiceAnswer = z.object({ invoice: LagoInvoice });

export const LagoMetric = z.object({
  lago_id: z.string(),
  code: z.string(),
  name: z.string(),
  aggregation_type: z.string(),
  field_name: z.string().nullable(),
});
export type LagoMetric = z.output<typeof LagoMetric>;

export const LagoCharge = z.object({
  lago_id: z.string(),
  code: z.string().nullish(),
  billable_metric_code: z.string(),
  charge_model: z.string(),
  properties: z.record(z.string(), z.unknown()),
});
export type LagoCharge = z.output<typeof LagoCharge>;

export const LagoPlan = z.object({
  lago_id: z.string(),
  code: z.string(),
  name: z.string(),
  invoice_display_name: z.string().nullable(),
  interval: z.string(),
  amount_cents: minor,
  amount_currency: z.string(),
  pay_in_advance: z.boolean(),
  charges: z.array(LagoCharge).default([]),
});
export type LagoPlan = z.output<typeof LagoPlan>;

export const LagoEndpoint = z.object({
  lago_id: z.string(),
  webhook_url: z.string(),
  signature_algo: z.string().nullable(),
  name: z.string().nullish(),
});
export type LagoEndpoint = z.output<typeof LagoEndpoint>;

/** What a webhook says it is about; the object itself is always read again. */
export const LagoWebhook = z.object({
  webhook_type: z.string(),
  invoice: z.object({ lago_id: z.string(), customer: z.object({ external_id: z.string() }).optional() }).optional(),
  subscription: z.object({ external_id: z.string(), external_customer_id: z.string() }).optional(),
  payment_provider_invoice_payment_error: z
    .object({ lago_invoice_id: z.string(), external_customer_id: z.string() })
    .optional(),
});

export const LagoCreditNote = z.object({
  lago_id: z.string(),
  credit_status: z.string().nullish(),
  currency: z.string(),
  balance_amount_cents: minor,
  created_at: moment,
  items: z.array(z.object({ fee: z.object({ external_subscription_id: z.string().nullish() }).nullish() })).default([]),
});
export type LagoCreditNote = z.output<typeof LagoCreditNote>;

export const UsageAnswer = z.object({ customer_usage: z.object({ amount_cents: minor }) });
