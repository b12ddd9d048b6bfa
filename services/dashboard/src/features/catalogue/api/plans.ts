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

/** What a plan costs in this currency (null: in the first it is sold in) at this interval; undefined when it is not sold that way. */
export function priceOf(plan: Plan, currency: string | null, interval: Interval): Price | undefined {
  return plan.prices.find((price) => (currency ?? price.currency) === price.currency && price.interval === interval);
}
