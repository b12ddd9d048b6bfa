/** What one token costs, in whole pico-USD: cached tokens are cheap. */
export interface Rates {
  input: number;
  /** Prompt tokens read from the provider's cache. */
  cached: number;
  /** Prompt tokens written to it. */
  cacheWrite: number;
  output: number;
  audioInput: number;
  audioOutput: number;
}

export interface Price extends Rates {
  /** `openai/gpt-4o-mini@2026-11-20`. */
  name: string;
  /** Pico-USD for each request, whatever its tokens. */
  request: number;
  /** A longer prompt makes the whole request cost this. */
  above: (Rates & { promptTokens: number }) | null;
  contextTokens: number | null;
  maxOutputTokens: number | null;
  asOf: string;
}

const RATES = ['input', 'cached', 'cacheWrite', 'output', 'audioInput', 'audioOutput'] as const;

/** At least what any of them takes, whichever of them serves the request and whatever it uses; null when there are none. */
export function dearestOf(prices: readonly Price[]): Price | null {
  const [first, ...others] = prices;
  if (!first) return null;
  if (others.length === 0) return first;
  const thresholds = prices.flatMap(({ above }) => (above ? [above.promptTokens] : []));
  return {
    name: 'dearest',
    ...highest(prices),
    request: Math.max(...prices.map(({ request }) => request)),
    above:
      thresholds.length === 0
        ? null
        : {
            ...highest(prices.flatMap((price) => (price.above ? [price, price.above] : [price]))),
            promptTokens: Math.min(...thresholds),
          },
    contextTokens: null,
    maxOutputTokens: null,
    asOf: first.asOf,
  };
}

const highest = (rates: readonly Rates[]): Rates =>
  Object.fromEntries(RATES.map((name) => [name, Math.max(...rates.map((each) => each[name]))])) as unknown as Rates;
