export type Interval = 'month' | 'year';

/** `business-m-eur-v1`: a price's name here and the code of its plan at the billing engine. */
export function priceCode(planKey: string, interval: Interval, currency: string, revision: number): string {
  return `${planKey}-${interval === 'month' ? 'm' : 'y'}-${currency.toLowerCase()}-v${revision}`;
}

/** Which plan a code belongs to, also when the catalogue has moved on to a later revision. */
export function planKeyOf(code: string): string | undefined {
  return /^(.+)-[my]-[a-z]{3}-v\d+$/.exec(code)?.[1];
}
