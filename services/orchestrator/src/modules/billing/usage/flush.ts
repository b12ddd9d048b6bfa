import { type Context, withTenant } from '#core/context.ts';
import { acquireLock } from '#core/db/lock.ts';
import { withTransaction } from '#core/db/transaction.ts';
import { type UsageEvent, type UsageVerdict, engineOf } from '../providers/engine.ts';
import { subscriptions } from '../subscriptions/queries.ts';
import { type UsageRow, usageEvents } from './queries.ts';

const BATCH = 100;
const MAX_PAUSE_S = 300;
const NO_SUBSCRIPTION_PAUSE_S = 15;
/** Clocks differ a little: an event from just before the subscription began belongs to it. */
const CLOCK_TOLERANCE_MS = 5 * 60_000;

/** A row with its subscription and time frozen. */
type Ready = UsageRow & { subscription_id: string; stamped_at: Date };

/** Sends what is due, in batches, until nothing is left or the engine does not answer. One worker at a time. */
export async function flushUsage(ctx: Context): Promise<void> {
  const release = await acquireLock(ctx.db, 'billing/usage', 0);
  if (!release) return;
  try {
    for (;;) {
      const { ready, seen } = await prepare(ctx);
      if (ready.length > 0 && !(await deliver(ctx, ready))) return;
      if (seen < BATCH) return;
    }
  } finally {
    await release();
  }
}

/** Freezes, in a transaction of its own, whose usage each row is: it must be the same when the sending is repeated. */
function prepare(ctx: Context): Promise<{ ready: Ready[]; seen: number }> {
  return withTransaction(ctx, async (ctx) => {
    const rows = await usageEvents(ctx).claim(BATCH);
    const ready: Ready[] = [];
    for (const row of rows) {
      const one = isReady(row) ? row : await assign(ctx, row);
      if (one) ready.push(one);
    }
    return { ready, seen: rows.length };
  });
}

const isReady = (row: UsageRow): row is Ready => row.subscription_id !== null && row.stamped_at !== null;

async function assign(ctx: Context, row: UsageRow): Promise<Ready | undefined> {
  const mine = subscriptions(withTenant(ctx, row.tenant_id), row.tenant_id);
  const active = await mine.activeOf(row.line);
  const started = await mine.startedOf(row.line);
  const covers = (one: { started_at: Date | null; ended_at: Date | null }) =>
    one.started_at !== null && one.started_at <= row.at && (one.ended_at === null || row.at <= one.ended_at);
  if (active && covers(active)) return freeze(ctx, row, active.id, row.at);
  const earlier = started.find(covers);
  if (earlier) return freeze(ctx, row, earlier.id, row.at);
  if (!active?.started_at) {
    await usageEvents(ctx).defer([row.id], NO_SUBSCRIPTION_PAUSE_S, 'no subscription yet', false);
    return undefined;
  }
  if (active.started_at.getTime() - row.at.getTime() <= CLOCK_TOLERANCE_MS)
    return freeze(ctx, row, active.id, active.started_at);
  // The engine would take it and count it nowhere: kept where it can be seen.
  await usageEvents(ctx).setAside([row.id], 'late', `before ${active.id} began`);
  return undefined;
}

async function freeze(ctx: Context, row: UsageRow, subscriptionId: string, stampedAt: Date): Promise<Ready> {
  await usageEvents(ctx).assign(row.id, subscriptionId, stampedAt);
  return { ...row, subscription_id: subscriptionId, stamped_at: stampedAt };
}

/** False when the engine did not answer: the rows wait for another round. */
async function deliver(ctx: Context, rows: Ready[]): Promise<boolean> {
  const events = usageEvents(ctx);
  const ids = rows.map(({ id }) => id);
  let verdict: UsageVerdict;
  try {
    verdict = await engineOf(ctx).sendUsage(rows.map(toEvent));
  } catch (error) {
    const attempts = Math.max(...rows.map((row) => row.attempts)) + 1;
    await events.defer(ids, Math.min(2 ** attempts, MAX_PAUSE_S), (error as Error).message, true);
    ctx.log.warn({ err: error, count: ids.length }, 'usage could not be sent; it waits');
    return false;
  }
  if (verdict.state !== 'taken') return sortOut(ctx, rows, verdict);
  await events.markSent(ids);
  return true;
}

/**
 * Events that the engine has already are delivered; of the others the refused ones are found by halves and set aside, so
 * that they hold nobody up (contracts/billing.md A2, F6).
 */
async function sortOut(
  ctx: Context,
  rows: Ready[],
  verdict: Exclude<UsageVerdict, { state: 'taken' }>,
): Promise<boolean> {
  if (verdict.state === 'known') {
    const [there, rest] = split(rows, (index) => verdict.indexes.has(index));
    await usageEvents(ctx).markSent(there.map(({ id }) => id));
    return rest.length === 0 || deliver(ctx, rest);
  }
  if (rows.length === 1) {
    const { error } = verdict;
    await usageEvents(ctx).setAside(
      rows.map(({ id }) => id),
      'refused',
      error.message,
    );
    ctx.log.error({ err: error, transactionId: rows[0]?.transaction_id }, 'the engine refuses a usage event');
    return true;
  }
  const half = Math.ceil(rows.length / 2);
  return (await deliver(ctx, rows.slice(0, half))) && deliver(ctx, rows.slice(half));
}

function split<T>(items: T[], isFirst: (index: number) => boolean): [T[], T[]] {
  return [items.filter((_, index) => isFirst(index)), items.filter((_, index) => !isFirst(index))];
}

const toEvent = (row: Ready): UsageEvent => ({
  transactionId: `${row.metric}/${row.transaction_id}`,
  subscriptionId: row.subscription_id,
  metric: row.metric,
  at: row.stamped_at,
  properties: JSON.parse(row.properties) as Record<string, string | number>,
});
