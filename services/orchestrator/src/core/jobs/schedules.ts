import type { Context } from '../context.ts';
import { newId } from '../ids.ts';
import type { Schedule } from './define.ts';

/**
 * Starts what is due. The row is moved to its next slot before the work: one worker wins it, and a run that is killed
 * is made up at the next slot. Kept in the database, so a wiped Redis forgets no schedule.
 */
export async function runDueSchedules(ctx: Context, schedules: readonly Schedule[]): Promise<void> {
  for (const schedule of schedules) {
    if (!(await claim(ctx, schedule))) continue;
    const requestId = newId('request');
    try {
      await schedule.run({
        ...ctx,
        requestId,
        actor: { type: 'system', job: schedule.name },
        log: ctx.log.child({ schedule: schedule.name, requestId }),
      });
    } catch (error) {
      ctx.log.error({ err: error, schedule: schedule.name }, 'scheduled run failed; the next slot tries again');
    }
  }
}

async function claim(ctx: Context, schedule: Schedule): Promise<boolean> {
  const next = ctx.db.raw('now(3) + interval ? microsecond', [schedule.everyMs(ctx) * 1000]);
  const won = await ctx
    .db('schedules')
    .where('name', schedule.name)
    .where('next_run_at', '<=', ctx.db.fn.now(3))
    .update({ next_run_at: next, last_run_at: ctx.db.fn.now(3) });
  if (won > 0) return true;
  await ctx.db('schedules').insert({ name: schedule.name, next_run_at: next }).onConflict('name').ignore();
  return false;
}
