import type { TenantContext } from '#core/context.ts';
import { withTransaction } from '#core/db/transaction.ts';
import { enqueue } from '#core/jobs/enqueue.ts';
import { grant, planOf, revoke } from '#modules/catalogue/service.ts';
import { type EngineSubscription, engineOf } from '../providers/engine.ts';
import { subscriptionChanged, subscriptionEnded, subscriptionStarted } from '../schemas.ts';
import { type SubscriptionRow, subscriptions } from '../subscriptions/queries.ts';
import { withdrawOrder } from '../subscriptions/schemas.ts';

/** Reads the subscription from the engine and makes our copy say the same. True when something was different. */
export async function refreshSubscription(ctx: TenantContext, subscriptionId: string): Promise<boolean> {
  if (!(await subscriptions(ctx, ctx.tenantId).find(subscriptionId))) return false;
  const remote = await engineOf(ctx).readSubscription(subscriptionId);
  return remote ? projectSubscription(ctx, remote) : false;
}

/** In the caller's turn for the tenant: `remote` must have been read in it. */
export function projectSubscription(ctx: TenantContext, remote: EngineSubscription): Promise<boolean> {
  return withTransaction(ctx, async (ctx) => {
    const row = await subscriptions(ctx, ctx.tenantId).lock(remote.id);
    if (!row) return false;
    switch (remote.status) {
      case 'active':
        return row.is_withdrawn ? takeBack(ctx, row) : start(ctx, row, remote);
      case 'pending':
        return row.is_withdrawn ? takeBack(ctx, row) : false;
      case 'terminated':
      case 'canceled':
        return end(ctx, row, remote);
    }
  });
}

/** It was withdrawn here and lives on there: a call that was thought lost has arrived after all. */
async function takeBack(ctx: TenantContext, row: SubscriptionRow): Promise<boolean> {
  await enqueue(ctx, withdrawOrder, { tenantId: ctx.tenantId, subscriptionId: row.id });
  return false;
}

async function start(ctx: TenantContext, row: SubscriptionRow, remote: EngineSubscription): Promise<boolean> {
  const plan = planOf(ctx, remote.planCode);
  const change = {
    status: 'active' as const,
    price_code: remote.planCode,
    plan_key: plan?.key ?? row.plan_key,
    started_at: row.started_at ?? remote.startedAt,
  };
  const isNew = row.status !== 'active';
  const isMoved = row.price_code !== remote.planCode;
  if (!isNew && !isMoved) return false;
  await subscriptions(ctx, ctx.tenantId).update(row.id, { ...change, problem: null, ended_at: null });
  const now = { ...row, ...change };
  if (isNew) await enqueue(ctx, subscriptionStarted, eventOf(now));
  if (isMoved) await enqueue(ctx, subscriptionChanged, { ...eventOf(now), change: remote.revision });
  // An invoice may have been paid before we knew that it runs.
  if (now.paid_price_code !== null) await grant(ctx, { source: row.id, planCode: now.paid_price_code });
  return true;
}

async function end(ctx: TenantContext, row: SubscriptionRow, remote: EngineSubscription): Promise<boolean> {
  if (row.status === 'terminated' || row.status === 'canceled') return false;
  const { status } = remote;
  const endedAt = remote.endedAt ?? new Date();
  await subscriptions(ctx, ctx.tenantId).update(row.id, {
    status: status === 'terminated' ? 'terminated' : 'canceled',
    ended_at: endedAt,
    slot: null,
    problem: null,
  });
  await revoke(ctx, { source: row.id });
  await enqueue(ctx, subscriptionEnded, eventOf(row));
  return true;
}

const eventOf = (row: SubscriptionRow) => ({
  tenantId: row.tenant_id,
  subscriptionId: row.id,
  line: row.line,
  planKey: row.plan_key,
});
