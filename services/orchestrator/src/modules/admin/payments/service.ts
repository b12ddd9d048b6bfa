import type { Context } from '#core/context.ts';
import type { Page, PageQuery } from '#core/http/pagination.ts';
import { findGateway } from '#modules/billing/gateways/service.ts';
import { getTenant } from '#modules/identity/tenants/service.ts';
import { type PaymentRow, type PaymentState, paymentPage } from './queries.ts';
import type { AdminPayment, QueuedRefund, RefundQuery } from './schemas.ts';

const STATES: Record<RefundQuery['state'], readonly PaymentState[]> = {
  open: ['refund_due', 'refund_failed'],
  pending: ['refund_pending'],
  refunded: ['refunded'],
};

export async function customerPayments(ctx: Context, tenantId: string, query: PageQuery): Promise<Page<AdminPayment>> {
  await getTenant(ctx, tenantId);
  const page = await paymentPage(ctx.db, { tenantId }, query);
  return { ...page, items: page.items.map(present) };
}

/** Money to give back, with what is to be done about it. */
export async function listRefunds(ctx: Context, { state, ...query }: RefundQuery): Promise<Page<QueuedRefund>> {
  const page = await paymentPage(ctx.db, { states: STATES[state] }, query);
  return { ...page, items: page.items.map((row) => ({ ...present(row), nextStep: nextStepOf(ctx, row) })) };
}

function nextStepOf(ctx: Context, { state, provider }: PaymentRow): QueuedRefund['nextStep'] {
  if (state === 'refund_pending') return 'wait';
  if (state !== 'refund_due' && state !== 'refund_failed') return 'none';
  return findGateway(ctx, provider)?.refunds ? 'refund' : 'by_hand';
}

const present = (row: PaymentRow): AdminPayment => ({
  id: row.id,
  tenantId: row.tenant_id,
  tenantName: row.tenant_name,
  invoiceId: row.invoice_id,
  invoiceNumber: row.invoice_number,
  attemptId: row.attempt_id,
  provider: row.provider,
  providerPaymentId: row.provider_payment_id,
  amountMinor: row.amount_minor,
  currency: row.currency,
  state: row.state,
  reason: row.reason,
  receivedAt: row.received_at.toISOString(),
  settledAt: row.settled_at?.toISOString() ?? null,
  refundedMinor: row.refunded_minor,
  refundedAt: row.refunded_at?.toISOString() ?? null,
  refundReference: row.refund_reference,
  refundProblem: row.refund_problem,
  disputeStatus: row.dispute_status,
});
