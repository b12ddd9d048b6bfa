import { z } from 'zod';
import type { TenantContext } from '../context.ts';
import { withTransaction } from '../db/transaction.ts';
import { type Page, paginate, type PageQuery } from '../http/pagination.ts';
import type { Input, SseMessage } from '../http/route.ts';
import { operationTopic } from '../live/announce.ts';
import type { LiveListener } from '../live/listen.ts';
import type { AnyOperation } from './define.ts';
import { OperationNotFailed, type OperationRow, type StepRow, beginRound, findOperation, readSteps } from './store.ts';

const OperationStep = z.object({
  name: z.string(),
  state: z.enum(['pending', 'running', 'succeeded', 'failed', 'undone']),
  startedAt: z.iso.datetime().nullable(),
  endedAt: z.iso.datetime().nullable(),
  progress: z.number().int().nullable().meta({ description: 'Percent.' }),
  output: z.string().nullable().meta({ description: 'The end of what the outside has printed so far.' }),
  error: z.string().nullable(),
});

export const OperationSnapshot = z
  .object({
    id: z.string(),
    kind: z.string(),
    subjectId: z.string().nullable(),
    state: z.enum(['running', 'succeeded', 'failing', 'failed']),
    steps: z.array(OperationStep),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Operation' });
export type OperationSnapshot = z.output<typeof OperationSnapshot>;

export async function getOperation(ctx: TenantContext, operationId: string): Promise<OperationSnapshot> {
  const row = await findOperation(ctx, operationId);
  return present(row, await readSteps(ctx, [row.id]));
}

export async function listOperations(
  ctx: TenantContext,
  query: PageQuery & { subjectId?: string | undefined },
): Promise<Page<OperationSnapshot>> {
  const rows = ctx.db<OperationRow>('operations').where({ tenant_id: ctx.tenantId });
  if (query.subjectId !== undefined) void rows.where({ subject_id: query.subjectId });
  const page = await paginate<OperationRow>(rows, query);
  const steps = await readSteps(
    ctx,
    page.items.map((row) => row.id),
  );
  return {
    ...page,
    items: page.items.map((row) =>
      present(
        row,
        steps.filter((step) => step.operation_id === row.id),
      ),
    ),
  };
}

/** A person starts a failed operation again. */
export async function retryOperation(
  ctx: TenantContext,
  definitions: ReadonlyMap<string, AnyOperation>,
  operationId: string,
): Promise<OperationSnapshot> {
  return withTransaction(ctx, async (ctx) => {
    await ctx.db('operations').where({ id: operationId, tenant_id: ctx.tenantId }).forUpdate().first('id');
    const row = await findOperation(ctx, operationId);
    if (row.state !== 'failed') throw OperationNotFailed({ state: row.state });
    await beginRound(ctx, row, 0);
    await definitions.get(row.kind)?.onRetried?.(ctx, {
      id: row.id,
      subjectId: row.subject_id,
      input: JSON.parse(row.input),
      result: {},
      round: row.round + 1,
    });
    return getOperation(ctx, operationId);
  });
}

/**
 * The operation as it is now and after every change, until it has ended or the client has gone. Nothing more is told
 * to a client that has signed out or was removed since.
 */
export async function* watchOperation(
  ctx: TenantContext,
  live: LiveListener,
  operationId: string,
  { signal, isStillAllowed }: Pick<Input<unknown, unknown, unknown>, 'signal' | 'isStillAllowed'>,
): AsyncGenerator<SseMessage> {
  let last = '';
  while (!signal.aborted) {
    const changed = live.next(operationTopic(operationId), 2000, signal);
    const snapshot = await getOperation(ctx, operationId);
    const data = JSON.stringify(snapshot);
    if (data !== last) yield { event: 'operation', data };
    last = data;
    if (snapshot.state === 'succeeded' || snapshot.state === 'failed') return;
    await changed;
    if (!signal.aborted && !(await isStillAllowed())) return;
  }
}

function present(row: OperationRow, steps: readonly StepRow[]): OperationSnapshot {
  return {
    id: row.id,
    kind: row.kind,
    subjectId: row.subject_id,
    state: row.state,
    steps: steps.map((step) => ({
      name: step.name,
      state: step.state,
      startedAt: step.started_at?.toISOString() ?? null,
      endedAt: step.ended_at?.toISOString() ?? null,
      progress: step.progress,
      output: step.output,
      error: step.error,
    })),
    error: row.error_code === null ? null : { code: row.error_code, message: row.error_message ?? '' },
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}
