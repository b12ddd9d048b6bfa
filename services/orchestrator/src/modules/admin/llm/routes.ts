import { type Route, route } from '#core/http/route.ts';
import { UsageCsv } from '#modules/llm/usage/report/schemas.ts';
import {
  AbusiveUsers,
  AbusiveUsersQuery,
  LlmDashboard,
  PlatformLlmUsage,
  PlatformUsageExport,
  PlatformUsageQuery,
} from './schemas.ts';
import { abusiveUsers, exportPlatformUsage, llmDashboard, reportPlatformUsage } from './service.ts';

const common = { method: 'get', access: 'platform', tag: 'Operator' } as const;

export const adminLlmRoutes: Route[] = [
  route({
    ...common,
    path: '/admin/dashboard',
    scope: 'platform_figures:read',
    summary: 'The LLM gateway at a glance',
    description:
      'The day’s budget, who uses it, what providers cost, what the gateway earns, and what to do about it. The same figures as in Grafana.',
    response: { status: 200, schema: LlmDashboard },
    handle: (ctx) => llmDashboard(ctx),
  }),
  route({
    ...common,
    path: '/v1/admin/llm/usage',
    scope: 'platform_llm:read',
    summary: 'Usage of the LLM gateway by all tenants',
    query: PlatformUsageQuery,
    response: { status: 200, schema: PlatformLlmUsage },
    handle: (ctx, { query }) => reportPlatformUsage(ctx, query),
  }),
  route({
    ...common,
    path: '/v1/admin/llm/usage.csv',
    scope: 'platform_llm:read',
    summary: 'Usage of the LLM gateway by all tenants, as a file',
    description: 'Every group, one a line.',
    query: PlatformUsageExport,
    response: { status: 200, csv: UsageCsv },
    handle: (ctx, { query }) => exportPlatformUsage(ctx, query),
  }),
  route({
    ...common,
    path: '/v1/admin/llm/abusive-users',
    scope: 'platform_llm:read',
    summary: 'Who sends more messages than a person writes',
    description: 'More than 300 on one day, most first; at most 100 users.',
    query: AbusiveUsersQuery,
    response: { status: 200, schema: AbusiveUsers },
    handle: (ctx, { query }) => abusiveUsers(ctx, query),
  }),
];
