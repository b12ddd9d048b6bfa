import { z } from 'zod';
import { defineJob } from '#core/jobs/define.ts';

/** Does at the engine what was asked for, or takes it back; whatever state the change is in. */
export const carryChange = defineJob({
  name: 'billing.carry_change',
  schema: z.object({ tenantId: z.string(), changeId: z.string(), round: z.string() }),
  key: ({ changeId, round }) => `${changeId}/${round}`,
  attempts: 30,
});

const priceCode = z.string().min(1).max(100).meta({ description: 'A price of /v1/plans, like business-m-eur-v1.' });

export const ChangePlan = z.object({ priceCode });
export type ChangePlan = z.output<typeof ChangePlan>;

export const CancelSubscription = z.object({
  when: z.enum(['period_end', 'now']).default('period_end').meta({
    description: 'period_end: it stays until what is paid is over; now: its rights go at once, nothing is given back.',
  }),
});
export type CancelSubscription = z.output<typeof CancelSubscription>;

const minor = z.number().int();
export const ChangePreview = z
  .object({
    priceCode: z.string(),
    kind: z.enum(['upgrade', 'downgrade']).meta({
      description: 'upgrade: at once, its rights with the payment; downgrade: when the running period is over.',
    }),
    effectiveAt: z.iso.datetime().nullable().meta({ description: 'Null: when it is asked for.' }),
    currency: z.string(),
    chargeMinor: minor.meta({ description: 'For the rest of the running period on the new plan.' }),
    creditMinor: minor.meta({ description: 'For what is paid and left of the old plan, and other credit.' }),
    usageMinor: minor.meta({ description: 'Usage of the running period, billed with the change.' }),
    totalMinor: minor.meta({ description: 'What the invoice comes to; 0 of a downgrade.' }),
    isEstimate: z.literal(true).meta({
      description: 'Computed for this moment by the rules that the invoice is made by; usage may still be added.',
    }),
  })
  .meta({ id: 'ChangePreview' });
export type ChangePreview = z.output<typeof ChangePreview>;

export const OpenChange = z
  .object({
    id: z.string(),
    kind: z.enum(['upgrade', 'downgrade', 'cancel', 'cancel_now']),
    state: z.enum(['requested', 'awaiting_payment', 'scheduled', 'taking_back']),
    priceCode: z.string().nullable(),
    effectiveAt: z.iso.datetime().nullable(),
    invoiceId: z.string().nullable().meta({ description: 'What has to be paid for an upgrade to take effect.' }),
    problem: z.string().nullable(),
  })
  .meta({ id: 'SubscriptionChange' });
