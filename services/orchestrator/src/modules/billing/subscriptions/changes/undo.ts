import type { TenantContext } from '#core/context.ts';
import { withTransaction } from '#core/db/transaction.ts';
import { record } from '#modules/audit/service.ts';
import { closeAttempt } from '../../checkout/close.ts';
import { attempts } from '../../checkout/queries.ts';
import { type InvoiceRow, invoices } from '../../invoices/queries.ts';
import { refreshInvoice } from '../../projection/invoice.ts';
import { refreshSubscription } from '../../projection/subscription.ts';
import { engineOf } from '../../providers/engine.ts';
import { orGiveUp } from '../../providers/errors.ts';
import { mailPlanKept } from '../mails.ts';
import { type ChangeRow, subscriptionChanges } from './queries.ts';
import { invoiceOf } from './upgrade.ts';

/** Takes back at the engine whatever has been done there of the change. */
export async function undo(ctx: TenantContext, change: ChangeRow): Promise<void> {
  const { subscription_id: id } = change;
  const remote = await engineOf(ctx).readSubscription(id);
  const isOver = remote?.status !== 'active' && change.kind !== 'upgrade';
  if (!isOver && !(await orGiveUp(() => takeBack(ctx, change, remote?.planCode)))) return;
  await refreshSubscription(ctx, id);
  await finish(ctx, change);
}

/** False when it is not taken back: it was paid after all. */
async function takeBack(ctx: TenantContext, change: ChangeRow, planCode: string | undefined): Promise<boolean> {
  const engine = engineOf(ctx);
  switch (change.kind) {
    case 'cancel':
    case 'cancel_now':
      await engine.goOn(change.subscription_id);
      return true;
    case 'downgrade':
      // Too late when it has taken place; the projection says so.
      if (planCode !== change.to_price_code) await engine.keepPlan(change.subscription_id);
      return true;
    case 'upgrade':
      return undoUpgrade(ctx, change, planCode);
  }
}

async function undoUpgrade(ctx: TenantContext, change: ChangeRow, planCode: string | undefined): Promise<boolean> {
  const { subscription_id: id, from_price_code: from, to_price_code: to } = change;
  const invoice = await invoiceOf(ctx, change);
  if (!invoice && planCode === from && change.effective_at === null) return true;
  if (!invoice && planCode === to) throw new Error('the invoice of the upgrade is not there yet');
  if (invoice && !(await voidUnpaid(ctx, change, invoice))) return false;
  await engineOf(ctx).restorePlan(id, from, change.effective_at);
  return true;
}

/** The pages first: a page that is paid meanwhile is money to give back. */
async function voidUnpaid(ctx: TenantContext, change: ChangeRow, invoice: InvoiceRow): Promise<boolean> {
  if (invoice.status === 'voided') return true;
  if (change.invoice_id === null)
    await subscriptionChanges(ctx, ctx.tenantId).update(change.id, { invoice_id: invoice.id });
  const live = await attempts(ctx, ctx.tenantId).liveOf(invoice.id);
  if (live) await closeAttempt(ctx, live);
  await engineOf(ctx).voidInvoice(invoice.lago_id);
  await refreshInvoice(ctx, invoice.lago_id);
  const after = await invoices(ctx, ctx.tenantId).find(invoice.id);
  if (after?.payment_status === 'succeeded') {
    // Somebody has marked it paid at the engine.
    await subscriptionChanges(ctx, ctx.tenantId).finish(change.id, 'done');
    return false;
  }
  if (after?.status !== 'voided') throw new Error(`the invoice ${invoice.number} cannot be voided`);
  return true;
}

function finish(ctx: TenantContext, change: ChangeRow): Promise<void> {
  return withTransaction(ctx, async (ctx) => {
    const changes = subscriptionChanges(ctx, ctx.tenantId);
    // The projection may have found that it took place after all.
    if ((await changes.lock(change.id))?.state !== 'taking_back') return;
    await changes.finish(change.id, 'taken_back');
    const details = { changeId: change.id, kind: change.kind, because: change.taken_back_because };
    await record(ctx, { action: 'subscription.change_taken_back', subject: change.subscription_id, details });
    if (change.kind === 'upgrade' && change.taken_back_because === 'unpaid') await mailPlanKept(ctx, change);
  });
}
