import { withTenant } from '#core/context.ts';
import { type JobHandler, on } from '#core/jobs/define.ts';
import type { WorkerLoop } from '#core/process/worker-loop.ts';
import { entitlementsChanged } from '#modules/catalogue/schemas.ts';
import { forgetPrincipals } from './keys/changes.ts';
import { UsageConsumer } from './usage/consumer.ts';

export const llmHandlers: readonly JobHandler[] = [
  on(entitlementsChanged, (ctx, { tenantId }) => forgetPrincipals(withTenant(ctx, tenantId)), { as: 'llm' }),
];

export const llmLoops: readonly WorkerLoop[] = [
  {
    name: 'usage of the LLM gateway',
    start: (ctx) => {
      const consumer = new UsageConsumer(ctx);
      consumer.start();
      return consumer;
    },
  },
];
