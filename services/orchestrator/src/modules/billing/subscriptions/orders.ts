import type { TenantContext } from '#core/context.ts';
import { enqueue } from '#core/jobs/enqueue.ts';
import { ownersOf } from '#modules/identity/members/service.ts';
import { getTenant } from '#modules/identity/tenants/service.ts';
import { closeCheckouts } from '../checkout/close.ts';
import { customerIdOf } from '../customers.ts';
import { refreshInvoice } from '../projection/invoice.ts';
import { projectSubscription, refreshSubscription } from '../projection/subscription.ts';
import { engineOf } from '../providers/engine.ts';
import { orGiveUp } from '../providers/errors.ts';
import { invoices } from '../invoices/queries.ts';
import { type SubscriptionRow, subscriptions } from './queries.ts';
import { lookAgain } from './schemas.ts';
import { isWithdrawn } from './withdrawn.ts';

const LOOK_AGAIN_MS = 5000;

/**
 * Carries an order out: customer, subscription, then its invoice (contracts/billing.md F3). Every call may be repeated,
 * so a second run, or one after a lost answer, ends the same. In the caller's turn for the tenant.
 */
export async function carryOut(ctx: TenantContext, subscriptionId: string): Promise<void> {
  const rows = subscriptions(ctx, ctx.tenantId);
  const row = await rows.find(subscriptionId);
  if (row?.status !== 'pending') return;
  try {
    const customerId = await putCustomer(ctx, row.currency);
    const remote = await orGiveUp(() => engineOf(ctx).subscribe({ id: row.id, customerId, planCode: row.price_code }));
    await projectSubscription(ctx, remote);
    if (!(await projectInvoicesOf(ctx, row, customerId)))
      await enqueue(ctx, lookAgain, { tenantId: ctx.tenantId, subscriptionId }, { delayMs: LOOK_AGAIN_MS });
  } catch (error) {
    await rows.update(subscriptionId, { problem: (error as Error).message });
    throw error;
  }
}

async function putCustomer(ctx: TenantContext, currency: string): Promise<string> {
  const tenant = await getTenant(ctx, ctx.tenantId);
  const [owner] = await ownersOf(ctx);
  const customerId = customerIdOf(tenant.id, tenant.currency, currency);
  await orGiveUp(() =>
    engineOf(ctx).putCustomer({
      id: customerId,
      name: tenant.name,
      email: owner?.email ?? '',
      currency,
      tenantSlug: tenant.slug,
    }),
  );
  return customerId;
}

/** False when there is none yet. */
async function projectInvoicesOf(ctx: TenantContext, row: SubscriptionRow, customerId: string): Promise<boolean> {
  for await (const listed of engineOf(ctx).invoicesOf(customerId))
    if (listed.subscriptionIds?.includes(row.id) ?? true) await refreshInvoice(ctx, listed.id);
  return (await invoices(ctx, ctx.tenantId).ofSubscription(row.id)).length > 0;
}

/** Reads the subscription and its invoices once more. */
export async function catchUp(ctx: TenantContext, subscriptionId: string): Promise<void> {
  const row = await subscriptions(ctx, ctx.tenantId).find(subscriptionId);
  if (!row) return;
  await refreshSubscription(ctx, subscriptionId);
  const { currency } = await getTenant(ctx, ctx.tenantId);
  await projectInvoicesOf(ctx, row, customerIdOf(ctx.tenantId, currency, row.currency));
}

/** Ends at the engine what was taken back here: payment pages closed, subscription gone, invoices void. */
export async function withdraw(ctx: TenantContext, subscriptionId: string): Promise<void> {
  const row = await subscriptions(ctx, ctx.tenantId).find(subscriptionId);
  if (!row?.is_withdrawn) return;
  await closeCheckouts(ctx, subscriptionId);
  await engineOf(ctx).dropSubscription(subscriptionId);
  // The invoice of a subscription that was made just now may not have reached us.
  await catchUp(ctx, subscriptionId);
  const rows = invoices(ctx, ctx.tenantId);
  for (const { id, lago_id, status } of await rows.ofSubscription(subscriptionId)) {
    if (status === 'voided' || !(await isWithdrawn(ctx, id))) continue;
    await engineOf(ctx).voidInvoice(lago_id);
    await refreshInvoice(ctx, lago_id);
  }
}
