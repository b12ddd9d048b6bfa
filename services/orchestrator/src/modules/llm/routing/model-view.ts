import type { Price } from '../prices/price.ts';
import type { Candidate, RoutePlan } from './route-plan.ts';

const PICO_PER_MICRO = 1_000_000;

/** USD per million tokens, as providers write them. */
interface ModelPricing {
  input: number;
  cached_input: number;
  output: number;
}

/** A model as OpenAI lists it, and outside its fields what a client may want to know before choosing. */
export interface ModelView {
  id: string;
  object: 'model';
  /** Unix time in seconds; 0 when nobody says. */
  created: number;
  owned_by: string;
  context_length?: number | null;
  max_output_tokens?: number | null;
  /** What it costs at most; null = nothing, or nobody knows. */
  pricing?: ModelPricing | null;
  providers?: { name: string; share: number; is_free: boolean; pricing: ModelPricing | null }[];
}

export function viewOf({ model, candidates, dearest, shares }: RoutePlan): ModelView {
  const prices = candidates.flatMap(({ price }) => (price ? [price] : []));
  return {
    id: model,
    object: 'model',
    created: Math.max(0, ...prices.map(({ asOf }) => Date.parse(asOf) / 1000)),
    owned_by: candidates[0]?.provider ?? '',
    context_length: smallest(prices.map(({ contextTokens }) => contextTokens)),
    max_output_tokens: smallest(prices.map(({ maxOutputTokens }) => maxOutputTokens)),
    pricing: dearest && pricingOf(dearest),
    providers: candidates.map((candidate, index) => ({
      name: candidate.provider,
      share: shares[index] ?? 0,
      is_free: candidate.isFree,
      pricing: paidPricing(candidate),
    })),
  };
}

const paidPricing = ({ isFree, price }: Candidate): ModelPricing | null => (isFree || !price ? null : pricingOf(price));

const pricingOf = ({ input, cached, output }: Price): ModelPricing => ({
  input: input / PICO_PER_MICRO,
  cached_input: cached / PICO_PER_MICRO,
  output: output / PICO_PER_MICRO,
});

/** A client that stays within it can be served by any of them. */
function smallest(limits: readonly (number | null)[]): number | null {
  const known = limits.filter((limit) => limit !== null);
  return known.length === 0 ? null : Math.min(...known);
}
