import type { TenantContext } from '#core/context.ts';
import { enqueue } from '#core/jobs/enqueue.ts';
import { payments } from '../../checkout/queries.ts';
import { invoices } from '../../invoices/queries.ts';
import { type ChangeRow, subscriptionChanges } from './queries.ts';
import { carryChange } from './schemas.ts';

/**
 * Decides, in the caller's transaction, that the change is taken back; the engine is told by its job. False when it is
 * too late. From here on money for an upgrade's invoice is money to give back.
 */
export async function beginTakeBack(
  ctx: TenantContext,
  change: ChangeRow,
  because: NonNullable<ChangeRow['taken_back_because']>,
): Promise<boolean> {
  if (change.kind === 'cancel_now') return false;
  if (change.invoice_id !== null && (await isBeingPaid(ctx, change.invoice_id))) return false;
  await subscriptionChanges(ctx, ctx.tenantId).update(change.id, { state: 'taking_back', taken_back_because: because });
  await enqueue(ctx, carryChange, { tenantId: ctx.tenantId, changeId: change.id, round: 'take_back' });
  return true;
}

async function isBeingPaid(ctx: TenantContext, invoiceId: string): Promise<boolean> {
  const invoice = await invoices(ctx, ctx.tenantId).lock(invoiceId);
  if (invoice?.payment_status === 'succeeded') return true;
  return (await payments(ctx, ctx.tenantId).settling(invoiceId)) !== undefined;
}
