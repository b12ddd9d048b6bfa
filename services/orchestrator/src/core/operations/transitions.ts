import type { TenantContext } from '../context.ts';
import { withTransaction } from '../db/transaction.ts';
import { AppError, InternalError } from '../errors.ts';
import {
  type Again,
  type AnyOperation,
  type OperationFacts,
  type Step,
  StepFailed,
  type StepOutcome,
} from './define.ts';
import {
  type OperationRow,
  type StepRow,
  announceOperation,
  beginRound,
  lockIfUnmoved,
  scheduleNext,
} from './store.ts';

const DEFAULT_ATTEMPTS = 8;
const MAX_PAUSE_MS = 20_000;
const OUTPUT_LIMIT = 64_000;

type Results = Record<string, unknown>;
type Done = Extract<StepOutcome<Results>, { done: true }>;

/** The step that is at hand, with its rows as they were read. */
export interface Current {
  definition: AnyOperation;
  row: OperationRow;
  step: Step<unknown, Results>;
  stepRow: StepRow;
}

/** Somebody else has moved the operation on: whatever we were about to write is out of date. */
export class Superseded extends Error {
  override readonly name = 'Superseded';
}

/** One change of an operation, and its announcement; refused when the operation is no longer where it was read. */
async function change<T>(
  ctx: TenantContext,
  { row }: Current,
  work: (ctx: TenantContext, row: OperationRow) => Promise<T>,
): Promise<T> {
  return withTransaction(ctx, async (ctx) => {
    const locked = await lockIfUnmoved(ctx, row);
    if (!locked) throw new Superseded(`The operation ${row.id} was moved on meanwhile`);
    const outcome = await work(ctx, locked);
    announceOperation(ctx, row);
    return outcome;
  });
}

/** True when there is another step. */
export async function endStep(ctx: TenantContext, current: Current, outcome: Done): Promise<boolean> {
  const { definition } = current;
  const isLast = current.row.step_index === definition.steps.length - 1;
  await change(ctx, current, async (ctx, row) => {
    const result = merge(row, outcome.result);
    await updateStep(ctx, row, {
      state: 'succeeded',
      ended_at: ctx.db.fn.now(3),
      progress: 100,
      error: null,
      ...printed(outcome),
    });
    await updateOperation(ctx, row, {
      result,
      ...(isLast
        ? { state: 'succeeded', ended_at: ctx.db.fn.now(3), error_code: null, error_message: null }
        : { step_index: row.step_index + 1 }),
    });
    if (isLast) await definition.onSucceeded?.(ctx, facts({ ...row, result }));
  });
  if (isLast) ctx.metrics.operations.inc({ kind: current.row.kind, outcome: 'succeeded' });
  return !isLast;
}

export async function waitForStep(ctx: TenantContext, current: Current, outcome: Again<Results>): Promise<void> {
  await change(ctx, current, async (ctx, row) => {
    // It did get an answer: only failures in a row count.
    await updateStep(ctx, row, {
      attempts: 0,
      error: null,
      ...(outcome.progress !== undefined && { progress: outcome.progress }),
      ...printed(outcome),
    });
    if (outcome.result) await updateOperation(ctx, row, { result: merge(row, outcome.result) });
    await scheduleNext(ctx, row, outcome.again);
  });
}

/** Tries again after a pause, or turns the operation back. */
export async function failStep(ctx: TenantContext, current: Current, error: unknown): Promise<void> {
  const { step, stepRow } = current;
  const attempts = stepRow.attempts + 1;
  const isFinal = error instanceof StepFailed || attempts >= (step.attempts ?? DEFAULT_ATTEMPTS);
  const { code, message } = explain(error);
  ctx.log[isFinal ? 'error' : 'warn'](
    { err: error, operationId: current.row.id, step: step.name, attempts },
    'step failed',
  );
  await change(ctx, current, async (ctx, row) => {
    await updateStep(ctx, row, {
      attempts: isFinal ? 0 : attempts,
      error: message,
      ...(isFinal && { state: 'failed', ended_at: ctx.db.fn.now(3) }),
    });
    if (isFinal) await updateOperation(ctx, row, { state: 'failing', error_code: code, error_message: message });
    await scheduleNext(ctx, row, isFinal ? 0 : pauseMs(attempts));
  });
}

