import { Counter, Gauge } from 'prom-client';
import type { Context } from '#core/context.ts';
import type { BreakerState } from './breaker.ts';

const NUMBERS: Record<BreakerState, number> = { closed: 0, half_open: 1, open: 2 };

export function createBreakerMetrics(
  { metrics: { registry } }: Pick<Context, 'metrics'>,
  states: () => ReadonlyMap<string, BreakerState>,
) {
  const registers = [registry];
  new Gauge({
    name: 'bastide_llm_breaker_state',
    help: 'Circuit breaker of a provider: 0 closed, 1 half open, 2 open.',
    labelNames: ['provider'] as const,
    registers,
    collect() {
      for (const [provider, state] of states()) this.set({ provider }, NUMBERS[state]);
    },
  });
  return {
    transitions: new Counter({
      name: 'bastide_llm_breaker_transitions_total',
      help: 'Changes of a circuit breaker, by the state it went to (half_open: this process sent the probe).',
      labelNames: ['provider', 'to'] as const,
      registers,
    }),
    refused: new Counter({
      name: 'bastide_llm_provider_refused_total',
      help: 'Requests that a provider refused because of our own key or account (401, 402, 403); a person must look.',
      labelNames: ['provider'] as const,
      registers,
    }),
  };
}
