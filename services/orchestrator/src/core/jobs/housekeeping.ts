import type { Context } from '../context.ts';
import { defineSchedule } from './define.ts';

const HOUR_MS = 3_600_000;
const BATCH = 5000;

/** What is kept only so that doubles are recognised, and for how long. */
const RETENTION: readonly { table: string; where: string; days: number }[] = [
  { table: 'outbox', where: "state = 'done' and ended_at < now(3) - interval ? day", days: 30 },
  { table: 'inbox', where: 'handled_at < now(3) - interval ? day', days: 90 },
  { table: 'idempotency_keys', where: 'created_at < now(3) - interval ? day', days: 2 },
];

export const housekeeping = defineSchedule({ name: 'core.housekeeping', everyMs: () => HOUR_MS, run: forgetOldRows });

/** In batches: one large delete would hold locks and swell the undo log. */
async function forgetOldRows(ctx: Context): Promise<void> {
  for (const { table, where, days } of RETENTION) {
    let removed: number;
    do removed = await ctx.db(table).whereRaw(where, [days]).limit(BATCH).delete();
    while (removed === BATCH);
  }
}
