import { z } from 'zod';
import { defineJob } from '#core/jobs/define.ts';

/** Reads the attempt's payment page from the provider and acts on what it says. */
export const checkAttempt = defineJob({
  name: 'billing.check_attempt',
  schema: z.object({ tenantId: z.string(), attemptId: z.string(), reason: z.string() }),
  key: ({ attemptId, reason }) => `${attemptId}/${reason}`,
  attempts: 30,
});

/** Tells the billing engine that the invoice is paid. */
export const settlePayment = defineJob({
  name: 'billing.settle_payment',
  schema: z.object({ tenantId: z.string(), paymentId: z.string() }),
  key: ({ paymentId }) => paymentId,
  attempts: 40,
});

export const CreateCheckout = z.object({});

export const Checkout = z
  .object({
    url: z.url().meta({ description: 'The payment page; open it in the browser.' }),
    attemptId: z.string(),
    expiresAt: z.iso.datetime(),
  })
  .meta({ id: 'Checkout' });
export type Checkout = z.output<typeof Checkout>;
