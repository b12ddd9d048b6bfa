import type { Context } from '#core/context.ts';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

const SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

export function createGatewayMetrics({ metrics: { registry } }: Pick<Context, 'metrics'>) {
  const registers = [registry];
  return { ...ofRequests(registers), ...ofTheGateway(registers) };
}
export type GatewayMetrics = ReturnType<typeof createGatewayMetrics>;

function ofRequests(registers: Registry[]) {
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
    seconds: new Histogram({
      name: 'bastide_llm_request_seconds',
      help: 'From the request to the end of its answer.',
      labelNames: ['provider', 'model'] as const,
      buckets: SECONDS,
      registers,
    }),
  };
}

function ofTheGateway(registers: Registry[]) {
  return {
    attempts: new Counter({
      name: 'bastide_llm_failed_attempts_total',
      help: 'Attempts after which another provider was asked, by how they failed.',
      labelNames: ['provider', 'outcome'] as const,
      registers,
    }),
    fallbacks: new Counter({
      name: 'bastide_llm_fallbacks_total',
      help: 'Requests that went to another provider than the first of their route.',
      labelNames: ['from', 'to'] as const,
      registers,
    }),
    budgetFallbacks: new Counter({
      name: 'bastide_llm_budget_fallbacks_total',
      help: 'Requests that the free provider answered because the day’s budget was spent.',
      registers,
    }),
    shed: new Counter({
      name: 'bastide_llm_shed_total',
      help: 'Requests refused because the gateway had as much as it can serve.',
      registers,
    }),
    providersOn: new Gauge({
      name: 'bastide_llm_providers_on',
      help: 'Providers that are configured: 1 for each.',
      labelNames: ['provider'] as const,
      registers,
    }),
    live: new Gauge({ name: 'bastide_llm_live_requests', help: 'Requests under way.', registers }),
  };
}
