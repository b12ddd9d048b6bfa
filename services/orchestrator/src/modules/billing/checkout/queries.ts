import type { Context } from '#core/context.ts';
import type { Provider } from '../gateways/gateway.ts';

export interface AttemptRow {
  id: string;
  tenant_id: string;
  invoice_id: string;
  live_invoice_id: string | null;
  provider: Provider;
  /** A page that somebody pays on, or a charge of the card that was kept. */
  kind: 'page' | 'saved_card';
  keep_card: 0 | 1;
  /** Of the page, or of the charge. */
  provider_session_id: string | null;
  url: string | null;
  amount_minor: number;
  currency: string;
  state: 'creating' | 'open' | 'paid' | 'expired' | 'failed';
  problem: string | null;
  /** How often the provider was asked for a page. */
  asks: number;
  expires_at: Date;
  created_at: Date;
}

/** Why a payment settles nothing. */
export type RefundReason = 'invoice_already_paid' | 'invoice_voided' | 'subscription_canceled';

export interface PaymentRow {
  id: string;
  tenant_id: string;
  invoice_id: string;
  attempt_id: string;
  provider: Provider;
  provider_payment_id: string;
  settles_invoice_id: string | null;
  amount_minor: number;
  currency: string;
  state: 'settling' | 'settled' | 'refund_due' | 'refund_pending' | 'refunded' | 'refund_failed';
  reason: RefundReason | null;
  settled_at: Date | null;
  /** Part of the idempotency key of the refund. */
  refund_try: number;
  provider_refund_id: string | null;
  refund_reference: string | null;
  refund_problem: string | null;
  refunded_minor: number;
  refunded_at: Date | null;
  dispute_id: string | null;
  dispute_status: string | null;
}

type NewPayment = Pick<
  PaymentRow,
  | 'id'
  | 'invoice_id'
  | 'attempt_id'
  | 'provider'
  | 'provider_payment_id'
  | 'settles_invoice_id'
  | 'amount_minor'
  | 'currency'
  | 'state'
  | 'reason'
>;

type NewAttempt = Pick<
  AttemptRow,
  'id' | 'invoice_id' | 'provider' | 'kind' | 'keep_card' | 'amount_minor' | 'currency' | 'expires_at'
>;

export function attempts({ db }: Context, tenantId: string) {
  const mine = () => db<AttemptRow>('payment_attempts').where({ tenant_id: tenantId });
  return {
    find: (id: string) => mine().where({ id }).first(),
    lock: (id: string) => mine().where({ id }).forUpdate().first(),
    liveOf: (invoiceId: string) => mine().where({ live_invoice_id: invoiceId }).first(),
    chargeOf: (invoiceId: string) => mine().where({ invoice_id: invoiceId, kind: 'saved_card' }).first(),
    countAsk: (id: string) => mine().where({ id }).increment('asks', 1),
    /** Nothing when another attempt of the invoice is live. */
    insertLive: (row: NewAttempt): Promise<unknown> =>
      db('payment_attempts')
        .insert({ tenant_id: tenantId, live_invoice_id: row.invoice_id, ...row })
        .onConflict('live_invoice_id')
        .ignore(),
    update: (id: string, change: Partial<AttemptRow>) => mine().where({ id }).update(change),
    /** False when it has a payment page, or is over. */
    endWithoutPage: async (id: string): Promise<boolean> =>
      (await mine()
        .where({ id, provider_session_id: null })
        .whereNotNull('live_invoice_id')
        .update({ state: 'expired', live_invoice_id: null })) > 0,
    liveOfSubscription: (subscriptionId: string) =>
      mine().whereIn(
        'live_invoice_id',
        db('invoice_subscriptions').where({ subscription_id: subscriptionId }).select('invoice_id'),
      ),
  };
}

export function payments({ db }: Context, tenantId: string) {
  const mine = () => db<PaymentRow>('payments').where({ tenant_id: tenantId });
  return {
    find: (id: string) => mine().where({ id }).first(),
    lock: (id: string) => mine().where({ id }).forUpdate().first(),
    update: (id: string, change: Partial<PaymentRow>) => mine().where({ id }).update(change),
    byProviderId: (provider: Provider, providerPaymentId: string) =>
      mine().where({ provider, provider_payment_id: providerPaymentId }).first(),
    settling: (invoiceId: string) => mine().where({ settles_invoice_id: invoiceId }).forUpdate().first(),
    /** Nothing when this payment is in the ledger already. */
    insertNew: (row: NewPayment): Promise<unknown> =>
      db('payments')
        .insert({ tenant_id: tenantId, ...row })
        .onConflict(['provider', 'provider_payment_id'])
        .ignore(),
    markSettled: (id: string) =>
      mine().where({ id, state: 'settling' }).update({ state: 'settled', settled_at: new Date() }),
    /** False when it was no longer to be settled. */
    markRefundDue: async (id: string, reason: RefundReason): Promise<boolean> =>
      (await mine()
        .where({ id, state: 'settling' })
        .update({ state: 'refund_due', settles_invoice_id: null, reason })) > 0,
  };
}

/** Money has come in for an invoice of this subscription. */
export async function hasPayments({ db }: Context, subscriptionId: string): Promise<boolean> {
  const row = await db<PaymentRow>('payments')
    .join('invoice_subscriptions', 'invoice_subscriptions.invoice_id', 'payments.invoice_id')
    .where('invoice_subscriptions.subscription_id', subscriptionId)
    .count({ count: '*' })
    .first<{ count: number }>();
  return row.count > 0;
}

/** Of all tenants: which attempt a provider's payment page belongs to. */
export const attemptBySession = ({ db }: Context, provider: Provider, sessionId: string) =>
  db<AttemptRow>('payment_attempts').where({ provider, provider_session_id: sessionId }).first();

/** Of all tenants. */
export const attemptById = ({ db }: Context, id: string) => db<AttemptRow>('payment_attempts').where({ id }).first();

/** Of all tenants. */
export const paymentById = ({ db }: Context, id: string) => db<PaymentRow>('payments').where({ id }).first();

/** Of all tenants: the payment as its provider names it. */
export const paymentByProviderId = ({ db }: Context, provider: Provider, providerPaymentId: string) =>
  db<PaymentRow>('payments').where({ provider, provider_payment_id: providerPaymentId }).first();

/** Of all tenants: pages that may still be paid, or were and nobody told us. */
export const unfinishedAttempts = ({ db }: Context) =>
  db<AttemptRow>('payment_attempts')
    .whereIn('state', ['creating', 'open'])
    .whereRaw('created_at > now(3) - interval 30 day')
    .orderBy('created_at')
    .limit(1000);

/** Of all tenants: money that the engine has not been told of. */
export const unsettledPayments = ({ db }: Context) =>
  db<PaymentRow>('payments').where({ state: 'settling' }).orderBy('received_at').limit(1000);
