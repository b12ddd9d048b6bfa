import { isDatabaseDown } from '../db/connect.ts';
import { withLock } from '../db/lock.ts';
import { type Context, type TenantContext, withTenant } from '../context.ts';
import { type JobHandler, on } from '../jobs/define.ts';
import { type AnyOperation, type OperationView, StepFailed } from './define.ts';
import { type OperationRow, advanceOperation, announceOperation, readOperation, readSteps } from './store.ts';
import { stableUuid } from '../ids.ts';
import {
  type Current,
  Superseded,
  endStep,
  endUndo,
  failStep,
  failUndo,
  parse,
  saveResult,
  waitForStep,
  waitForUndo,
} from './transitions.ts';

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
    try {
      const goesOn = row.state === 'running' ? await forward(ctx, current) : await backward(ctx, current);
      if (!goesOn) return;
    } catch (error) {
      if (!(error instanceof Superseded)) throw error;
      ctx.log.warn({ operationId, step: current.step.name }, 'another worker has taken this operation over');
      return;
    }
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
    assertInTime(current, startedAt);
    const outcome = await step.run(ctx, view(ctx, current, startedAt));
    if ('done' in outcome) return await endStep(ctx, current, outcome);
    await waitForStep(ctx, current, outcome);
  } catch (error) {
    // The database's own absence is no failure of the step: the job as a whole comes back later.
    if (isDatabaseDown(error) || error instanceof Superseded) throw error;
    await failStep(ctx, current, error);
  }
  return false;
}

function assertInTime({ step }: Current, startedAt: Date): void {
  if (step.deadlineMs !== undefined && Date.now() - startedAt.getTime() > step.deadlineMs)
    throw new StepFailed('operation.deadline_exceeded', `${step.name} took longer than ${step.deadlineMs / 1000} s`);
}

/** Takes back the step at hand and moves one step back; the failed step itself may have half-happened. */
async function backward(ctx: TenantContext, current: Current): Promise<boolean> {
  const { step, stepRow } = current;
  try {
    const outcome = stepRow.state === 'undone' ? undefined : await step.undo?.(ctx, view(ctx, current));
    if (!outcome) return await endUndo(ctx, current);
    await waitForUndo(ctx, current, outcome);
  } catch (error) {
    if (isDatabaseDown(error) || error instanceof Superseded) throw error;
    await failUndo(ctx, current, error);
  }
  return false;
}

function view(ctx: TenantContext, current: Current, startedAt = current.stepRow.started_at ?? new Date()) {
  const { row, step, stepRow } = current;
  const result = parse(row.result);
  return {
    id: row.id,
    subjectId: row.subject_id,
    input: parse(row.input),
    result,
    round: row.round,
    key: (suffix = '') => stableUuid(row.id, step.name, row.round, suffix),
    attempt: stepRow.attempts + 1,
    startedAt,
    save: async (patch) => {
      await saveResult(ctx, current, patch);
      Object.assign(result, patch);
    },
  } satisfies OperationView<unknown, Record<string, unknown>>;
}
