import type { TenantContext } from '#core/context.ts';
import { withTransaction } from '#core/db/transaction.ts';
import { enqueue } from '#core/jobs/enqueue.ts';
import { grant, planOf, revoke } from '#modules/catalogue/service.ts';
import { type EngineSubscription, engineOf } from '../providers/engine.ts';
import { subscriptionChanged, subscriptionEnded, subscriptionStarted } from '../schemas.ts';
import { isCheaper } from '../subscriptions/changes/prices.ts';
import { subscriptionChanges } from '../subscriptions/changes/queries.ts';
import { mailEnded } from '../subscriptions/mails.ts';
import { type SubscriptionRow, subscriptions } from '../subscriptions/queries.ts';
import { withdrawOrder } from '../subscriptions/schemas.ts';
import { differs } from './differs.ts';

const ENDED = 'the subscription has ended';

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
    period_ends_at: remote.periodEndsAt,
    next_price_code: remote.nextPlanCode,
    next_price_at: remote.nextPlanAt,
    ends_at: remote.endsAt,
  };
  const isNew = row.status !== 'active';
  const isMoved = row.price_code !== remote.planCode;
  if (!isNew && !isMoved && !differs(row, change)) return false;
  const rights = isMoved && (await isStepDown(ctx, row, remote)) ? rightsOf(remote) : {};
  await subscriptions(ctx, ctx.tenantId).update(row.id, { ...change, ...rights, problem: null, ended_at: null });
  const now = { ...row, ...change, ...rights };
  if (isNew) await enqueue(ctx, subscriptionStarted, eventOf(now));
  if (isMoved) await enqueue(ctx, subscriptionChanged, { ...eventOf(now), change: remote.revision });
  // An invoice may have been paid before we knew that it runs.
  if (now.paid_price_code !== null) await grant(ctx, { source: row.id, planCode: now.paid_price_code });
  return true;
}

/** A cheaper plan's limits hold from the switch on, paid or not; a dearer one's rights come with its payment. */
async function isStepDown(ctx: TenantContext, row: SubscriptionRow, { planCode }: EngineSubscription) {
  if (row.paid_price_code === null) return false;
  const changes = subscriptionChanges(ctx, ctx.tenantId);
  const open = await changes.lockOpenOf(row.id);
  const isAsked = open?.kind === 'downgrade' && open.to_price_code === planCode;
  if (isAsked) await changes.finish(open.id, 'done');
  return isAsked || row.next_price_code === planCode || isCheaper(ctx, planCode, row.price_code);
}

const rightsOf = (remote: EngineSubscription) => ({
  paid_price_code: remote.planCode,
  rights_from: remote.startedAt,
});

async function end(ctx: TenantContext, row: SubscriptionRow, remote: EngineSubscription): Promise<boolean> {
  if (row.status === 'terminated' || row.status === 'canceled') return false;
  const changes = subscriptionChanges(ctx, ctx.tenantId);
  const open = await changes.lockOpenOf(row.id);
  // It ends for a moment, to start again on the plan that is paid.
  if (open?.kind === 'upgrade' && open.state === 'taking_back') return false;
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
  const isCanceled = open?.kind === 'cancel' || open?.kind === 'cancel_now';
  if (open) await changes.finish(open.id, isCanceled ? 'done' : 'failed', isCanceled ? {} : { problem: ENDED });
  if (row.paid_price_code !== null && !row.is_default) await mailEnded(ctx, row);
  return true;
}

const eventOf = (row: SubscriptionRow) => ({
  tenantId: row.tenant_id,
  subscriptionId: row.id,
  line: row.line,
  planKey: row.plan_key,
});
