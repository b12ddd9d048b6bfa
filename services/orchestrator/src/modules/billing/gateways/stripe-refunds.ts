import type Stripe from 'stripe';
import type { Context } from '#core/context.ts';
import { callStripe } from '../providers/stripe/client.ts';
import type { PaymentGateway } from './gateway.ts';

/** Refunds succeed at once, or later (`pending`), and may come back from the bank long after they succeeded. */
export const stripeRefunds = (ctx: Pick<Context, 'config'>) =>
  ({
    refund: async (paymentId, key) => {
      await callStripe(ctx, ({ refunds }) => refunds.create({ payment_intent: paymentId }, { idempotencyKey: key }));
    },

    read: async (paymentId) => {
      // Newest first.
      const { data } = await callStripe(ctx, ({ refunds }) => refunds.list({ payment_intent: paymentId, limit: 100 }));
      const [last] = data;
      return {
        refundId: last?.id ?? null,
        refundedMinor: data.filter(({ status }) => status === 'succeeded').reduce((sum, { amount }) => sum + amount, 0),
        isPending: data.some(({ status }) => status === 'pending' || status === 'requires_action'),
        problem: last && isOver(last) ? (last.failure_reason ?? `the refund is ${String(last.status)}`) : null,
      };
    },
  }) satisfies PaymentGateway['refunds'];

const isOver = ({ status }: Stripe.Refund): boolean => status === 'failed' || status === 'canceled';
