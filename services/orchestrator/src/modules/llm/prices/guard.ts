import { PROVIDERS } from '../providers/registry.ts';
import { type ListedPrice, OTHER_MODELS, titleOf } from './price-file.ts';

const MOST_TIMES = 5;
/** Whoever runs these pays for the machine, not for tokens. */
const SELF_HOSTED: ReadonlySet<string | null> = new Set(['ollama', 'vllm']);
const COMPARED = ['input', 'cached', 'cacheWrite', 'output'] as const;

/**
 * Prices that would never be used, and mistakes that a wrong decimal point makes: a model that costs nothing, or more
 * than five times more or less than shipped. Whoever means it marks the row `reviewed: true`.
 */
export function suspicions(own: readonly ListedPrice[], shipped: readonly ListedPrice[]): string[] {
  const providers = new Set(PROVIDERS.map(({ name }) => name));
  const before = new Map(shipped.map((entry) => [titleOf(entry), entry]));
  return own.flatMap((entry) => {
    const title = titleOf(entry);
    if (entry.provider !== null && !providers.has(entry.provider))
      return [`${title}: there is no provider ${entry.provider}; there are ${[...providers].join(', ')}`];
    if (entry.isReviewed) return [];
    if (isGift(entry)) return [`${title}: costs 0; if that is so, mark it reviewed: true`];
    const known = before.get(title);
    return known && entry.model !== OTHER_MODELS ? jumps(title, entry, known) : [];
  });
}

const isGift = ({ provider, price }: ListedPrice): boolean =>
  price.input === 0 && price.request === 0 && !SELF_HOSTED.has(provider);

const jumps = (title: string, { price: now }: ListedPrice, { price: before }: ListedPrice): string[] =>
  COMPARED.flatMap((name) => {
    const [low, high] = [Math.min(now[name], before[name]), Math.max(now[name], before[name])];
    if (high <= low * MOST_TIMES) return [];
    return [
      `${title}: ${name} is ${perMillion(now[name])} and was ${perMillion(before[name])} USD per million tokens, ` +
        `more than ${MOST_TIMES} times apart; if that is so, mark it reviewed: true`,
    ];
  });

const perMillion = (pico: number): number => pico / 1_000_000;
