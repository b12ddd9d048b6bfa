import type { TenantContext } from '#core/context.ts';
import { withTransaction } from '#core/db/transaction.ts';
import { enqueue } from '#core/jobs/enqueue.ts';
import { record } from '#modules/audit/service.ts';
import { projectSubscription, refreshSubscription } from '../../projection/subscription.ts';
import { type EngineSubscription, engineOf } from '../../providers/engine.ts';
import { ProviderRefused, orGiveUp } from '../../providers/errors.ts';
import { mailCancellation, mailDowngrade } from '../mails.ts';
import { type ChangeRow, subscriptionChanges } from './queries.ts';
import { carryChange } from './schemas.ts';
import { undo } from './undo.ts';
import { followUpgrade } from './upgrade.ts';

const NOT_RUNNING = 'the subscription does not run';
/** Before the engine bills the next period. */
const EARLY_MS = 60_000;

/**
 * Brings the change on by what is left to do: each call may be repeated, and each finds what an earlier run has done. In
 * the caller's turn for the tenant.
 */
export async function carry(ctx: TenantContext, changeId: string): Promise<void> {
  const changes = subscriptionChanges(ctx, ctx.tenantId);
  const change = await changes.find(changeId);
  if (!change) return;
  try {
    switch (change.state) {
      case 'requested':
        return await apply(ctx, change);
      case 'awaiting_payment':
        return await followUpgrade(ctx, change);
      case 'scheduled':
        return await comeDue(ctx, change);
      case 'taking_back':
        return await undo(ctx, change);
      case 'done':
      case 'taken_back':
      case 'failed':
        return;
    }
  } catch (error) {
    await changes.update(changeId, { problem: (error as Error).message });
    throw error;
  }
}

async function apply(ctx: TenantContext, change: ChangeRow): Promise<void> {
  const remote = await engineOf(ctx).readSubscription(change.subscription_id);
  if (remote?.status !== 'active') {
    // Perhaps by our own call, whose answer was lost: the projection then ends the change.
    await refreshSubscription(ctx, change.subscription_id);
    return fail(ctx, change, NOT_RUNNING);
  }
  try {
    if (change.to_price_code !== null) return await switchPlan(ctx, change, remote, change.to_price_code);
    return change.kind === 'cancel' ? await endWithPeriod(ctx, change, remote) : await endNow(ctx, change, remote);
  } catch (error) {
    if (error instanceof ProviderRefused && error.isPermanent) return fail(ctx, change, error.message);
    throw error;
  }
}

async function switchPlan(
  ctx: TenantContext,
  change: ChangeRow,
  remote: EngineSubscription,
  to: string,
): Promise<void> {
  const isThere = remote.planCode === to || remote.nextPlanCode === to;
  const after = isThere ? remote : await engineOf(ctx).changePlan(remote.id, to);
  const isSwitched = after.planCode === to;
  // The engine decides what is an upgrade; the catalogue may no longer know the old price.
  const isNoted = await note(
    ctx,
    change,
    isSwitched
      ? { kind: 'upgrade', state: 'awaiting_payment', effective_at: after.startedAt }
      : { kind: 'downgrade', state: 'scheduled', effective_at: after.nextPlanAt ?? after.periodEndsAt },
  );
  if (!isNoted) return;
  await projectSubscription(ctx, after);
  if (isSwitched) await followUpgrade(ctx, change);
}

/** False when it was taken back meanwhile: the job of that undoes what has been done. */
function note(
  ctx: TenantContext,
  change: ChangeRow,
  applied: Pick<ChangeRow, 'kind' | 'state' | 'effective_at'>,
): Promise<boolean> {
  return withTransaction(ctx, async (ctx) => {
    const changes = subscriptionChanges(ctx, ctx.tenantId);
    if ((await changes.lock(change.id))?.state !== 'requested') return false;
    await changes.update(change.id, { ...applied, problem: null });
    const { kind, effective_at: at } = applied;
    if (kind === 'downgrade' && at) await mailDowngrade(ctx, change, at);
    if (kind === 'cancel' && at) await mailCancellation(ctx, change, at);
    return true;
  });
}

async function endWithPeriod(ctx: TenantContext, change: ChangeRow, remote: EngineSubscription): Promise<void> {
  const engine = engineOf(ctx);
  if (remote.nextPlanCode !== null) await engine.keepPlan(remote.id);
  const isLeftToUs = remote.endsAt === null && !(await isTaken(() => engine.endWithPeriod(remote.id)));
  await refreshSubscription(ctx, remote.id);
  const at = remote.endsAt ?? remote.periodEndsAt;
  if (!(await note(ctx, change, { kind: 'cancel', state: 'scheduled', effective_at: at }))) return;
  if (isLeftToUs && at) await wake(ctx, change.id, at.getTime() - EARLY_MS - Date.now());
}

/** False when the engine refuses, because the period ends today: then we end it ourselves, at its end. */
async function isTaken(call: () => Promise<void>): Promise<boolean> {
  try {
    await call();
    return true;
  } catch (error) {
    if (error instanceof ProviderRefused && error.status === 422) return false;
    throw error;
  }
}

async function endNow(ctx: TenantContext, change: ChangeRow, remote: EngineSubscription): Promise<void> {
  const engine = engineOf(ctx);
  if (remote.nextPlanCode !== null) await engine.keepPlan(remote.id);
  await engine.endNow(remote.id);
  await refreshSubscription(ctx, change.subscription_id);
}

/** The moment that it waited for: the engine has done it, or leaves it to us. */
async function comeDue(ctx: TenantContext, change: ChangeRow): Promise<void> {
  await refreshSubscription(ctx, change.subscription_id);
  const current = await subscriptionChanges(ctx, ctx.tenantId).find(change.id);
  const at = current?.effective_at?.getTime() ?? Infinity;
  if (current?.state !== 'scheduled' || current.kind !== 'cancel' || at - EARLY_MS > Date.now()) return;
  const remote = await engineOf(ctx).readSubscription(change.subscription_id);
  if (remote?.status === 'active' && remote.endsAt === null) await orGiveUp(() => endNow(ctx, change, remote));
}

async function fail(ctx: TenantContext, change: ChangeRow, problem: string): Promise<void> {
  await withTransaction(ctx, async (ctx) => {
    const changes = subscriptionChanges(ctx, ctx.tenantId);
    if ((await changes.lock(change.id))?.state !== 'requested') return;
    await changes.finish(change.id, 'failed', { problem });
    const details = { changeId: change.id, kind: change.kind, problem };
    await record(ctx, { action: 'subscription.change_failed', subject: change.subscription_id, details });
  });
}

const wake = (ctx: TenantContext, changeId: string, delayMs: number): Promise<void> =>
  enqueue(
    ctx,
    carryChange,
    { tenantId: ctx.tenantId, changeId, round: `due/${Date.now()}` },
    { delayMs: Math.max(0, delayMs) },
  );
