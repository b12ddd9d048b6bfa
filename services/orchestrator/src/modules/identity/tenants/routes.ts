import { type Route, route } from '#core/http/route.ts';
import { UserRequired } from '../authorization.ts';
import { CreateTenant, Tenant, UpdateTenant } from './schemas.ts';
import { SlugTaken, TenantLimitReached, createTenant, getTenant, updateTenant } from './service.ts';

const tag = 'Tenants';

export const tenantRoutes: Route[] = [
  route({
    method: 'post',
    path: '/v1/tenants',
    access: 'user',
    tag,
    summary: 'Create a tenant and be its owner',
    body: CreateTenant,
    response: { status: 201, schema: Tenant },
    errors: [SlugTaken, TenantLimitReached, UserRequired],
    handle: (ctx, { body }) => createTenant(ctx, body),
  }),
  route({
    method: 'get',
    path: '/v1/tenant',
    access: 'tenant',
    scope: 'tenant:read',
    tag,
    summary: 'Get the tenant',
    response: { status: 200, schema: Tenant },
    handle: (ctx) => getTenant(ctx, ctx.tenantId),
  }),
  route({
    method: 'patch',
    path: '/v1/tenant',
    access: 'tenant',
    scope: 'tenant:write',
    tag,
    summary: 'Rename the tenant',
    body: UpdateTenant,
    response: { status: 200, schema: Tenant },
    handle: (ctx, { body }) => updateTenant(ctx, body),
  }),
];
