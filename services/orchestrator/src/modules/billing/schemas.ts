import { z } from 'zod';
import { defineEvent } from '#core/jobs/define.ts';
import { lineSchema } from '#modules/catalogue/schemas.ts';

/**
 * What happens in billing, for the rest of the product: the same whichever engine runs. Each happens once, because its
 * key names the thing and the change.
 */
const ATTEMPTS = 40;
const ofSubscription = z.object({
  tenantId: z.string(),
  subscriptionId: z.string(),
  line: lineSchema,
  planKey: z.string(),
});
const ofInvoice = z.object({
  tenantId: z.string(),
  invoiceId: z.string(),
  /** What it is mainly for; null for an invoice that no subscription of ours caused. */
  subscriptionId: z.string().nullable(),
  line: lineSchema.nullable(),
  planKey: z.string().nullable(),
  /** All that it is for: renewals that fall due on one day are billed together. */
  covers: z.array(z.object({ subscriptionId: z.string(), line: lineSchema, planKey: z.string() })),
});

export const subscriptionStarted = defineEvent({
  name: 'billing.subscription_started',
  schema: ofSubscription,
  key: ({ subscriptionId }) => subscriptionId,
  attempts: ATTEMPTS,
});
/** The subscription is on another plan now; rights follow its paid invoice. */
export const subscriptionChanged = defineEvent({
  name: 'billing.subscription_changed',
  schema: ofSubscription.extend({ change: z.string() }),
  key: ({ subscriptionId, change }) => `${subscriptionId}/${change}`,
  attempts: ATTEMPTS,
});
export const subscriptionEnded = defineEvent({
  name: 'billing.subscription_ended',
  schema: ofSubscription,
  key: ({ subscriptionId }) => subscriptionId,
  attempts: ATTEMPTS,
});
export const invoiceIssued = defineEvent({
  name: 'billing.invoice_issued',
  schema: ofInvoice,
  key: ({ invoiceId }) => invoiceId,
  attempts: ATTEMPTS,
});
/** Rights have risen in the same transaction. A free plan's invoice is paid when it is issued. */
export const invoicePaid = defineEvent({
  name: 'billing.invoice_paid',
  schema: ofInvoice,
  key: ({ invoiceId }) => invoiceId,
  attempts: ATTEMPTS,
});
/** A payment of it was tried and refused; once per try. */
export const invoiceFailed = defineEvent({
  name: 'billing.invoice_failed',
  schema: ofInvoice.extend({ attempt: z.string(), reason: z.string().nullable() }),
  key: ({ invoiceId, attempt }) => `${invoiceId}/${attempt}`,
  attempts: ATTEMPTS,
});
export const invoiceOverdue = defineEvent({
  name: 'billing.invoice_overdue',
  schema: ofInvoice,
  key: ({ invoiceId }) => invoiceId,
  attempts: ATTEMPTS,
});
