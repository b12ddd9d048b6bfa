import type { Queue } from 'bullmq';
import type { Context } from '../context.ts';

/** What travels through the queue: the row's id and which dispatch of it this is. Everything else stays in the row. */
export interface Dispatch {
  id: number;
  dispatch: number;
}

interface DueRow {
  id: number;
  job: string;
  dispatches: number;
}

/**
 * Hands due outbox rows to BullMQ. Safe to run twice and in several workers: `skip locked` gives each row to one
 * relay, the queue drops a dispatch it already holds, and the runner claims a dispatch at most once.
 */
export async function relay(ctx: Context, queue: Queue<Dispatch>, batch = 200): Promise<number> {
  return ctx.db.transaction(async (trx) => {
    const rows = await trx<DueRow>('outbox')
      .select('id', 'job', 'dispatches')
      .where('state', 'pending')
      .where('run_at', '<=', trx.fn.now(3))
      .orderBy([{ column: 'run_at' }, { column: 'id' }])
      .limit(batch)
      .forUpdate()
      .skipLocked();
    if (rows.length === 0) return 0;
    await queue.addBulk(
      rows.map((row) => ({
        name: row.job,
        data: { id: row.id, dispatch: row.dispatches + 1 },
        opts: {
          jobId: `outbox/${row.id}/${row.dispatches + 1}`,
          attempts: 1,
          removeOnComplete: true,
          removeOnFail: true,
        },
      })),
    );
    await trx('outbox')
      .whereIn(
        'id',
        rows.map((row) => row.id),
      )
      .update({ state: 'sent', sent_at: trx.fn.now(3), dispatches: trx.raw('dispatches + 1') });
    return rows.length;
  });
}
