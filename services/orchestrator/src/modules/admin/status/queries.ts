import type { Context } from '#core/context.ts';

/** Seconds that the oldest job which is due has been waiting for; 0 when none is. */
export async function oldestDueJobS({ db }: Pick<Context, 'db'>): Promise<number> {
  const row = await db('outbox')
    .whereIn('state', ['pending', 'sent'])
    .andWhere('run_at', '<=', db.fn.now(3))
    .min<{ oldest: Date | null }[]>({ oldest: 'run_at' });
  const oldest = row[0]?.oldest;
  return oldest ? Math.max(0, (Date.now() - oldest.getTime()) / 1000) : 0;
}
