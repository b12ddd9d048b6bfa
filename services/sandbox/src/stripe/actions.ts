import { z } from 'zod';
import type { StandIn } from '../kernel/stand-in.ts';
import type { Account } from './account.ts';
import { cardBy } from './cards.ts';
import { declineSession, expireSession, paySession, sessionBy } from './checkout-sessions.ts';
import { addEndpoint } from './events.ts';
import { closeDispute, openDispute, refund } from './refunds.ts';
import { wants } from './webhooks.ts';

/** An honest receiver refuses a signature older than 300 s. */
const TOO_OLD_SECONDS = 301;

const OfSession = z.object({ sessionId: z.string(), card: z.string().optional() });
const Refund = z.object({ paymentIntent: z.string(), amount: z.number().int().positive().optional() });
const Dispute = z.object({ paymentIntent: z.string(), reason: z.string().default('fraudulent') });
const Close = z.object({ disputeId: z.string(), status: z.enum(['won', 'lost']) });
const OfEvents = z.object({ eventId: z.string().optional(), type: z.string().optional() });

/** What customers, cardholders' banks and Stripe's dashboard do. */
export function createActions(account: Account, webhookSecret: string): NonNullable<StandIn['actions']> {
  const onSession = (act: (row: ReturnType<typeof sessionBy>, card?: string) => void) => (input: unknown) => {
    const { sessionId, card } = OfSession.parse(input);
    const row = sessionBy(account, sessionId);
    act(row, card);
    return row.session;
  };
  const resend = (input: unknown, ageSeconds: number) => {
    const { eventId, type } = OfEvents.parse(input);
    const events = account.rows.events.filter(
      (row) => (!eventId || row.id === eventId) && (!type || row.type === type),
    );
    const sent = events.flatMap((event) =>
      account.rows.endpoints.filter((row) => wants(row, event.type)).map((row) => ({ event, row })),
    );
    for (const { event, row } of sent) account.webhooks.deliver(event, row, ageSeconds);
    return { sent: sent.map(({ event }) => event.id) };
  };
  return {
    pay: onSession((row, card) => void paySession(account, row, card ? cardBy(card) : undefined)),
    decline: onSession((row) => declineSession(account, row)),
    expire: onSession((row) => expireSession(account, row)),
    refund: (input) => {
      const { paymentIntent, amount } = Refund.parse(input);
      return refund(account, { payment_intent: paymentIntent, amount });
    },
    dispute: (input) => {
      const { paymentIntent, reason } = Dispute.parse(input);
      return openDispute(account, paymentIntent, reason);
    },
    close_dispute: (input) => {
      const { disputeId, status } = Close.parse(input);
      return closeDispute(account, disputeId, status);
    },
    redeliver: (input) => resend(input, 0),
    send_old: (input) => resend(input, TOO_OLD_SECONDS),
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
  'charge.refunded',
  'refund.created',
  'charge.dispute.created',
  'charge.dispute.closed',
];
