import { z } from 'zod';
import { defineJob } from '#core/jobs/define.ts';

const link = z.url({ protocol: /^https?$/ });
const amount = { currency: z.string().length(3), totalMinor: z.number().int() };

/** What each mail needs to be written; every text and both languages are in templates/. */
export const TEMPLATES = {
  welcome: z.object({ tenantName: z.string(), dashboardUrl: link }),
  invitation: z.object({
    tenantName: z.string(),
    inviterName: z.string(),
    role: z.enum(['owner', 'editor', 'viewer']),
    acceptUrl: link,
    expiresAt: z.iso.datetime(),
  }),
  site_ready: z.object({
    tenantName: z.string(),
    host: z.string(),
    siteUrl: link,
    /** Where the first password is shown; a password itself never goes by mail. */
    dashboardUrl: link.optional(),
  }),
  invoice: z.object({
    number: z.string(),
    ...amount,
    isPaid: z.boolean(),
    description: z.string().optional(),
    invoiceUrl: link,
  }),
  payment_failed: z.object({
    number: z.string(),
    ...amount,
    reason: z.string().optional(),
    invoiceUrl: link,
  }),
  /** A kept card could not be charged without its owner. */
  payment_action: z.object({ number: z.string(), ...amount, invoiceUrl: link }),
  refund_sent: z.object({ number: z.string(), ...amount, invoiceUrl: link }),
  refund_due: z.object({
    number: z.string(),
    /** What was received, and goes back. */
    ...amount,
    /** The invoice was paid already; otherwise its order was canceled. */
    isDouble: z.boolean(),
    invoiceUrl: link,
  }),
  order_expired: z.object({ planName: z.string(), billingUrl: link }),
  /** An upgrade was not paid in time: the plan that is paid stays. */
  plan_kept: z.object({ planName: z.string(), wantedPlanName: z.string(), billingUrl: link }),
  downgrade_scheduled: z.object({
    planName: z.string(),
    nextPlanName: z.string(),
    at: z.iso.datetime(),
    billingUrl: link,
  }),
  cancellation_scheduled: z.object({ planName: z.string(), endsAt: z.iso.datetime(), billingUrl: link }),
  subscription_ended: z.object({ planName: z.string(), billingUrl: link }),
} as const;

export type TemplateName = keyof typeof TEMPLATES;
export type TemplateData<T extends TemplateName> = z.output<(typeof TEMPLATES)[T]>;

export type Locale = 'en' | 'fr';

/** The pauses grow to five minutes: a mail server may be away for most of a working day. */
export const SEND_ATTEMPTS = 100;

export const sendQueuedMail = defineJob({
  name: 'mail.send',
  schema: z.object({ mailId: z.string() }),
  key: ({ mailId }) => mailId,
  attempts: SEND_ATTEMPTS,
});
