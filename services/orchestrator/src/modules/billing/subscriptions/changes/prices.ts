import type { Context } from '#core/context.ts';
import { catalogue } from '#modules/catalogue/service.ts';

/** Undefined for a price of an earlier revision, whose amount the catalogue no longer tells. */
function yearlyMinor(ctx: Context, priceCode: string): number | undefined {
  const price = catalogue(ctx)
    .plans.flatMap(({ prices }) => prices)
    .find(({ code }) => code === priceCode);
  return price && price.amountMinor * (price.interval === 'year' ? 1 : 12);
}

/** By the year, as engines compare; the same price is not cheaper. False when it cannot be told. */
export function isCheaper(ctx: Context, priceCode: string, than: string): boolean {
  const [amount, other] = [yearlyMinor(ctx, priceCode), yearlyMinor(ctx, than)];
  return amount !== undefined && other !== undefined && amount < other;
}
