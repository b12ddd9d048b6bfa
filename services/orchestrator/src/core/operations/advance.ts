import { isDatabaseDown } from '../db/connect.ts';
import { withLock } from '../db/lock.ts';
import { withTransaction } from '../db/transaction.ts';
import { type Context, type TenantContext, withTenant } from '../context.ts';
import { AppError, InternalError } from '../errors.ts';
import { stableUuid } from '../ids.ts';
import { type JobHandler, on } from '../jobs/define.ts';
import { type AnyOperation, type OperationView, type Step, StepFailed, type StepOutcome } from './define.ts';
import {
  type OperationRow,
  type StepRow,
  advanceOperation,
  announceOperation,
  readOperation,
  readSteps,
  scheduleNext,
} from './store.ts';

const DEFAULT_ATTEMPTS = 8;
const MAX_PAUSE_MS = 60_000;
const OUTPUT_LIMIT = 64_000;

type AnyStep = Step<unknown, Record<string, unknown>>;

/** The step that is at hand, with its rows. */
interface Current {
  definition: AnyOperation;
  row: OperationRow;
  step: AnyStep;
  stepRow: StepRow;
}

/** The job handler that carries all kinds of operations forward. */
export function operationsHandler(definitions: readonly AnyOperation[]): JobHandler {
  const byKind = new Map(definitions.map((definition) => [definition.kind, definition]));
  return on(advanceOperation, (ctx, { operationId, tick }) =>
    // One worker at a time; a killed one loses the lock with its connection.
    withLock(ctx.db, `operation/${operationId}`, 10, () => advance(ctx, byKind, operationId, tick)),
  );
}

async function advance(
  app: Context,
  definitions: ReadonlyMap<string, AnyOperation>,
  operationId: string,
  tick: number,
): Promise<void> {
  for (;;) {
    const row = await readOperation(app, operationId);
    // A later tick is already scheduled: this job is an old one that was run again.
    if (!row || row.tick > tick || row.state === 'succeeded' || row.state === 'failed') return;
    const definition = definitions.get(row.kind);
    if (!definition) throw new Error(`No definition of the operation kind ${row.kind}`);
    const ctx = withTenant(app, row.tenant_id);
    const current = await at(ctx, definition, row);
    const goesOn = row.state === 'running' ? await forward(ctx, current) : await backward(ctx, current);
    if (!goesOn) return;
  }
}

async function at(ctx: TenantContext, definition: AnyOperation, row: OperationRow): Promise<Current> {
  const step = definition.steps[row.step_index];
  const stepRow = (await readSteps(ctx, [row.id])).find((candidate) => candidate.position === row.step_index);
  if (!step || !stepRow) throw new Error(`The operation ${row.id} has no step ${row.step_index}`);
  return { definition, row, step, stepRow };
}

/** Runs the step at hand. True when there is more to do right now. */
async function forward(ctx: TenantContext, current: Current): Promise<boolean> {
  const { row, step, stepRow } = current;
  await ctx
    .db('operation_steps')
    .where({ operation_id: row.id, position: row.step_index })
    .update({ state: 'running', started_at: ctx.db.raw('coalesce(started_at, now(3))') });
  if (stepRow.state !== 'running') announceOperation(ctx, row);
  const startedAt = stepRow.started_at ?? new Date();
  try {
    assertInTime(step, startedAt);
    const outcome = await step.run(ctx, view(current, startedAt));
    return 'done' in outcome ? await succeedStep(ctx, current, outcome) : await waitForStep(ctx, current, outcome);
  } catch (error) {
    // The database's own absence is no failure of the step: the job as a whole comes back later.
    if (isDatabaseDown(error)) throw error;
    await failStep(ctx, current, error);
    return false;
  }
}

function assertInTime(step: AnyStep, startedAt: Date): void {
  if (step.deadlineMs !== undefined && Date.now() - startedAt.getTime() > step.deadlineMs)
    throw new StepFailed('operation.deadline_exceeded', `${step.name} took longer than ${step.deadlineMs / 1000} s`);
}

async function succeedStep(
  ctx: TenantContext,
  current: Current,
  outcome: Extract<StepOutcome<Record<string, unknown>>, { done: true }>,
): Promise<boolean> {
  const { definition, row } = current;
  const isLast = row.step_index === definition.steps.length - 1;
  const result = { ...parse(row.result), ...outcome.result };
  await withTransaction(ctx, async (ctx) => {
    await ctx
      .db('operation_steps')
      .where({ operation_id: row.id, position: row.step_index })
      .update({ state: 'succeeded', ended_at: ctx.db.fn.now(3), progress: 100, error: null });
    await ctx
      .db('operations')
      .where({ id: row.id })
      .update({
        result: JSON.stringify(result),
        ...(isLast
          ? { state: 'succeeded', ended_at: ctx.db.fn.now(3), error_code: null, error_message: null }
          : { step_index: row.step_index + 1 }),
      });
    if (isLast)
      await definition.onSucceeded?.(ctx, view({ ...current, row: { ...row, result: JSON.stringify(result) } }));
    announceOperation(ctx, row);
  });
  if (isLast) ctx.metrics.operations.inc({ kind: row.kind, outcome: 'succeeded' });
  return !isLast;
}

