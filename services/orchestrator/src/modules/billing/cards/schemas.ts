import { z } from 'zod';
import { defineJob } from '#core/jobs/define.ts';

/** The card of this payment becomes the one that is charged for what falls due later. */
export const keepCard = defineJob({
  name: 'billing.keep_card',
  schema: z.object({ tenantId: z.string(), paymentId: z.string() }),
  key: ({ paymentId }) => paymentId,
  attempts: 30,
});

const SavedCard = z
  .object({
    brand: z.string().meta({ description: 'visa, mastercard …' }),
    last4: z.string(),
    expMonth: z.number().int(),
    expYear: z.number().int(),
    savedAt: z.iso.datetime(),
  })
  .meta({ id: 'SavedCard' });

export const PaymentMethod = z
  .object({
    card: SavedCard.nullable().meta({ description: 'What is charged when an invoice of a paid subscription is due.' }),
    hasPortal: z.boolean().meta({ description: 'Whether POST /v1/payment-method/portal can be used.' }),
  })
  .meta({ id: 'PaymentMethod' });
export type PaymentMethod = z.output<typeof PaymentMethod>;

export const PaymentMethodPortal = z
  .object({ url: z.url().meta({ description: 'A page of the payment provider; open it in the browser, soon.' }) })
  .meta({ id: 'PaymentMethodPortal' });
export type PaymentMethodPortal = z.output<typeof PaymentMethodPortal>;
