import { withTenant } from '#core/context.ts';
import { createLlmKey } from '#modules/llm/keys/service.ts';
import type { MatrixEntry } from '#test/support/matrix.ts';

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
    route: 'delete /v1/llm/keys/:llmKeyId',
    happy: async ({ ctx, owner }) => {
      const key = await createLlmKey(withTenant(ctx, owner.tenantId), { name: 'To be revoked' });
      return { params: { llmKeyId: key.id } };
    },
    badInput: { path: 'params.llmKeyId', change: () => ({ params: { llmKeyId: 'llmk_1' } }) },
  },
  {
    route: 'get /v1/llm/usage',
    happy: () => ({ query: { from: '2026-01-01', to: '2026-01-31' } }),
    badInput: { path: 'query.from', change: () => ({ query: { from: '2026-02-01', to: '2026-01-31' } }) },
  },
];