async function waitForStep(
  ctx: TenantContext,
  { row }: Current,
  outcome: Extract<StepOutcome<Record<string, unknown>>, { again: number }>,
): Promise<false> {
  await withTransaction(ctx, async (ctx) => {
    await ctx
      .db('operation_steps')
      .where({ operation_id: row.id, position: row.step_index })
      .update({
        ...(outcome.progress !== undefined && { progress: outcome.progress }),
        ...(outcome.output !== undefined && { output: outcome.output.slice(-OUTPUT_LIMIT) }),
      });
    if (outcome.result)
      await ctx
        .db('operations')
        .where({ id: row.id })
        .update({ result: JSON.stringify({ ...parse(row.result), ...outcome.result }) });
    await scheduleNext(ctx, row, outcome.again);
    announceOperation(ctx, row);
  });
  return false;
}

/** Tries again after a pause, or turns the operation back. */
async function failStep(ctx: TenantContext, current: Current, error: unknown): Promise<void> {
  const { row, step, stepRow } = current;
  const attempts = stepRow.attempts + 1;
  const isFinal = error instanceof StepFailed || attempts >= (step.attempts ?? DEFAULT_ATTEMPTS);
  const { code, message } = explain(error);
  ctx.log[isFinal ? 'error' : 'warn']({ err: error, operationId: row.id, step: step.name, attempts }, 'step failed');
  await withTransaction(ctx, async (ctx) => {
    await ctx
      .db('operation_steps')
      .where({ operation_id: row.id, position: row.step_index })
      .update({ attempts, error: message, ...(isFinal && { state: 'failed', ended_at: ctx.db.fn.now(3) }) });
    if (isFinal)
      await ctx
        .db('operations')
        .where({ id: row.id })
        .update({ state: 'failing', error_code: code, error_message: message });
    await scheduleNext(ctx, row, isFinal ? 0 : pauseMs(attempts));
    announceOperation(ctx, row);
  });
}

/** Takes back the step at hand and moves one step back; the failed step itself may have half-happened. */
async function backward(ctx: TenantContext, current: Current): Promise<boolean> {
  const { definition, row, step, stepRow } = current;
  try {
    if (step.undo && stepRow.state !== 'undone') await step.undo(ctx, view(current));
  } catch (error) {
    if (isDatabaseDown(error)) throw error;
    // Giving up here would leave something behind that nobody sees: undo is tried until it works.
    ctx.log.error({ err: error, operationId: row.id, step: step.name }, 'undo failed, will be tried again');
    await withTransaction(ctx, async (ctx) => {
      await ctx
        .db('operation_steps')
        .where({ operation_id: row.id, position: row.step_index })
        .update({ attempts: stepRow.attempts + 1, error: `undo: ${explain(error).message}` });
      await scheduleNext(ctx, row, pauseMs(stepRow.attempts + 1));
    });
    return false;
  }
  const isFirst = row.step_index === 0;
  await withTransaction(ctx, async (ctx) => {
    if (stepRow.state !== 'failed')
      await ctx
        .db('operation_steps')
        .where({ operation_id: row.id, position: row.step_index })
        .update({ state: 'undone', ended_at: ctx.db.fn.now(3) });
    await ctx
      .db('operations')
      .where({ id: row.id })
      .update(isFirst ? { state: 'failed', ended_at: ctx.db.fn.now(3) } : { step_index: row.step_index - 1 });
    if (isFirst) await definition.onFailed?.(ctx, view(current));
    announceOperation(ctx, row);
  });
  if (isFirst) ctx.metrics.operations.inc({ kind: row.kind, outcome: 'failed' });
  return !isFirst;
}

function view({ row, step, stepRow }: Current, startedAt = stepRow.started_at ?? new Date()) {
  return {
    id: row.id,
    subjectId: row.subject_id,
    input: parse(row.input),
    result: parse(row.result),
    key: (suffix = '') => stableUuid(row.id, step.name, row.round, suffix),
    attempt: stepRow.attempts + 1,
    startedAt,
  } satisfies OperationView<unknown, Record<string, unknown>>;
}

const parse = (json: string) => JSON.parse(json) as Record<string, unknown>;
const pauseMs = (attempts: number) => Math.min(500 * 2 ** attempts, MAX_PAUSE_MS);

/** What a person may read of it: known errors in full, anything else without its inside. */
function explain(error: unknown): { code: string; message: string } {
  if (error instanceof AppError || error instanceof StepFailed) return { code: error.code, message: error.message };
  return { code: InternalError.code, message: error instanceof Error ? error.message : String(error) };
}
