import { z } from 'zod';
import { newId, nowSeconds, type Account } from './account.ts';
import { mergeMetadata } from './merge-metadata.ts';
import { invalidRequest, missing } from './errors.ts';
import { boolean, listOf, metadata, pageParams, read, type StripeRouter } from './http.ts';
import type { Charge, Dispute } from './objects.ts';
import { emit } from './webhooks.ts';

const DAY = 86_400;

const ListParams = z.strictObject({
  ...pageParams,
  payment_intent: z.string().optional(),
  charge: z.string().optional(),
});

const Answer = z.strictObject({
  evidence: z.record(z.string(), z.string()).optional(),
  submit: boolean.default(true),
  metadata: metadata.optional(),
});

export function disputeRoutes(router: StripeRouter, account: Account): void {
  router.get('/disputes', (call) => {
    const params = read(call, ListParams);
    const rows = account.rows.disputes
      .filter((row) => !params.payment_intent || row.payment_intent === params.payment_intent)
      .filter((row) => !params.charge || row.charge === params.charge);
    call.body = listOf('/v1/disputes', rows, params);
  });
  router.get('/disputes/:id', (call) => {
    call.body = disputeBy(account, call.params['id']);
  });
  router.post('/disputes/:id', (call) => {
    const dispute = disputeBy(account, call.params['id']);
    call.body = answer(account, dispute, read(call, Answer));
  });
  router.post('/disputes/:id/close', (call) => {
    read(call, z.strictObject({}));
    call.body = closeDispute(account, call.params['id'], 'lost');
  });
}

function disputeBy(account: Account, id: unknown): Dispute {
  const dispute = account.rows.disputes.find((row) => row.id === id);
  if (!dispute) throw missing('dispute', String(id), 'dispute');
  return dispute;
}

/** The cardholder takes the money back through the bank: it is gone until the dispute is won. */
export function openDispute(account: Account, charge: Charge, reason: string): Dispute {
  if (charge.disputed) throw invalidRequest(`Charge ${charge.id} is disputed already.`);
  const created = nowSeconds(account);
  const dispute: Dispute = {
    id: newId('du'),
    object: 'dispute',
    created,
    livemode: false,
    amount: charge.amount - charge.amount_refunded,
    currency: charge.currency,
    charge: charge.id,
    payment_intent: charge.payment_intent,
    reason,
    status: 'needs_response',
    is_charge_refundable: false,
    balance_transactions: [],
    evidence: {},
    evidence_details: { due_by: created + 9 * DAY, has_evidence: false, past_due: false, submission_count: 0 },
    metadata: {},
  };
  account.rows.disputes.push(dispute);
  charge.disputed = true;
  emit(account, 'charge.dispute.created', dispute);
  emit(account, 'charge.dispute.funds_withdrawn', dispute);
  return dispute;
}

/** As in test mode: the texts `winning_evidence` and `losing_evidence` decide at once, any other waits for the bank. */
function answer(account: Account, dispute: Dispute, params: z.output<typeof Answer>): Dispute {
  if (dispute.status === 'won' || dispute.status === 'lost') throw invalidRequest('This dispute is already closed.');
  const before = structuredClone(dispute);
  dispute.metadata = mergeMetadata(dispute.metadata, params.metadata);
  Object.assign(dispute.evidence, params.evidence);
  dispute.evidence_details.has_evidence = Object.keys(dispute.evidence).length > 0;
  if (params.evidence && params.submit) {
    dispute.status = 'under_review';
    dispute.evidence_details.submission_count += 1;
  }
  emit(account, 'charge.dispute.updated', dispute, before);
  const text = dispute.evidence['uncategorized_text'];
  if (!params.submit || dispute.status !== 'under_review') return dispute;
  if (text === 'winning_evidence') return closeDispute(account, dispute.id, 'won');
  return text === 'losing_evidence' ? closeDispute(account, dispute.id, 'lost') : dispute;
}

export function closeDispute(account: Account, id: unknown, status: 'won' | 'lost'): Dispute {
  const dispute = disputeBy(account, id);
  if (dispute.status === 'won' || dispute.status === 'lost') throw invalidRequest('This dispute is already closed.');
  dispute.status = status;
  emit(account, 'charge.dispute.closed', dispute);
  if (status === 'won') emit(account, 'charge.dispute.funds_reinstated', dispute);
  return dispute;
}
