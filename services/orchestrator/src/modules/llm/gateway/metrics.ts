import type { Context } from '#core/context.ts';
import { Counter, Gauge, Histogram } from 'prom-client';

const SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

export function createGatewayMetrics({ metrics: { registry } }: Pick<Context, 'metrics'>) {
  const registers = [registry];
  return {
    requests: new Counter({
      name: 'bastide_llm_requests_total',
      help: 'Chat completions that were let in, by how they ended.',
      labelNames: ['provider', 'outcome'] as const,
      registers,
    }),
    refused: new Counter({
      name: 'bastide_llm_refused_total',
      help: 'Requests that were not let in, by status.',
      labelNames: ['status'] as const,
      registers,
    }),
    firstByte: new Histogram({
      name: 'bastide_llm_first_byte_seconds',
      help: 'From the request to the first byte of its answer.',
      labelNames: ['provider'] as const,
      buckets: SECONDS,
      registers,
    }),
    tokens: new Counter({
      name: 'bastide_llm_tokens_total',
      help: 'Tokens used, by kind.',
      labelNames: ['provider', 'kind'] as const,
      registers,
    }),
    costNanoUsd: new Counter({
      name: 'bastide_llm_cost_nano_usd_total',
      help: 'Cost of what was used.',
      labelNames: ['provider'] as const,
      registers,
    }),
    live: new Gauge({ name: 'bastide_llm_live_requests', help: 'Requests under way.', registers }),
  };
}
export type GatewayMetrics = ReturnType<typeof createGatewayMetrics>;
