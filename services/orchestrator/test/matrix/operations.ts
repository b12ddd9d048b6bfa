import { z } from 'zod';
import { type TenantContext, withTenant } from '#core/context.ts';
import { newId } from '#core/ids.ts';
import { anyOperation, defineOperation } from '#core/operations/define.ts';
import { startOperation } from '#core/operations/store.ts';
import type { MatrixEntry, MatrixWorld } from '../support/matrix.ts';

/** Of a kind that no worker of the matrix runs: it stays as the entry has left it. */
const idle = anyOperation(
  defineOperation<Record<string, unknown>>()({
    kind: 'test.idle',
    input: z.object({}),
    steps: [{ name: 'wait', run: () => Promise.resolve({ done: true }) }],
  }),
);

async function operation(world: MatrixWorld, state: 'running' | 'succeeded' | 'failed' = 'running') {
  const ctx: TenantContext = withTenant(world.ctx, world.owner.tenantId);
  const operationId = await startOperation(ctx, idle, { key: newId('request'), subjectId: null, input: {} });
  await ctx.db('operations').where({ id: operationId }).update({ state });
  return { params: { operationId } };
}

const badId = { path: 'params.operationId', change: () => ({ params: { operationId: 'op_1' } }) };

export const entries: MatrixEntry[] = [
  {
    route: 'get /v1/operations',
    happy: () => ({ query: { limit: '5' } }),
    badInput: { path: 'query.limit', change: () => ({ query: { limit: '0' } }) },
  },
  { route: 'get /v1/operations/:operationId', happy: (world) => operation(world), badInput: badId },
  {
    route: 'get /v1/operations/:operationId/events',
    happy: (world) => operation(world, 'succeeded'),
    badInput: badId,
  },
  {
    route: 'post /v1/operations/:operationId/retry',
    happy: (world) => operation(world, 'failed'),
    badInput: badId,
    extra: [
      {
        name: 'one that still runs',
        status: 409,
        code: 'operation.not_failed',
        request: async (world) => ({ caller: world.owner, request: await operation(world) }),
      },
      {
        name: 'one that does not exist',
        status: 404,
        code: 'entity.not_found',
        request: (world) =>
          Promise.resolve({ caller: world.owner, request: { params: { operationId: newId('operation') } } }),
      },
    ],
  },
];
