import type { z } from 'zod';
import type { Context } from '../context.ts';
import { afterCommit } from '../db/transaction.ts';
import { announce } from '../live/announce.ts';
import type { Job } from './define.ts';

export const WAKE_TOPIC = 'outbox';
/** Marks the rows of events, so that the runner can tell one without handlers from a mistake. */
export const EVENT = 'event/';

interface EnqueueOptions {
  /** Not before this long from now. */
  delayMs?: number;
}

/**
 * Writes the job in the caller's transaction: it exists exactly when the change that caused it does.
 * Enqueuing the same key again is harmless.
 */
export async function enqueue<S extends z.ZodType>(
  ctx: Context & { tenantId?: string },
  job: Job<S>,
  input: z.input<S>,
  options: EnqueueOptions = {},
): Promise<void> {
  const data = job.schema.parse(input);
  await insertOutboxRow(ctx, {
    job: job.isEvent ? `${EVENT}${job.name}` : job.name,
    key: `${job.name}/${job.key(data)}`,
    data: JSON.stringify(data),
    maxAttempts: job.attempts,
    delayMs: options.delayMs ?? 0,
  });
}

interface OutboxInsert {
  job: string;
  key: string;
  data: string;
  maxAttempts: number;
  delayMs: number;
}

export async function insertOutboxRow(ctx: Context & { tenantId?: string }, row: OutboxInsert): Promise<void> {
  await ctx
    .db('outbox')
    .insert({
      job: row.job,
      key: row.key,
      tenant_id: ctx.tenantId ?? null,
      data: row.data,
      max_attempts: row.maxAttempts,
      run_at: ctx.db.raw('now(3) + interval ? microsecond', [row.delayMs * 1000]),
      request_id: ctx.requestId,
    })
    .onConflict('key')
    .ignore();
  if (row.delayMs === 0) afterCommit(ctx, () => announce(ctx, WAKE_TOPIC));
}