/** The step is taken back. True when there is an earlier one. */
export async function endUndo(ctx: TenantContext, current: Current): Promise<boolean> {
  const { definition, stepRow } = current;
  if (current.row.step_index > 0) {
    await change(ctx, current, async (ctx, row) => {
      await markUndone(ctx, row, stepRow);
      await updateOperation(ctx, row, { step_index: row.step_index - 1 });
    });
    return true;
  }
  const outcome = await change(ctx, current, async (ctx, row) => {
    const pause = definition.startsOver?.({ code: row.error_code ?? '', round: row.round });
    if (pause !== undefined) {
      await beginRound(ctx, row, pause);
      return 'started_over';
    }
    await markUndone(ctx, row, stepRow);
    await updateOperation(ctx, row, { state: 'failed', ended_at: ctx.db.fn.now(3) });
    await definition.onFailed?.(ctx, facts(row));
    return 'failed';
  });
  ctx.metrics.operations.inc({ kind: current.row.kind, outcome });
  return false;
}

export async function waitForUndo(ctx: TenantContext, current: Current, outcome: Again<Results>): Promise<void> {
  await change(ctx, current, async (ctx, row) => {
    await updateStep(ctx, row, { attempts: 0, ...printed(outcome) });
    if (outcome.result) await updateOperation(ctx, row, { result: merge(row, outcome.result) });
    await scheduleNext(ctx, row, outcome.again);
  });
}

/** Giving up here would leave something behind that nobody sees: undo is tried until it works. */
export async function failUndo(ctx: TenantContext, current: Current, error: unknown): Promise<void> {
  const attempts = Math.min(current.stepRow.attempts + 1, 60_000);
  ctx.log.error(
    { err: error, operationId: current.row.id, step: current.step.name },
    'undo failed, will be tried again',
  );
  await change(ctx, current, async (ctx, row) => {
    await updateStep(ctx, row, { attempts, error: `undo: ${explain(error).message}` });
    await scheduleNext(ctx, row, pauseMs(attempts));
  });
}

export async function saveResult(ctx: TenantContext, current: Current, patch: Results): Promise<void> {
  await change(ctx, current, (ctx, row) => updateOperation(ctx, row, { result: merge(row, patch) }));
}

async function updateStep(ctx: TenantContext, row: OperationRow, values: Results): Promise<void> {
  await ctx.db('operation_steps').where({ operation_id: row.id, position: row.step_index }).update(values);
}

async function updateOperation(ctx: TenantContext, row: OperationRow, values: Results): Promise<void> {
  await ctx.db('operations').where({ id: row.id }).update(values);
}

async function markUndone(ctx: TenantContext, row: OperationRow, stepRow: StepRow): Promise<void> {
  if (stepRow.state !== 'failed') await updateStep(ctx, row, { state: 'undone', ended_at: ctx.db.fn.now(3) });
}

const facts = (row: OperationRow): OperationFacts<unknown, Results> => ({
  id: row.id,
  subjectId: row.subject_id,
  input: parse(row.input),
  result: parse(row.result),
  round: row.round,
});

const printed = ({ output }: { output?: string }) =>
  output === undefined ? {} : { output: output.slice(-OUTPUT_LIMIT) };

const merge = (row: OperationRow, patch: Results = {}) => JSON.stringify({ ...parse(row.result), ...patch });

export const parse = (json: string) => JSON.parse(json) as Results;

const pauseMs = (attempts: number) => Math.min(500 * 2 ** attempts, MAX_PAUSE_MS);

/** What a tenant may read of it: known errors in full; the inside of anything else is for the log only. */
function explain(error: unknown): { code: string; message: string } {
  const { code, message } = error instanceof AppError || error instanceof StepFailed ? error : InternalError();
  return { code, message };
}
