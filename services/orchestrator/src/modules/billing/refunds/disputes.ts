import type { Context, TenantContext } from '#core/context.ts';
import { afterCommit, withTransaction } from '#core/db/transaction.ts';
import { record } from '#modules/audit/service.ts';
import { paymentByProviderId, payments } from '../checkout/queries.ts';
import { forTenant } from '../customers.ts';
import { type Dispute, readDispute } from '../gateways/stripe-disputes.ts';

/**
 * A cardholder takes the money back through their bank. Rights stay as they are until a person decides: it may be won.
 * Whoever runs the product is told by audit log, error log and metric, once per state.
 */
export async function followDispute(ctx: Context, disputeId: string): Promise<string> {
  const dispute = await readDispute(ctx, disputeId);
  const payment = dispute.paymentId === null ? undefined : await paymentByProviderId(ctx, 'stripe', dispute.paymentId);
  if (!payment) return 'ignored: not a payment of ours';
  return forTenant(ctx, payment.tenant_id, (ctx) => applyDispute(ctx, payment.id, dispute));
}

function applyDispute(ctx: TenantContext, paymentId: string, dispute: Dispute): Promise<string> {
  return withTransaction(ctx, async (ctx) => {
    const ledger = payments(ctx, ctx.tenantId);
    const payment = await ledger.lock(paymentId);
    const { id, status, reason, amountMinor, currency } = dispute;
    if (!payment || (payment.dispute_id === id && payment.dispute_status === status)) return 'nothing new';
    await ledger.update(paymentId, { dispute_id: id, dispute_status: status });
    const details = { disputeId: id, status, reason, amountMinor, currency };
    await record(ctx, { action: 'payment.dispute', subject: paymentId, details });
    afterCommit(ctx, () => {
      ctx.metrics.disputes.inc({ status });
      ctx.log.error({ paymentId, ...details }, 'a payment is disputed');
    });
    return `dispute ${status}`;
  });
}
