import type { Queue } from 'bullmq';
import type { Context } from '../context.ts';
import { isLockHeld } from '../db/lock.ts';
import type { Dispatch } from './relay.ts';

const SENT_TOO_LONG_S = 20;
/** A job that takes its worker down with it again and again would take down all of them: it waits for a person. */
const MAX_CRASHES = 200;
const KILLER = `Its worker died ${MAX_CRASHES} times while running it`;

export const workerLock = (workerId: string) => `worker/${workerId}`;
const epochKey = (ctx: Context) => `${ctx.config.REDIS_PREFIX}:epoch`;

interface Recovery {
  workerId: string;
  /** Rows that this very process is running now. */
  active: ReadonlySet<number>;
  queue: Queue<Dispatch>;
}

/** Puts back what died with its worker, what the queue lost, and what this worker finished but could not record. */
export async function recover(ctx: Context, recovery: Recovery): Promise<void> {
  await recoverFromDeadWorkers(ctx, recovery);
  await recoverFromWipedRedis(ctx);
  await recoverLostDispatches(ctx, recovery.queue);
}

async function recoverFromDeadWorkers(ctx: Context, { workerId, active }: Recovery): Promise<void> {
  const workers = await ctx.db('outbox').distinct('worker').where('state', 'running').pluck<string[]>('worker');
  for (const worker of workers) {
    const isOwn = worker === workerId;
    if (!isOwn && (await isLockHeld(ctx.db, workerLock(worker)))) continue;
    const orphans = () =>
      ctx
        .db('outbox')
        .where({ state: 'running', worker })
        .modify((query) => {
          if (isOwn) void query.whereNotIn('id', [...active]).whereRaw('started_at < now(3) - interval 2 second');
        });
    const given = await orphans()
      .where('crashes', '>=', MAX_CRASHES - 1)
      .update({ state: 'failed', worker: null, ended_at: ctx.db.fn.now(3), crashes: MAX_CRASHES, error: KILLER });
    if (given > 0) ctx.log.error({ count: given }, 'jobs given up, because their workers died');
    const recovered = await orphans().update({ state: 'pending', worker: null, crashes: ctx.db.raw('crashes + 1') });
    if (recovered > 0) noteRecovery(ctx, 'worker_died', recovered);
  }
}

/** A key that only we write: gone means that Redis lost everything it held, so nothing that was sent is still there. */
async function recoverFromWipedRedis(ctx: Context): Promise<void> {
  const isFresh = await ctx.redis.set(epochKey(ctx), ctx.requestId, 'NX');
  if (isFresh !== 'OK') return;
  const recovered = await ctx.db('outbox').where('state', 'sent').update({ state: 'pending' });
  if (recovered > 0) noteRecovery(ctx, 'queue_wiped', recovered);
}

async function recoverLostDispatches(ctx: Context, queue: Queue<Dispatch>): Promise<void> {
  const stale = await ctx
    .db<{ id: number; dispatches: number }>('outbox')
    .select('id', 'dispatches')
    .where('state', 'sent')
    .whereRaw('sent_at < now(3) - interval ? second', [SENT_TOO_LONG_S])
    .limit(500);
  for (const row of stale) {
    if (await queue.getJob(`outbox/${row.id}/${row.dispatches}`)) continue;
    const recovered = await ctx
      .db('outbox')
      .where({ id: row.id, state: 'sent', dispatches: row.dispatches })
      .update({ state: 'pending' });
    if (recovered > 0) noteRecovery(ctx, 'dispatch_lost', recovered);
  }
}

function noteRecovery(ctx: Context, reason: string, count: number): void {
  ctx.metrics.recoveredJobs.inc({ reason }, count);
  ctx.log.warn({ reason, count }, 'jobs recovered');
}
