import { type Route, route } from '#core/http/route.ts';
import { TenantNotFound } from '#modules/identity/tenants/service.ts';
import { LlmBudget, OverrideLlmBudget, SetLlmBudget, TenantBudgetParams, TenantLlmBudget } from './schemas.ts';
import { getLlmBudget, getTenantLlmBudget, overrideLlmBudget, setLlmBudget } from './service.ts';

const path = '/v1/llm/budget';
const adminPath = '/v1/admin/llm/tenants/:tenantId/budget';

export const llmBudgetRoutes: Route[] = [
  route({
    method: 'get',
    path,
    access: 'tenant',
    scope: 'llm:read',
    tag: 'LLM gateway',
    summary: 'Get the budget of the LLM gateway',
    description: 'What the tenant may spend, what is spent, and when it begins anew.',
    response: { status: 200, schema: LlmBudget },
    handle: (ctx) => getLlmBudget(ctx),
  }),
  route({
    method: 'put',
    path,
    access: 'tenant',
    scope: 'llm:write',
    tag: 'LLM gateway',
    summary: 'Set the budget of the LLM gateway',
    description: "A brake of the tenant's own, for all of its keys together. In force from the next request on.",
    body: SetLlmBudget,
    response: { status: 200, schema: LlmBudget },
    handle: (ctx, { body }) => setLlmBudget(ctx, body),
  }),
  route({
    method: 'get',
    path: adminPath,
    access: 'platform',
    scope: 'platform_llm:read',
    tag: 'Platform: LLM gateway',
    summary: 'Get what a tenant may spend',
    params: TenantBudgetParams,
    response: { status: 200, schema: TenantLlmBudget },
    errors: [TenantNotFound],
    handle: (ctx, { params }) => getTenantLlmBudget(ctx, params.tenantId),
  }),
  route({
    method: 'put',
    path: adminPath,
    access: 'platform',
    scope: 'platform_llm:write',
    tag: 'Platform: LLM gateway',
    summary: 'Set what a tenant may spend',
    description: 'Instead of what its plans say. In force from the next request on.',
    params: TenantBudgetParams,
    body: OverrideLlmBudget,
    response: { status: 200, schema: TenantLlmBudget },
    errors: [TenantNotFound],
    handle: (ctx, { params, body }) => overrideLlmBudget(ctx, params.tenantId, body),
  }),
];
