import { pageOf } from '#core/http/pagination.ts';
import { type Route, route } from '#core/http/route.ts';
import { AuditEntry, AuditFilter } from './schemas.ts';
import { listAuditLog } from './service.ts';

export const auditRoutes: Route[] = [
  route({
    method: 'get',
    path: '/v1/audit-log',
    access: 'tenant',
    scope: 'audit:read',
    tag: 'Audit',
    summary: 'List what was changed, newest first',
    query: AuditFilter,
    response: { status: 200, schema: pageOf(AuditEntry) },
    handle: (ctx, { query }) => listAuditLog(ctx, query),
  }),
];
