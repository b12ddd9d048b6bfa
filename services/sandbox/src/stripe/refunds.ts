import { z } from 'zod';
import { formatMinor } from '../kernel/money.ts';
import { newId, nowSeconds, type Account } from './account.ts';
import { invalidRequest, missing } from './errors.ts';
import { ignored, integer, listOf, metadata, pageParams, read, type StripeRouter } from './http.ts';
import type { Charge, Dispute, Refund } from './objects.ts';
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
    const row = account.rows.refunds.find((one) => one.id === call.params['id']);
    if (!row) throw missing('refund', call.params['id'] ?? '', 'refund');
    call.body = row;
  });
  router.get('/disputes', (call) => {
    const params = read(call, ListParams);
    call.body = listOf('/v1/disputes', account.rows.disputes.filter(isOf(params)), params);
  });
  router.get('/disputes/:id', (call) => {
    const row = account.rows.disputes.find((one) => one.id === call.params['id']);
    if (!row) throw missing('dispute', call.params['id'] ?? '', 'dispute');
    call.body = row;
  });
}

const isOf = (params: z.output<typeof ListParams>) => (row: Refund | Dispute) =>
  (!params.payment_intent || row.payment_intent === params.payment_intent) &&
  (!params.charge || row.charge === params.charge);

export function refund(account: Account, params: RefundParams): Refund {
  const charge = chargeOf(account, params.charge, params.payment_intent);
  const left = charge.amount_captured - charge.amount_refunded;
  if (left === 0) {
    throw invalidRequest(`Charge ${charge.id} has already been refunded.`, { code: 'charge_already_refunded' });
  }
  const amount = params.amount ?? left;
  if (amount > left) {
    const asked = formatMinor(amount, charge.currency);
    const message = `Refund amount (${asked}) is greater than unrefunded amount on charge (${formatMinor(left, charge.currency)})`;
    throw invalidRequest(message, { param: 'amount' });
  }
  const row: Refund = {
    id: newId('re'),
    object: 'refund',
    created: nowSeconds(account),
    amount,
    currency: charge.currency,
    charge: charge.id,
    payment_intent: charge.payment_intent,
    reason: params.reason ?? null,
    status: 'succeeded',
    metadata: params.metadata ?? {},
  };
  account.rows.refunds.push(row);
  charge.amount_refunded += amount;
  charge.refunded = charge.amount_refunded === charge.amount;
  emit(account, 'refund.created', row);
  emit(account, 'charge.refunded', charge);
  return row;
}

/** The cardholder takes the money back through the bank. */
export function openDispute(account: Account, paymentIntent: string, reason: string): Dispute {
  const charge = chargeOf(account, undefined, paymentIntent);
  const created = nowSeconds(account);
  const dispute: Dispute = {
    id: newId('du'),
    object: 'dispute',
    created,
    livemode: false,
    amount: charge.amount,
    currency: charge.currency,
    charge: charge.id,
    payment_intent: charge.payment_intent,
    reason,
    status: 'needs_response',
    is_charge_refundable: false,
    evidence_details: { due_by: created + 9 * 86_400, has_evidence: false, past_due: false, submission_count: 0 },
    metadata: {},
  };
  account.rows.disputes.push(dispute);
  charge.disputed = true;
  emit(account, 'charge.dispute.created', dispute);
  return dispute;
}

export function closeDispute(account: Account, id: unknown, status: 'won' | 'lost'): Dispute {
  const dispute = account.rows.disputes.find((row) => row.id === id);
  if (!dispute) throw missing('dispute', String(id), 'dispute');
  dispute.status = status;
  emit(account, 'charge.dispute.closed', dispute);
  return dispute;
}

function chargeOf(account: Account, chargeId?: string, intentId?: string): Charge {
  if (!chargeId && !intentId) {
    throw invalidRequest('One of the following params should be provided for this request: payment_intent or charge.');
  }
  const id = chargeId ?? intentBy(account, intentId).latest_charge;
  const charge = account.rows.charges.find((row) => row.id === id && row.paid);
  if (charge) return charge;
  if (chargeId) throw missing('charge', chargeId, 'charge');
  throw invalidRequest(`This PaymentIntent (${intentId ?? ''}) does not have a successful charge to refund.`);
}
