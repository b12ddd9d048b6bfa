import type { TenantContext } from '#core/context.ts';
import { invoices } from '../invoices/queries.ts';
import { subscriptionChanges } from './changes/queries.ts';
import { subscriptions } from './queries.ts';

const TAKEN_BACK = new Set(['taking_back', 'taken_back']);

/**
 * All that the invoice is for was taken back; one that is for something else too is still owed. Locks these
 * subscriptions: until the open transaction ends, none is taken back.
 */
export async function isWithdrawn(ctx: TenantContext, invoiceId: string): Promise<boolean> {
  const parts = await invoices(ctx, ctx.tenantId).coveredBy(invoiceId);
  let isAll = parts.length > 0;
  for (const { subscription_id: id } of parts) {
    const row = await subscriptions(ctx, ctx.tenantId).lock(id);
    if (!row?.is_withdrawn) isAll = false;
  }
  // Nor is an upgrade that is being undone: its subscription lives on with the plan that is paid.
  const change = await subscriptionChanges(ctx, ctx.tenantId).lockByInvoice(invoiceId);
  return isAll || (change !== undefined && TAKEN_BACK.has(change.state));
}
