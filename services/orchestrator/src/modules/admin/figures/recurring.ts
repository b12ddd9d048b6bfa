import type { Context } from '#core/context.ts';
import { catalogue, planOf } from '#modules/catalogue/service.ts';
import type { Price } from '#modules/catalogue/schemas.ts';

/** A twelfth of a minor unit is what all amounts are whole numbers of, yearly ones by the month too. */
export const TWELFTHS = 12;
const PER_MONTH = { month: TWELFTHS, year: 1 } as const;

export interface Recurring {
  currency: string;
  /** A month, of one subscription. */
  twelfths: number;
  /** By the successor of a price that the catalogue has no more. */
  isEstimated: boolean;
}

/** What a subscription brings that pays the price of this code; undefined when the catalogue knows nothing of it. */
export function recurringOf(ctx: Context, priceCode: string): Recurring | undefined {
  const { price, isEstimated } = priceOf(ctx, priceCode);
  if (!price) return undefined;
  return { currency: price.currency, twelfths: price.amountMinor * PER_MONTH[price.interval], isEstimated };
}

/** The price behind a code; of an earlier revision the catalogue knows no amount, so that of its successor. */
function priceOf(ctx: Context, code: string): { price: Price | undefined; isEstimated: boolean } {
  const price = catalogue(ctx)
    .plans.flatMap(({ prices }) => prices)
    .find((one) => one.code === code);
  if (price) return { price, isEstimated: false };
  const [, kind] = /(-[my]-[a-z]{3}-)v\d+$/.exec(code) ?? [];
  const successor = kind === undefined ? undefined : planOf(ctx, code)?.prices.find((one) => one.code.includes(kind));
  return { price: successor, isEstimated: true };
}
