import type { TenantContext } from '#core/context.ts';
import { withTransaction } from '#core/db/transaction.ts';
import { enqueue } from '#core/jobs/enqueue.ts';
import { type InvoiceRow, invoices, knownInvoices } from '../../invoices/queries.ts';
import { refreshInvoice } from '../../projection/invoice.ts';
import { refreshSubscription } from '../../projection/subscription.ts';
import { engineOf } from '../../providers/engine.ts';
import { type ChangeRow, subscriptionChanges } from './queries.ts';
import { carryChange } from './schemas.ts';

const LOOK_AGAIN_MS = 5000;

/** An upgrade is over with the payment of its invoice, which the engine issues a moment after the switch. */
export async function followUpgrade(ctx: TenantContext, change: ChangeRow): Promise<void> {
  const invoice = await invoiceOf(ctx, change);
  if (!invoice) {
    const round = `look/${Date.now()}`;
    const job = { tenantId: ctx.tenantId, changeId: change.id, round };
    return enqueue(ctx, carryChange, job, { delayMs: LOOK_AGAIN_MS });
  }
  await withTransaction(ctx, async (ctx) => {
    const paid = (await invoices(ctx, ctx.tenantId).lock(invoice.id))?.payment_status === 'succeeded';
    const changes = subscriptionChanges(ctx, ctx.tenantId);
    const current = await changes.lock(change.id);
    if (current?.state !== 'awaiting_payment') return;
    if (paid) await changes.finish(change.id, 'done', { invoice_id: invoice.id });
    else await changes.update(change.id, { invoice_id: invoice.id, problem: null });
  });
}

/** Reads from the engine what we have not seen yet. */
export async function invoiceOf(ctx: TenantContext, change: ChangeRow): Promise<InvoiceRow | undefined> {
  const rows = invoices(ctx, ctx.tenantId);
  if (change.invoice_id !== null) return rows.find(change.invoice_id);
  await refreshSubscription(ctx, change.subscription_id);
  const remote = await engineOf(ctx).readSubscription(change.subscription_id);
  if (!remote || change.to_price_code === null) return undefined;
  for await (const { id, subscriptionIds } of engineOf(ctx).invoicesOf(remote.customerId)) {
    const isOfIt = subscriptionIds?.includes(change.subscription_id) ?? true;
    if (isOfIt && (await knownInvoices(ctx, [id])).length === 0) await refreshInvoice(ctx, id);
  }
  return rows.ofPlanSince(change.subscription_id, change.to_price_code, change.created_at);
}
