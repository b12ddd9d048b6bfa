import { z } from 'zod';
import { formatMinor } from '../kernel/money.ts';
import { newId, nowSeconds, type Account } from './account.ts';
import { mergeMetadata } from './merge-metadata.ts';
import { invalidRequest, missing } from './errors.ts';
import { ignored, integer, listOf, metadata, pageParams, read, type StripeRouter } from './http.ts';
import type { Charge, Refund } from './objects.ts';
import { intentBy } from './payment-intents.ts';
import { emit } from './webhooks.ts';

const RefundParams = z.strictObject({
  payment_intent: z.string().optional(),
  charge: z.string().optional(),
  amount: integer.pipe(z.number().positive()).optional(),
  reason: z.enum(['duplicate', 'fraudulent', 'requested_by_customer']).optional(),
  metadata: metadata.optional(),
  instructions_email: ignored,
});
/** A day, by the sandbox's clock. */
const SETTLES_AFTER_SECONDS = 86_400;

type RefundParams = z.output<typeof RefundParams>;

const ListParams = z.strictObject({
  ...pageParams,
  payment_intent: z.string().optional(),
  charge: z.string().optional(),
});

export function refundRoutes(router: StripeRouter, account: Account): void {
  router.post('/refunds', (call) => {
    call.body = refund(account, read(call, RefundParams));
  });
  router.get('/refunds', (call) => {
    const params = read(call, ListParams);
    call.body = listOf('/v1/refunds', account.rows.refunds.filter(isOf(params)), params);
  });
  router.get('/refunds/:id', (call) => {
    call.body = refundBy(account, call.params['id']);
  });
  router.post('/refunds/:id', (call) => {
    const row = refundBy(account, call.params['id']);
    const before = structuredClone(row);
    const params = read(call, z.strictObject({ metadata: metadata.optional() }));
    row.metadata = mergeMetadata(row.metadata, params.metadata);
    emit(account, 'refund.updated', row, before);
    call.body = row;
  });
  router.post('/refunds/:id/cancel', (call) => {
    read(call, z.strictObject({}));
    const row = refundBy(account, call.params['id']);
    if (row.status !== 'pending') throw invalidRequest(`This refund cannot be canceled: it is ${row.status}.`);
    call.body = settleRefund(account, row, 'canceled');
  });
}

const isOf = (params: z.output<typeof ListParams>) => (row: Refund) =>
  (!params.payment_intent || row.payment_intent === params.payment_intent) &&
  (!params.charge || row.charge === params.charge);

/** `isAsynchronous`: stays `pending` until it is settled by hand, as some banks let it. */
export function refund(account: Account, params: RefundParams & { isAsynchronous?: boolean }): Refund {
  const charge = chargeOf(account, params.charge, params.payment_intent);
  const left = charge.amount_captured - charge.amount_refunded;
  if (charge.disputed) {
    throw invalidRequest(`Charge ${charge.id} has been charged back; cannot issue a refund.`, {
      code: 'charge_disputed',
    });
  }
  if (left === 0) {
    throw invalidRequest(`Charge ${charge.id} has already been refunded.`, { code: 'charge_already_refunded' });
  }
  const amount = params.amount ?? left;
  if (amount > left) {
    const asked = formatMinor(amount, charge.currency);
    const message = `Refund amount (${asked}) is greater than unrefunded amount on charge (${formatMinor(left, charge.currency)})`;
    throw invalidRequest(message, { param: 'amount' });
  }
  const card = account.rows.methods.find(({ method }) => method.id === charge.payment_method)?.behaviour;
  const isLate = (params.isAsynchronous ?? false) || card?.refund === 'succeeds_later';
  const row: Refund = {
    id: newId('re'),
    object: 'refund',
    created: nowSeconds(account),
    amount,
    currency: charge.currency,
    charge: charge.id,
    payment_intent: charge.payment_intent,
    reason: params.reason ?? null,
    status: isLate ? 'pending' : 'succeeded',
    balance_transaction: null,
    customer: charge.customer,
    customer_account: null,
    payment_method: charge.payment_method,
    receipt_number: null,
    source_transfer_reversal: null,
    transfer_reversal: null,
    metadata: params.metadata ?? {},
  };
  account.rows.refunds.push(row);
  charge.amount_refunded += amount;
  charge.refunded = charge.amount_refunded === charge.amount;
  emit(account, 'refund.created', row);
  emit(account, 'charge.refunded', charge);
  return row;
}

export function refundBy(account: Account, id: unknown): Refund {
  const row = account.rows.refunds.find((one) => one.id === id);
  if (!row) throw missing('refund', String(id), 'refund');
  return row;
}

/** How a refund that was under way ends; one that failed gives the money back to the account, even after `succeeded`. */
export function settleRefund(account: Account, row: Refund, status: 'succeeded' | 'failed' | 'canceled'): Refund {
  if (row.status === status || row.status === 'failed' || row.status === 'canceled') {
    throw invalidRequest(`This refund is ${row.status} already.`);
  }
  const before = structuredClone(row);
  row.status = status;
  if (status === 'failed') row.failure_reason = 'expired_or_canceled_card';
  const charge = chargeOf(account, row.charge);
  if (status !== 'succeeded') {
    charge.amount_refunded -= row.amount;
    charge.refunded = false;
  }
  emit(account, 'refund.updated', row, before);
  emit(account, 'charge.refund.updated', row, before);
  if (status === 'failed') emit(account, 'refund.failed', row);
  return row;
}

/** Some test cards take their time: what was begun ends with the clock. */
export function settleDueRefunds(account: Account): void {
  for (const row of account.rows.refunds) {
    if (row.created + SETTLES_AFTER_SECONDS > nowSeconds(account)) continue;
    const charge = chargeOf(account, row.charge);
    const card = account.rows.methods.find(({ method }) => method.id === charge.payment_method)?.behaviour;
    if (row.status === 'pending' && card?.refund === 'succeeds_later') settleRefund(account, row, 'succeeded');
    if (row.status === 'succeeded' && card?.refund === 'fails_later') settleRefund(account, row, 'failed');
  }
}

export function chargeOf(account: Account, chargeId?: string, intentId?: string): Charge {
  if (!chargeId && !intentId) {
    throw invalidRequest('One of the following params should be provided for this request: payment_intent or charge.');
  }
  const id = chargeId ?? intentBy(account, intentId).latest_charge;
  const charge = account.rows.charges.find((row) => row.id === id && row.paid);
  if (charge) return charge;
  if (chargeId) throw missing('charge', chargeId, 'charge');
  throw invalidRequest(`This PaymentIntent (${intentId ?? ''}) does not have a successful charge to refund.`);
}
