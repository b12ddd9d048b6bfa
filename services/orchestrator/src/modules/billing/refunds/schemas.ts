import { z } from 'zod';
import { defineJob } from '#core/jobs/define.ts';

/** Asks the provider for the refund that was written down. */
export const sendRefund = defineJob({
  name: 'billing.send_refund',
  schema: z.object({ tenantId: z.string(), paymentId: z.string(), refundTry: z.number().int() }),
  key: ({ paymentId, refundTry }) => `${paymentId}/${refundTry}`,
  attempts: 40,
});

export const RefundByHand = z.object({
  reference: z.string().trim().min(1).max(190).meta({
    description: 'How the money went back: the reference of the transfer, or of the provider’s dashboard.',
  }),
});
export type RefundByHand = z.output<typeof RefundByHand>;

export const RefundedPayment = z
  .object({
    paymentId: z.string(),
    state: z.enum(['settling', 'settled', 'refund_due', 'refund_pending', 'refunded', 'refund_failed']),
    amountMinor: z.number().int(),
    currency: z.string(),
    refundedMinor: z.number().int(),
    refundedAt: z.iso.datetime().nullable(),
    reference: z.string().nullable(),
    problem: z.string().nullable(),
  })
  .meta({ id: 'RefundedPayment' });
export type RefundedPayment = z.output<typeof RefundedPayment>;
