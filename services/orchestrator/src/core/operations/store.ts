import { z } from 'zod';
import type { Context, TenantContext } from '../context.ts';
import { afterCommit, withTransaction } from '../db/transaction.ts';
import { NotFound, defineError } from '../errors.ts';
import { newId } from '../ids.ts';
import { defineJob } from '../jobs/define.ts';
import { enqueue } from '../jobs/enqueue.ts';
import { announce, operationTopic, tenantTopic } from '../live/announce.ts';
import type { Operation } from './define.ts';

export interface OperationRow {
  id: string;
  kind: string;
  key: string;
  tenant_id: string;
  subject_id: string | null;
  state: 'running' | 'succeeded' | 'failing' | 'failed';
  step_index: number;
  round: number;
  tick: number;
  input: string;
  result: string;
  error_code: string | null;
  error_message: string | null;
  created_at: Date;
  updated_at: Date;
  ended_at: Date | null;
}

export interface StepRow {
  operation_id: string;
  position: number;
  name: string;
  state: 'pending' | 'running' | 'succeeded' | 'failed' | 'undone';
  attempts: number;
  started_at: Date | null;
  ended_at: Date | null;
  progress: number | null;
  output: string | null;
  error: string | null;
}

export const advanceOperation = defineJob({
  name: 'operations.advance',
  schema: z.object({ operationId: z.string(), tick: z.number().int() }),
  key: ({ operationId, tick }) => `${operationId}/${tick}`,
  attempts: 1000,
});

export const OperationNotFailed = defineError<{ state: string }>(
  'operation.not_failed',
  409,
  (d) => `Only an operation that has failed can be retried; this one is ${d.state}.`,
);

interface Start<I> {
  /** One operation per kind and key, ever: asking again finds the first one. */
  key: string;
  subjectId: string | null;
  input: I;
}

/** Writes the intent in the caller's transaction; a worker carries it out. Returns the operation's id. */
export async function startOperation<I extends z.ZodType, R>(
  ctx: TenantContext,
  operation: Operation<I, R>,
  start: Start<z.input<I>>,
): Promise<string> {
  return withTransaction(ctx, async (ctx) => {
    const id = newId('operation');
    await ctx
      .db('operations')
      .insert({
        id,
        kind: operation.kind,
        key: start.key,
        tenant_id: ctx.tenantId,
        subject_id: start.subjectId,
        input: JSON.stringify(operation.input.parse(start.input)),
        result: '{}',
      })
      .onConflict(['kind', 'key'])
      .ignore();
    const row = await ctx
      .db<OperationRow>('operations')
      .where({ kind: operation.kind, key: start.key, tenant_id: ctx.tenantId })
      .first();
    if (!row) throw new Error(`The operation ${operation.kind}/${start.key} belongs to another tenant`);
    if (row.id !== id) return row.id;
    await ctx
      .db('operation_steps')
      .insert(operation.steps.map((step, position) => ({ operation_id: id, position, name: step.name })));
    await enqueue(ctx, advanceOperation, { operationId: id, tick: 0 });
    announceOperation(ctx, row);
    return id;
  });
}

export function announceOperation(ctx: Context, row: Pick<OperationRow, 'id' | 'tenant_id'>): void {
  afterCommit(ctx, () => {
    announce(ctx, operationTopic(row.id));
    announce(ctx, tenantTopic(row.tenant_id));
  });
}

/** Lets the operation go on after `delayMs`. Each tick is a job of its own, so none is mistaken for an earlier one. */
export async function scheduleNext(ctx: TenantContext, row: OperationRow, delayMs: number): Promise<void> {
  await ctx
    .db('operations')
    .where({ id: row.id })
    .update({ tick: row.tick + 1 });
  await enqueue(ctx, advanceOperation, { operationId: row.id, tick: row.tick + 1 }, { delayMs });
}

/** Everything from the first step, under new idempotency keys: those of the round before are spent. */
export async function beginRound(ctx: TenantContext, row: OperationRow, delayMs: number): Promise<void> {
  await ctx.db('operation_steps').where({ operation_id: row.id }).update({
    state: 'pending',
    attempts: 0,
    started_at: null,
    ended_at: null,
    error: null,
    progress: null,
    output: null,
  });
  await ctx
    .db('operations')
    .where({ id: row.id })
    .update({
      state: 'running',
      step_index: 0,
      round: row.round + 1,
      result: '{}',
      error_code: null,
      error_message: null,
      ended_at: null,
    });
  await scheduleNext(ctx, row, delayMs);
  announceOperation(ctx, row);
}

/**
 * The row again, locked until the transaction ends; undefined when another worker has moved the operation on since
 * `seen` was read, which can only be when our lock was lost together with its connection.
 */
export async function lockIfUnmoved(ctx: TenantContext, seen: OperationRow): Promise<OperationRow | undefined> {
  const row = await ctx.db<OperationRow>('operations').where({ id: seen.id }).forUpdate().first();
  const isUnmoved =
    row?.tick === seen.tick &&
    row.step_index === seen.step_index &&
    row.round === seen.round &&
    row.state === seen.state;
  return isUnmoved ? row : undefined;
}

export async function readOperation(ctx: Context, operationId: string): Promise<OperationRow | undefined> {
  return ctx.db<OperationRow>('operations').where({ id: operationId }).first();
}

export async function readSteps(ctx: Context, operationIds: readonly string[]): Promise<StepRow[]> {
  return ctx
    .db<StepRow>('operation_steps')
    .whereIn('operation_id', [...operationIds])
    .orderBy(['operation_id', 'position']);
}

export async function findOperation(ctx: TenantContext, operationId: string): Promise<OperationRow> {
  const row = await ctx.db<OperationRow>('operations').where({ id: operationId, tenant_id: ctx.tenantId }).first();
  if (!row) throw NotFound({ entity: 'operation', id: operationId });
  return row;
}
