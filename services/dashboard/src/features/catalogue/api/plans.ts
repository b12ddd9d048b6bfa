import { queryOptions, useQuery } from '@tanstack/react-query';
import { api, unwrap, type ItemOf, type ResponseOf } from '#api/client.ts';
import { tenantKey } from '#api/current-tenant.ts';

export type Plan = ItemOf<'/v1/plans'>;
export type Line = Plan['line'];
export type Price = Plan['prices'][number];
export type Interval = Price['interval'];
export type Entitlements = ResponseOf<'/v1/entitlements', 'get'>;

export const LINES = ['sites', 'llm', 'agents', 'generators'] as const satisfies readonly Line[];

export const plansQuery = queryOptions({
  queryKey: ['plans'],
  queryFn: () => unwrap(api.GET('/v1/plans')),
  staleTime: 5 * 60_000,
});

export function usePlans() {
  return useQuery(plansQuery);
}

export function useEntitlements() {
  return useQuery({ queryKey: tenantKey('entitlements'), queryFn: () => unwrap(api.GET('/v1/entitlements')) });
}

/** What a plan costs in this currency at this interval; undefined when it is not sold that way. */
export function priceOf(plan: Plan, currency: string, interval: Interval): Price | undefined {
  return plan.prices.find((price) => price.currency === currency && price.interval === interval);
}

export function cheapestAmount(plan: Plan, currency: string, interval: Interval): number {
  return priceOf(plan, currency, interval)?.amountMinor ?? Number.POSITIVE_INFINITY;
}
