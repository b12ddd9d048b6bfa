import type { Context } from '#core/context.ts';

export interface AttemptRow {
  id: string;
  tenant_id: string;
  invoice_id: string;
  live_invoice_id: string | null;
  provider: 'stripe';
  provider_session_id: string | null;
  url: string | null;
  amount_minor: number;
  currency: string;
  state: 'creating' | 'open' | 'paid' | 'expired' | 'failed';
  problem: string | null;
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
  provider: 'stripe';
  provider_payment_id: string;
  settles_invoice_id: string | null;
  amount_minor: number;
  currency: string;
  state: 'settling' | 'settled' | 'refund_due';
  reason: RefundReason | null;
  settled_at: Date | null;
}

type NewAttempt = Pick<AttemptRow, 'id' | 'invoice_id' | 'provider' | 'amount_minor' | 'currency' | 'expires_at'>;

export function attempts({ db }: Context, tenantId: string) {
  const mine = () => db<AttemptRow>('payment_attempts').where({ tenant_id: tenantId });
  return {
    find: (id: string) => mine().where({ id }).first(),
    lock: (id: string) => mine().where({ id }).forUpdate().first(),
    liveOf: (invoiceId: string) => mine().where({ live_invoice_id: invoiceId }).first(),
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
    byProviderId: (provider: 'stripe', providerPaymentId: string) =>
      mine().where({ provider, provider_payment_id: providerPaymentId }).first(),
    settling: (invoiceId: string) => mine().where({ settles_invoice_id: invoiceId }).forUpdate().first(),
    /** Nothing when this payment is in the ledger already. */
    insertNew: (row: Omit<PaymentRow, 'tenant_id' | 'settled_at'>): Promise<unknown> =>
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
export const attemptBySession = ({ db }: Context, provider: 'stripe', sessionId: string) =>
  db<AttemptRow>('payment_attempts').where({ provider, provider_session_id: sessionId }).first();

export const attemptById = ({ db }: Context, id: string) => db<AttemptRow>('payment_attempts').where({ id }).first();

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
