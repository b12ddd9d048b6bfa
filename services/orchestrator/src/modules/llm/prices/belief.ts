import { NANO_PER_USD } from '#core/money.ts';
import type { TokenUsage } from '../providers/provider.ts';

/** Searches and fees are no tokens. */
const BESIDE_TOKENS_NANO_USD = NANO_PER_USD;
/** Providers of the same model differ by less, and so do prices that we have not heard of yet. */
const MOST_TIMES = 10;
/** The dearest model that there is takes 600 USD for a million tokens. */
const MOST_NANO_USD_PER_TOKEN = 1_000_000;
const MOST_NANO_USD = 1000 * NANO_PER_USD;

/**
 * Whether a request can cost what its provider says: not much more than by our own price where the model has one, and
 * never more than any model takes. A misplaced decimal point of theirs must not become somebody's bill.
 */
export function isBelievable(saidNanoUsd: number, ownNanoUsd: number | null, usage: TokenUsage): boolean {
  const tokens = usage.promptTokens + usage.completionTokens;
  const most = ownNanoUsd === null ? tokens * MOST_NANO_USD_PER_TOKEN : ownNanoUsd * MOST_TIMES;
  // Not so for NaN.
  return saidNanoUsd >= 0 && saidNanoUsd <= Math.min(most + BESIDE_TOKENS_NANO_USD, MOST_NANO_USD);
}
