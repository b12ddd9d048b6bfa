import { type Route, route } from '#core/http/route.ts';
import { LlmUsage, UsageQuery } from './schemas.ts';
import { reportUsage } from './service.ts';

export const llmUsageRoutes: Route[] = [
  route({
    method: 'get',
    path: '/v1/llm/usage',
    access: 'tenant',
    scope: 'llm:read',
    tag: 'LLM gateway',
    summary: 'Usage of the LLM gateway',
    description: 'By day and in total. A request shows up here within a few seconds.',
    query: UsageQuery,
    response: { status: 200, schema: LlmUsage },
    handle: (ctx, { query }) => reportUsage(ctx, query),
  }),
];
