import { type Context, withTenant } from '../context.ts';
import { withTransaction } from '../db/transaction.ts';
import { defineSchedule } from '../jobs/define.ts';
import { type OperationRow, advanceOperation, lockIfUnmoved, scheduleNext } from './store.ts';

const QUIET_S = 30;

/** An operation whose job has given up, or was deleted by hand, would stand still for ever: it is set going again. */
export const sweepOperations = defineSchedule({
  name: 'operations.sweep',
  everyMs: () => 60_000,
  run: async (ctx) => {
    for (const row of await withoutJob(ctx)) {
      const isMoved = await withTransaction(withTenant(ctx, row.tenant_id), async (ctx) => {
        if (!(await lockIfUnmoved(ctx, row))) return false;
        await scheduleNext(ctx, row, 0);
        return true;
      });
      if (isMoved) ctx.log.warn({ operationId: row.id, kind: row.kind }, 'an operation had no job; it goes on');
    }
  },
});

async function withoutJob(ctx: Context): Promise<OperationRow[]> {
  return ctx
    .db<OperationRow>('operations')
    .whereIn('state', ['running', 'failing'])
    .whereRaw('updated_at < now(3) - interval ? second', [QUIET_S])
    .whereNotExists(
      ctx
        .db('outbox')
        .whereRaw('outbox.`key` = concat(?, operations.id, ?, operations.tick)', [`${advanceOperation.name}/`, '/'])
        .whereIn('state', ['pending', 'sent', 'running'])
        .select('id'),
    )
    .limit(200);
}
