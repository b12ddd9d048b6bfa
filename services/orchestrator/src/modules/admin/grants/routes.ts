import { NotFound } from '#core/errors.ts';
import { type Route, route } from '#core/http/route.ts';
import { TenantNotFound } from '#modules/identity/tenants/service.ts';
import { CustomerParams } from '../customers/schemas.ts';
import {
  CreatePlanGrant,
  PlanGrant,
  PlanGrantPage,
  PlanGrantParams,
  PlanGrantQuery,
  RevokePlanGrant,
} from './schemas.ts';
import { PlanGranted, getGrant, grantPlan, listGrants, revokeGrant } from './service.ts';

const tag = 'Platform: plans by hand';
const path = '/v1/admin/grants';

export const grantRoutes: Route[] = [
  route({
    method: 'post',
    path: '/v1/admin/tenants/:tenantId/grants',
    access: 'platform',
    scope: 'platform_grants:write',
    tag,
    summary: 'Give a tenant a plan without a payment',
    description:
      'Its rights are in force at once, beside what the tenant has bought; the agreed price counts in the figures and is collected outside of Bastide.',
    params: CustomerParams,
    body: CreatePlanGrant,
    response: { status: 201, schema: PlanGrant },
    errors: [TenantNotFound, PlanGranted],
    handle: (ctx, { params, body }) => grantPlan(ctx, params.tenantId, body),
  }),
  route({
    method: 'get',
    path,
    access: 'platform',
    scope: 'platform_customers:read',
    tag,
    summary: 'List plans that were given by hand, newest first',
    query: PlanGrantQuery,
    response: { status: 200, schema: PlanGrantPage },
    handle: (ctx, { query }) => listGrants(ctx, query),
  }),
  route({
    method: 'get',
    path: `${path}/:grantId`,
    access: 'platform',
    scope: 'platform_customers:read',
    tag,
    summary: 'Get a plan that was given by hand',
    params: PlanGrantParams,
    response: { status: 200, schema: PlanGrant },
    errors: [NotFound],
    handle: (ctx, { params }) => getGrant(ctx, params.grantId),
  }),
  route({
    method: 'post',
    path: `${path}/:grantId/revoke`,
    access: 'platform',
    scope: 'platform_grants:write',
    tag,
    summary: 'Take a plan back that was given by hand',
    description:
      'At once. Nothing is deleted: what is beyond the rights that remain can be looked at and not added to.',
    params: PlanGrantParams,
    body: RevokePlanGrant,
    response: { status: 200, schema: PlanGrant },
    errors: [NotFound],
    handle: (ctx, { params, body }) => revokeGrant(ctx, params.grantId, body),
  }),
];
