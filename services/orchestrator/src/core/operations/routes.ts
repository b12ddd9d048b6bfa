import { z } from 'zod';
import { pageOf, pageQuery } from '../http/pagination.ts';
import { type Route, route } from '../http/route.ts';
import { idSchema } from '../ids.ts';
import type { LiveListener } from '../live/listen.ts';
import { type AnyOperation } from './define.ts';
import { OperationSnapshot, getOperation, listOperations, retryOperation, watchOperation } from './service.ts';
import { OperationNotFailed } from './store.ts';

const params = z.object({ operationId: idSchema('operation') });
const tag = 'Operations';

export function operationRoutes(definitions: readonly AnyOperation[], live: LiveListener): Route[] {
  const byKind = new Map(definitions.map((definition) => [definition.kind, definition]));
  return [
    route({
      method: 'get',
      path: '/v1/operations',
      access: 'tenant',
      scope: 'operations:read',
      tag,
      summary: 'List operations, newest first',
      query: pageQuery.extend({ subjectId: z.string().max(64).optional() }),
      response: { status: 200, schema: pageOf(OperationSnapshot) },
      handle: (ctx, { query }) => listOperations(ctx, query),
    }),
    route({
      method: 'get',
      path: '/v1/operations/:operationId',
      access: 'tenant',
      scope: 'operations:read',
      tag,
      summary: 'Get an operation with its steps',
      params,
      response: { status: 200, schema: OperationSnapshot },
      handle: (ctx, { params }) => getOperation(ctx, params.operationId),
    }),
    route({
      method: 'get',
      path: '/v1/operations/:operationId/events',
      access: 'tenant',
      scope: 'operations:read',
      tag,
      summary: 'Follow an operation live',
      description:
        'Server-sent events named `operation`; the data is the operation. Ends when the operation has ended, or the caller may not see it any more.',
      params,
      response: { status: 200, events: OperationSnapshot },
      handle: async (ctx, { params, signal, isStillAllowed }) => {
        await getOperation(ctx, params.operationId);
        return watchOperation(ctx, live, params.operationId, { signal, isStillAllowed });
      },
    }),
    route({
      method: 'post',
      path: '/v1/operations/:operationId/retry',
      access: 'tenant',
      scope: 'operations:retry',
      tag,
      summary: 'Try a failed operation again',
      params,
      response: { status: 202, schema: OperationSnapshot },
      errors: [OperationNotFailed],
      handle: (ctx, { params }) => retryOperation(ctx, byKind, params.operationId),
    }),
  ];
}
