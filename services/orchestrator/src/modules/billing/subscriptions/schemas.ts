import { z } from 'zod';
import { defineJob } from '#core/jobs/define.ts';
import { idSchema } from '#core/ids.ts';
import { pageOf } from '#core/http/pagination.ts';
import { lineSchema } from '#modules/catalogue/schemas.ts';
import { OpenChange } from './changes/schemas.ts';

const ofSubscription = z.object({ tenantId: z.string(), subscriptionId: z.string() });

/** Carries the order out at the billing engine. */
export const placeOrder = defineJob({
  name: 'billing.place_order',
  schema: ofSubscription.extend({ round: z.number().int().default(1) }),
  key: ({ subscriptionId, round }) => `${subscriptionId}/${round}`,
  attempts: 30,
});

/** Takes back what was ordered and never paid. */
export const withdrawOrder = defineJob({
  name: 'billing.withdraw_order',
  schema: ofSubscription,
  key: ({ subscriptionId }) => subscriptionId,
  attempts: 30,
});

/** Lago issues the invoice a moment after the subscription: look again, whether or not a webhook says so. */
export const lookAgain = defineJob({
  name: 'billing.look_again',
  schema: ofSubscription,
  key: ({ subscriptionId }) => subscriptionId,
  attempts: 10,
});

export const CreateSubscription = z.object({
  priceCode: z.string().min(1).max(100).meta({ description: 'A price of /v1/plans, like business-m-eur-v1.' }),
});
export type CreateSubscription = z.output<typeof CreateSubscription>;

export const SubscriptionParams = z.object({ subscriptionId: idSchema('subscription') });

export const Subscription = z
  .object({
    id: z.string(),
    priceCode: z.string(),
    planKey: z.string(),
    line: lineSchema,
    status: z.enum(['pending', 'active', 'terminated', 'canceled']).meta({
      description: 'pending: ordered; active: runs, paid or not; terminated: it ran; canceled: it never did.',
    }),
    isPaid: z
      .boolean()
      .meta({ description: 'Its plan has been paid for (or costs nothing), so its rights are in force.' }),
    paidPriceCode: z
      .string()
      .nullable()
      .meta({ description: 'The price whose rights are in force; another than priceCode while an upgrade is unpaid.' }),
    isDefault: z.boolean().meta({ description: 'The free plan that every tenant has.' }),
    problem: z.string().nullable().meta({ description: 'Why a pending one is not getting on.' }),
    periodEndsAt: z.iso
      .datetime()
      .nullable()
      .meta({ description: 'Until then it is billed; it is renewed after that.' }),
    endsAt: z.iso.datetime().nullable().meta({ description: 'It ends then, unless it is resumed.' }),
    next: z
      .object({ priceCode: z.string(), at: z.iso.datetime() })
      .nullable()
      .meta({ description: 'The cheaper plan that follows.' }),
    change: OpenChange.nullable().meta({ description: 'What was asked for and is not over yet.' }),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Subscription' });
export type Subscription = z.output<typeof Subscription>;
export const SubscriptionPage = pageOf(Subscription);
