import { type Route, route } from '#core/http/route.ts';
import {
  LlmRequestPage,
  LlmUsage,
  RequestsCsv,
  RequestsExport,
  RequestsQuery,
  UsageCsv,
  UsageQuery,
} from './schemas.ts';
import { exportRequests, exportUsage, listRequests, reportUsage } from './service.ts';

const common = { method: 'get', access: 'tenant', scope: 'llm:read', tag: 'LLM gateway' } as const;

export const llmUsageRoutes: Route[] = [
  route({
    ...common,
    path: '/v1/llm/usage',
    summary: 'Usage of the LLM gateway',
    description: 'In total, by day, and by what `groupBy` says. A request shows up here within a few seconds.',
    query: UsageQuery,
    response: { status: 200, schema: LlmUsage },
    handle: (ctx, { query }) => reportUsage(ctx, query),
  }),
  route({
    ...common,
    path: '/v1/llm/usage.csv',
    summary: 'Usage of the LLM gateway, as a file',
    description: 'The groups of `/v1/llm/usage`, one a line.',
    query: UsageQuery,
    response: { status: 200, csv: UsageCsv },
    handle: (ctx, { query }) => exportUsage(ctx, query),
  }),
  route({
    ...common,
    path: '/v1/llm/usage/requests',
    summary: 'List single requests to the LLM gateway',
    description: 'Newest first, of at most 92 days. What was asked and answered is stored nowhere.',
    query: RequestsQuery,
    response: { status: 200, schema: LlmRequestPage },
    handle: (ctx, { query }) => listRequests(ctx, query),
  }),
  route({
    ...common,
    path: '/v1/llm/usage/requests.csv',
    summary: 'Single requests to the LLM gateway, as a file',
    description: 'All of at most 92 days, newest first.',
    query: RequestsExport,
    response: { status: 200, csv: RequestsCsv },
    handle: (ctx, { query }) => exportRequests(ctx, query),
  }),
];
