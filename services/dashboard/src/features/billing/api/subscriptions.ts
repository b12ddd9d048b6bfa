import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, unwrap, type ItemOf } from '#api/client.ts';
import { tenantKey } from '#api/current-tenant.ts';
import { useIntent } from '#api/intent.ts';
import { usePages } from '#api/pages.ts';
import { INVOICES } from './invoices.ts';

export type Subscription = ItemOf<'/v1/subscriptions'>;

const SUBSCRIPTIONS = 'subscriptions';
const PENDING_POLL_MS = 3000;

export function useSubscriptions() {
  return usePages({
    key: tenantKey(SUBSCRIPTIONS),
    fetchPage: (query) => unwrap(api.GET('/v1/subscriptions', { params: { query } })),
    pollMs: (items) => items.some(isPending) && PENDING_POLL_MS,
  });
}

export function useSubscribe() {
  const queryClient = useQueryClient();
  const mutationFn = useIntent((priceCode: string, headers) =>
    unwrap(api.POST('/v1/subscriptions', { body: { priceCode }, headers })),
  );
  return useMutation({
    mutationFn,
    onSettled: () =>
      Promise.all([
        queryClient.invalidateQueries({ queryKey: tenantKey(SUBSCRIPTIONS) }),
        queryClient.invalidateQueries({ queryKey: tenantKey(INVOICES) }),
        queryClient.invalidateQueries({ queryKey: tenantKey('entitlements') }),
      ]),
  });
}

/** Spares the wait for the next try, once the problem is mended. */
export function useRetryOrder() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (subscriptionId: string) =>
      unwrap(api.POST('/v1/subscriptions/{subscriptionId}/retry', { params: { path: { subscriptionId } } })),
    onSettled: () => queryClient.invalidateQueries({ queryKey: tenantKey(SUBSCRIPTIONS) }),
  });
}

/** Ordered or running: it holds its place in its line. */
export function isCurrent({ status }: Subscription): boolean {
  return status === 'pending' || status === 'active';
}

/** The billing engine has not answered yet: it will within seconds. */
export function isPending(subscription: Subscription): boolean {
  return subscription.status === 'pending';
}
