import type { Context } from '#core/context.ts';
import { callStripe } from '../providers/stripe/client.ts';

export interface Dispute {
  id: string;
  /** The payment it is about, as Stripe names it. */
  paymentId: string | null;
  /** needs_response, under_review, won, lost … in Stripe's words. */
  status: string;
  reason: string;
  amountMinor: number;
  currency: string;
}

export async function readDispute(ctx: Pick<Context, 'config'>, id: string): Promise<Dispute> {
  const { payment_intent: intent, ...dispute } = await callStripe(ctx, ({ disputes }) => disputes.retrieve(id));
  const { status, reason, amount: amountMinor, currency } = dispute;
  const paymentId = typeof intent === 'string' ? intent : (intent?.id ?? null);
  return { id, paymentId, status, reason, amountMinor, currency: currency.toUpperCase() };
}
