import { z } from 'zod';
import type { StandIn } from '../kernel/stand-in.ts';
import type { Account } from './account.ts';
import { cardBy } from './cards.ts';
import { billingActions } from './billing/actions.ts';
import { declineSession, expireSession, paySession, paySlowly, sessionBy, settleSlowly } from './checkout-sessions.ts';
import { addEndpoint } from './events.ts';
import { closeDispute, openDispute } from './disputes.ts';
import { chargeOf, refund, refundBy, settleRefund } from './refunds.ts';
import { webhookActions } from './webhook-actions.ts';

const OfSession = z.object({ sessionId: z.string(), card: z.string().optional() });
const Refund = z.object({
  paymentIntent: z.string(),
  amount: z.number().int().positive().optional(),
  isAsynchronous: z.boolean().default(false),
});
const SettleRefund = z.object({ refundId: z.string(), status: z.enum(['succeeded', 'failed', 'canceled']) });
const Dispute = z.object({ paymentIntent: z.string(), reason: z.string().default('fraudulent') });
const Close = z.object({ disputeId: z.string(), status: z.enum(['won', 'lost']) });
const Slow = z.object({ sessionId: z.string(), outcome: z.enum(['paid', 'failed']) });

/** What customers, cardholders' banks and Stripe's dashboard do. */
export function createActions(account: Account, webhookSecret: string): NonNullable<StandIn['actions']> {
  const onSession = (act: (row: ReturnType<typeof sessionBy>, card?: string) => void) => (input: unknown) => {
    const { sessionId, card } = OfSession.parse(input);
    const row = sessionBy(account, sessionId);
    act(row, card);
    return row.session;
  };
  return {
    ...billingActions(account),
    ...webhookActions(account, webhookSecret),
    pay: onSession((row, card) => void paySession(account, row, card ? cardBy(card) : undefined)),
    decline: onSession((row) => declineSession(account, row)),
    expire: onSession((row) => expireSession(account, row)),
    /** A debit that takes days: the page is done with, the money is not there yet. */
    pay_slowly: onSession((row) => paySlowly(account, row)),
    settle_slowly: (input) => {
      const { sessionId, outcome } = Slow.parse(input);
      const row = sessionBy(account, sessionId);
      settleSlowly(account, row, outcome === 'paid');
      return row.session;
    },
    refund: (input) => {
      const { paymentIntent, amount, isAsynchronous } = Refund.parse(input);
      return refund(account, { payment_intent: paymentIntent, amount, isAsynchronous });
    },
    settle_refund: (input) => {
      const { refundId, status } = SettleRefund.parse(input);
      return settleRefund(account, refundBy(account, refundId), status);
    },
    dispute: (input) => {
      const { paymentIntent, reason } = Dispute.parse(input);
      return openDispute(account, chargeOf(account, undefined, paymentIntent), reason);
    },
    close_dispute: (input) => {
      const { disputeId, status } = Close.parse(input);
      return closeDispute(account, disputeId, status);
    },
    /** For a receiver whose address is known only later; takes the place of every other endpoint. */
    set_webhook_url: (input) => {
      const { url } = z.object({ url: z.url() }).parse(input);
      account.rows.endpoints = [];
      return addEndpoint(account, { url, enabled_events: DEFAULT_EVENTS }, webhookSecret).endpoint;
    },
  };
}

/** What the endpoint of the configuration is told. */
export const DEFAULT_EVENTS: string[] = [
  'checkout.session.completed',
  'checkout.session.async_payment_succeeded',
  'checkout.session.async_payment_failed',
  'checkout.session.expired',
  'payment_intent.succeeded',
  'payment_intent.payment_failed',
  'payment_intent.requires_action',
  'payment_intent.canceled',
  'payment_method.attached',
  'payment_method.detached',
  'payment_method.updated',
  'charge.refunded',
  'charge.refund.updated',
  'refund.created',
  'refund.updated',
  'refund.failed',
  'charge.dispute.created',
  'charge.dispute.updated',
  'charge.dispute.closed',
  'charge.dispute.funds_withdrawn',
  'charge.dispute.funds_reinstated',
  'setup_intent.succeeded',
  'setup_intent.setup_failed',
  'customer.updated',
  'customer.deleted',
  'customer.subscription.created',
  'customer.subscription.updated',
  'customer.subscription.deleted',
  'customer.subscription.paused',
  'customer.subscription.resumed',
  'customer.subscription.pending_update_applied',
  'customer.subscription.pending_update_expired',
  'customer.subscription.trial_will_end',
  'subscription_schedule.canceled',
  'subscription_schedule.completed',
  'subscription_schedule.released',
  'subscription_schedule.updated',
  'invoice.created',
  'invoice.finalized',
  'invoice.marked_uncollectible',
  'invoice.overdue',
  'invoice.paid',
  'invoice.payment_action_required',
  'invoice.payment_failed',
  'invoice.payment_succeeded',
  'invoice.upcoming',
  'invoice.voided',
  'invoice_payment.paid',
];
