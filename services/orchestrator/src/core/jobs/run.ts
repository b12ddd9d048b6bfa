import type { Context } from '../context.ts';
import { withTransaction } from '../db/transaction.ts';
import { AppError } from '../errors.ts';
import type { JobHandler } from './define.ts';
import { EVENT, insertOutboxRow } from './enqueue.ts';
import type { Dispatch } from './relay.ts';

interface ClaimedRow {
  id: number;
  worker: string;
  dispatches: number;
  job: string;
  key: string;
  tenant_id: string | null;
  data: string;
  attempts: number;
  max_attempts: number;
  request_id: string;
}

/** Says that trying again cannot help: the job waits for a person at once. */
export class Unrecoverable extends Error {
  override readonly name = 'Unrecoverable';
}

const MAX_PAUSE_MS = 5 * 60_000;
const FAN_OUT = '#';

export class JobRunner {
  /** Rows that are being run in this process. */
  readonly active = new Set<number>();
  readonly #handlers = new Map<string, JobHandler[]>();
  readonly #workerId: string;

  constructor(handlers: readonly JobHandler[], workerId: string) {
    this.#workerId = workerId;
    for (const handler of handlers) {
      const sameJob = this.#handlers.get(handler.job.name) ?? [];
      if (sameJob.some((other) => other.as === handler.as))
        throw new Error(`Two handlers of ${handler.job.name} are called ${handler.as}`);
      this.#handlers.set(handler.job.name, [...sameJob, handler]);
    }
  }

  /** One dispatch of one row; a dispatch that was claimed before, or is out of date, is nothing to do. */
  async run(app: Context, { id, dispatch }: Dispatch): Promise<void> {
    if (!(await this.#claim(app, { id, dispatch }))) return;
    this.active.add(id);
    const stopTimer = app.metrics.jobDuration.startTimer();
    try {
      const row = await app.db<ClaimedRow>('outbox').where({ id }).first();
      if (!row) return;
      stopTimer({ job: row.job, outcome: await this.#execute(app, row) });
    } finally {
      this.active.delete(id);
    }
  }

  /**
   * Through the primary key, so that it waits for the relay's commit: by the index on `state`, which the optimizer would
   * often take, the row that the relay is just marking as sent is not found at all, and the dispatch would be lost.
   */
  async #claim(app: Context, { id, dispatch }: Dispatch): Promise<boolean> {
    const [result] = (await app.db.raw(
      `update outbox force index (primary) set state = 'running', worker = ?, started_at = now(3)
       where id = ? and dispatches = ? and state = 'sent'`,
      [this.#workerId, id, dispatch],
    )) as [{ affectedRows: number }];
    return result.affectedRows > 0;
  }

  async #execute(app: Context, row: ClaimedRow): Promise<string> {
    const ctx: Context & { tenantId?: string } = {
      ...app,
      requestId: row.request_id,
      actor: { type: 'system', job: row.job.replace(EVENT, '') },
      log: app.log.child({
        job: row.job,
        key: row.key,
        requestId: row.request_id,
        tenantId: row.tenant_id ?? undefined,
      }),
      ...(row.tenant_id !== null && { tenantId: row.tenant_id }),
    };
    try {
      await this.#dispatchToHandlers(ctx, row);
      await finish(app, row, { state: 'done', ended_at: app.db.fn.now(3), error: null });
      return 'done';
    } catch (error) {
      return recordFailure(ctx, row, error);
    }
  }

  async #dispatchToHandlers(ctx: Context, row: ClaimedRow): Promise<void> {
    const isEvent = row.job.startsWith(EVENT);
    const [jobName = '', as] = row.job.slice(isEvent ? EVENT.length : 0).split(FAN_OUT);
    const handlers = this.#handlers.get(jobName) ?? [];
    const data: unknown = JSON.parse(row.data);
    if (as !== undefined) {
      const handler = handlers.find((candidate) => candidate.as === as);
      if (!handler) throw new Unrecoverable(`No handler ${as} for the job ${jobName}`);
      return handler.run(ctx, data);
    }
    if (handlers.length === 0 && isEvent) return;
    if (handlers.length === 0) throw new Unrecoverable(`No handler for the job ${jobName}`);
    if (handlers.length === 1) return handlers[0]?.run(ctx, data);
    // Each handler gets a row of its own, so that one that fails does not make the others run again.
    for (const handler of handlers)
      await insertOutboxRow(ctx, {
        job: `${jobName}${FAN_OUT}${handler.as}`,
        key: `${row.key}${FAN_OUT}${handler.as}`,
        data: row.data,
        maxAttempts: row.max_attempts,
        delayMs: 0,
      });
  }
}

/** Only the run that holds the row may write it: one that was given up for dead and taken over writes nothing. */
async function finish(app: Context, row: ClaimedRow, change: Record<string, unknown>): Promise<void> {
  // By the primary key, as the claim: two ways to one row would be two orders of locks. A deadlock with the relay or the
  // recovery is tried again here, since failing would run a handler again that has done its work.
  await withTransaction(app, (ctx) =>
    ctx
      .db(ctx.db.raw('outbox force index (primary)'))
      .where({ id: row.id, state: 'running', worker: row.worker, dispatches: row.dispatches })
      .update({ worker: null, ...change }),
  );
}

async function recordFailure(ctx: Context, row: ClaimedRow, error: unknown): Promise<'retried' | 'failed'> {
  const attempts = row.attempts + 1;
  const isFinal = attempts >= row.max_attempts || error instanceof Unrecoverable;
  const pauseMs = Math.min(1000 * 2 ** (attempts - 1), MAX_PAUSE_MS) * (0.8 + Math.random() * 0.4);
  ctx.log[isFinal ? 'error' : 'warn'](
    { err: error, attempts, maxAttempts: row.max_attempts },
    isFinal ? 'job failed for good' : 'job failed, will be retried',
  );
  await finish(ctx, row, {
    attempts,
    error: describe(error),
    ...(isFinal
      ? { state: 'failed', ended_at: ctx.db.fn.now(3) }
      : { state: 'pending', run_at: ctx.db.raw('now(3) + interval ? microsecond', [Math.round(pauseMs * 1000)]) }),
  });
  return isFinal ? 'failed' : 'retried';
}

function describe(error: unknown): string {
  if (error instanceof AppError) return `${error.code}: ${error.message}`;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
