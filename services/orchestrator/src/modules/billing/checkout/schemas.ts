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

/** Closes a page of an attempt that another of its pages was paid on. */
export const closeOtherPage = defineJob({
  name: 'billing.close_other_page',
  schema: z.object({ tenantId: z.string(), attemptId: z.string(), pageId: z.string() }),
  key: ({ pageId }) => pageId,
  attempts: 30,
});

const provider = z.enum(['stripe', 'chargily']);

export const CreateCheckout = z.object({
  provider: provider.optional().meta({
    description:
      'Needed when the invoice can be paid in several ways: see GET /v1/invoices/{invoiceId}/payment-providers.',
  }),
  keepCard: z.boolean().default(false).meta({
    description:
      'The payer agrees that the card is kept and charged for later invoices of paid subscriptions. Without effect where a provider keeps no cards.',
  }),
});
export type CreateCheckout = z.output<typeof CreateCheckout>;

export const PaymentProviders = z
  .object({
    items: z.array(
      z.object({
        provider,
        keepsCard: z.boolean().meta({ description: 'Whether keepCard means something here.' }),
      }),
    ),
  })
  .meta({ id: 'PaymentProviders' });
export type PaymentProviders = z.output<typeof PaymentProviders>;

export const Checkout = z
  .object({
    url: z.url().meta({ description: 'The payment page; open it in the browser.' }),
    attemptId: z.string(),
    expiresAt: z.iso.datetime(),
  })
  .meta({ id: 'Checkout' });
export type Checkout = z.output<typeof Checkout>;
