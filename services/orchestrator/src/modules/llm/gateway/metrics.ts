import type { Context } from '#core/context.ts';
import { Counter, Gauge, type Registry } from 'prom-client';
import { type Labelled, Spread, SpreadHistogram, Tally, tallied } from './tallies.ts';

const SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

export function createGatewayMetrics({ metrics: { registry } }: Pick<Context, 'metrics'>) {
  const registers = [registry];
  return { ...ofTheGateway(registers), of: ofProviders(registers) };
}
export type GatewayMetrics = ReturnType<typeof createGatewayMetrics>;

/** What every request counts, by its provider. */
class ProviderTallies {
  readonly firstByte = new Spread(SECONDS);
  readonly promptTokens = new Tally();
  readonly completionTokens = new Tally();
  readonly costNanoUsd = new Tally();
  readonly outcomes = new Map<string, Tally>();
  readonly seconds = new Map<string, Spread>();

  ended(outcome: string): void {
    childOf(this.outcomes, outcome, () => new Tally()).value += 1;
  }

  took(model: string, seconds: number): void {
    childOf(this.seconds, model, () => new Spread(SECONDS)).observe(seconds);
  }
}

function childOf<T>(children: Map<string, T>, name: string, create: () => T): T {
  const known = children.get(name);
  if (known) return known;
  const child = create();
  children.set(name, child);
  return child;
}

/** The tallies of a provider, by its name. */
function ofProviders(registers: Registry[]): (provider: string) => ProviderTallies {
  const providers = new Map<string, ProviderTallies>();
  const children =
    <L extends string, T>(labelled: (provider: string, of: ProviderTallies) => Labelled<L, T>[]) =>
    () =>
      [...providers].flatMap(([provider, of]) => labelled(provider, of));
  /** Of whom nothing was used there is nothing to show. */
  const served: typeof children = (labelled) =>
    children((provider, of) => (of.seconds.size > 0 ? labelled(provider, of) : []));
  tallied(
    {
      name: 'bastide_llm_requests_total',
      help: 'Chat completions that were let in, by how they ended.',
      labelNames: ['provider', 'outcome'],
      registers,
    },
    children((provider, { outcomes }) => [...outcomes].map(([outcome, tally]) => [{ provider, outcome }, tally])),
  );
  new SpreadHistogram(
    {
      name: 'bastide_llm_first_byte_seconds',
      help: 'From the request to the first byte of its answer.',
      labelNames: ['provider'],
      buckets: SECONDS,
      registers,
    },
    children((provider, { firstByte }) => (firstByte.count > 0 ? [[{ provider }, firstByte]] : [])),
  );
  tallied(
    {
      name: 'bastide_llm_tokens_total',
      help: 'Tokens used, by kind.',
      labelNames: ['provider', 'kind'],
      registers,
    },
    served((provider, { promptTokens, completionTokens }) => [
      [{ provider, kind: 'prompt' }, promptTokens],
      [{ provider, kind: 'completion' }, completionTokens],
    ]),
  );
  tallied(
    {
      name: 'bastide_llm_cost_nano_usd_total',
      help: 'Cost of what was used.',
      labelNames: ['provider'],
      registers,
    },
    served((provider, { costNanoUsd }) => [[{ provider }, costNanoUsd]]),
  );
  new SpreadHistogram(
    {
      name: 'bastide_llm_request_seconds',
      help: 'From the request to the end of its answer.',
      labelNames: ['provider', 'model'],
      buckets: SECONDS,
      registers,
    },
    children((provider, { seconds }) => [...seconds].map(([model, spread]) => [{ provider, model }, spread])),
  );
  return (provider) => childOf(providers, provider, () => new ProviderTallies());
}

function ofTheGateway(registers: Registry[]) {
  return {
    refused: new Counter({
      name: 'bastide_llm_refused_total',
      help: 'Requests that were not let in, by status.',
      labelNames: ['status'] as const,
      registers,
    }),
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
    disputedCosts: new Counter({
      name: 'bastide_llm_disputed_costs_total',
      help: 'Costs that a provider said and that cannot be: our own price was billed instead, and a person must look.',
      labelNames: ['provider'] as const,
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
