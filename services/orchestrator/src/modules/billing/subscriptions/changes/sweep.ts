import { type Context, type TenantContext, withTenant } from '#core/context.ts';
import { acquireLock } from '#core/db/lock.ts';
import { withTransaction } from '#core/db/transaction.ts';
import { enqueue } from '#core/jobs/enqueue.ts';
import { record } from '#modules/audit/service.ts';
import { attempts, hasPayments } from '../../checkout/queries.ts';
import { mailOrderExpired } from '../mails.ts';
import { subscriptions, unpaidOrders } from '../queries.ts';
import { withdrawOrderOf } from '../service.ts';
import { stuckChanges, subscriptionChanges, unpaidUpgrades } from './queries.ts';
import { carryChange } from './schemas.ts';
import { beginTakeBack } from './take-back.ts';

const HOUR_MS = 3_600_000;
/** Jobs that retry by themselves do so for hours; a person's retry need not wait for longer. */
const STUCK_MS = 60_000;

/** Takes back what was not paid in time, and wakes changes whose job is gone. One worker at a time. */
export async function sweepChanges(ctx: Context): Promise<void> {
  const release = await acquireLock(ctx.db, 'billing/changes', 0);
  if (!release) return;
  const unpaidMs = ctx.config.BILLING_UNPAID_HOURS * HOUR_MS;
  try {
    for (const { id, tenant_id } of await unpaidOrders(ctx, unpaidMs))
      await expireOrder(withTenant(ctx, tenant_id), id);
    for (const { id, tenant_id } of await unpaidUpgrades(ctx, unpaidMs))
      await expireUpgrade(withTenant(ctx, tenant_id), id);
    for (const { id, tenant_id: tenantId } of await stuckChanges(ctx, STUCK_MS))
      await enqueue(ctx, carryChange, { tenantId, changeId: id, round: `sweep/${hourOf(new Date())}` });
  } finally {
    await release();
  }
}

const hourOf = (date: Date): string => date.toISOString().slice(0, 13);

function expireOrder(ctx: TenantContext, subscriptionId: string): Promise<void> {
  return withTransaction(ctx, async (ctx) => {
    const row = await subscriptions(ctx, ctx.tenantId).lock(subscriptionId);
    const isUnpaid = row?.status === 'active' && row.paid_price_code === null && !row.is_withdrawn;
    if (!isUnpaid || (await hasPayments(ctx, row.id)) || (await isAtThePage(ctx, row.id))) return;
    await withdrawOrderOf(ctx, row);
    await record(ctx, { action: 'subscription.expire', subject: row.id, details: { priceCode: row.price_code } });
    await mailOrderExpired(ctx, row);
  });
}

function expireUpgrade(ctx: TenantContext, changeId: string): Promise<void> {
  return withTransaction(ctx, async (ctx) => {
    const changes = subscriptionChanges(ctx, ctx.tenantId);
    const found = await changes.find(changeId);
    if (!found) return;
    await subscriptions(ctx, ctx.tenantId).lock(found.subscription_id);
    const change = await changes.lock(changeId);
    if (change?.state !== 'awaiting_payment' || (await isAtThePage(ctx, change.subscription_id))) return;
    if (!(await beginTakeBack(ctx, change, 'unpaid'))) return;
    const details = { changeId, to: change.to_price_code };
    await record(ctx, { action: 'subscription.change_expire', subject: change.subscription_id, details });
  });
}

/** Somebody has a payment page open, and may be typing a card number. */
async function isAtThePage(ctx: TenantContext, subscriptionId: string): Promise<boolean> {
  const live = await attempts(ctx, ctx.tenantId).liveOfSubscription(subscriptionId);
  return live.some(({ state, expires_at: expiresAt }) => state === 'open' && expiresAt > new Date());
}
