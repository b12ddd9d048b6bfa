import { withTenant } from '#core/context.ts';
import { createLlmKey } from '#modules/llm/keys/service.ts';
import type { MatrixEntry, MatrixRequest, MatrixWorld } from '#test/support/matrix.ts';

const someKey = async ({ ctx, owner }: MatrixWorld): Promise<{ llmKeyId: string }> => {
  const key = await createLlmKey(withTenant(ctx, owner.tenantId), { name: 'Some key' });
  return { llmKeyId: key.id };
};
const noId = (request: MatrixRequest): MatrixRequest => ({ ...request, params: { llmKeyId: 'llmk_1' } });

export const entries: MatrixEntry[] = [
  {
    route: 'post /v1/llm/keys',
    happy: () => ({ body: { name: 'Chatbot', models: ['gpt-4o-mini'] } }),
    badInput: { path: 'body.name', change: () => ({ body: { name: '' } }) },
  },
  {
    route: 'get /v1/llm/keys',
    happy: () => ({ query: { limit: '5' } }),
    badInput: { path: 'query.limit', change: () => ({ query: { limit: '0' } }) },
  },
  {
    route: 'get /v1/llm/keys/:llmKeyId',
    happy: async (world) => ({ params: await someKey(world) }),
    badInput: { path: 'params.llmKeyId', change: noId },
  },
  {
    route: 'patch /v1/llm/keys/:llmKeyId',
    happy: async (world) => ({ params: await someKey(world), body: { limits: { messagesPerDay: 10 } } }),
    badInput: {
      path: 'body.limits.messagesPerDay',
      change: (happy) => ({ ...happy, body: { limits: { messagesPerDay: 0 } } }),
    },
  },
  {
    route: 'post /v1/llm/keys/:llmKeyId/rotate',
    happy: async (world) => ({ params: await someKey(world), body: { overlapSeconds: 60 } }),
    badInput: { path: 'body.overlapSeconds', change: (happy) => ({ ...happy, body: { overlapSeconds: 604_801 } }) },
  },
  {
    route: 'delete /v1/llm/keys/:llmKeyId',
    happy: async (world) => ({ params: await someKey(world) }),
    badInput: { path: 'params.llmKeyId', change: noId },
  },
  {
    route: 'get /v1/llm/usage',
    happy: () => ({ query: { from: '2026-01-01', to: '2026-01-31', groupBy: 'model' } }),
    badInput: { path: 'query.from', change: () => ({ query: { from: '2026-02-01', to: '2026-01-31' } }) },
  },
  {
    route: 'get /v1/llm/usage.csv',
    happy: () => ({ query: { from: '2026-01-01', to: '2026-01-31', groupBy: 'key' } }),
    badInput: { path: 'query.groupBy', change: () => ({ query: { groupBy: 'tenant' } }) },
  },
  {
    route: 'get /v1/llm/usage/requests',
    happy: () => ({ query: { outcome: 'completed', limit: '5' } }),
    badInput: { path: 'query.outcome', change: () => ({ query: { outcome: 'lost' } }) },
  },
  {
    route: 'get /v1/llm/usage/requests.csv',
    happy: () => ({ query: { provider: 'groq' } }),
    badInput: { path: 'query.llmKeyId', change: () => ({ query: { llmKeyId: 'ten_1' } }) },
  },
  {
    route: 'get /v1/llm/budget',
    happy: () => ({}),
    badInput: { none: 'takes no input' },
  },
  {
    route: 'put /v1/llm/budget',
    happy: () => ({ body: { budget: { nanoUsd: 5_000_000_000, period: 'month' } } }),
    badInput: { path: 'body.budget.nanoUsd', change: () => ({ body: { budget: { nanoUsd: -1, period: 'day' } } }) },
  },
  {
    route: 'get /v1/admin/llm/tenants/:tenantId/budget',
    happy: ({ owner }) => ({ params: { tenantId: owner.tenantId } }),
    badInput: { path: 'params.tenantId', change: () => ({ params: { tenantId: 'ten_1' } }) },
  },
  {
    route: 'put /v1/admin/llm/tenants/:tenantId/budget',
    happy: ({ owner }) => ({ params: { tenantId: owner.tenantId }, body: { override: { budget: null } } }),
    badInput: {
      path: 'body.override.budget.period',
      change: (happy) => ({ ...happy, body: { override: { budget: { nanoUsd: 1, period: 'year' } } } }),
    },
  },
];
