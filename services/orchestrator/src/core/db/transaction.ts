import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from '../context.ts';

const RETRYABLE = new Set(['ER_LOCK_DEADLOCK', 'ER_LOCK_WAIT_TIMEOUT', 'ER_CHECKREAD']);
const MAX_TRIES = 4;

/**
 * Runs `work` in a transaction, or in the one already open on `ctx`, so services compose without nesting.
 * A deadlock runs `work` again from the start: what it does outside the database must be safe to repeat.
 */
export async function withTransaction<C extends Context, T>(ctx: C, work: (ctx: C) => Promise<T>): Promise<T> {
  if (ctx.db.isTransaction) return work(ctx);
  for (let attempt = 1; ; attempt += 1) {
    const commitHooks: (() => void)[] = [];
    try {
      const result = await ctx.db.transaction((trx) => work({ ...ctx, db: trx, commitHooks }));
      for (const hook of commitHooks) hook();
      return result;
    } catch (error) {
      const { code } = error as { code?: string };
      if (code === undefined || !RETRYABLE.has(code) || attempt === MAX_TRIES) throw error;
      await sleep(20 * attempt + Math.random() * 50);
    }
  }
}

/** Runs once the data that the hook speaks of can be seen by others; at once when no transaction is open. */
export function afterCommit(ctx: Context, hook: () => void): void {
  if (ctx.commitHooks) ctx.commitHooks.push(hook);
  else hook();
}
