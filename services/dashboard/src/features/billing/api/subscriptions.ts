import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, unwrap, type ItemOf } from '#api/client.ts';
import { tenantKey } from '#api/current-tenant.ts';
import { useIntent } from '#api/intent.ts';
import { INVOICES } from './invoices.ts';

export type Subscription = ItemOf<'/v1/subscriptions'>;

const SUBSCRIPTIONS = 'subscriptions';
const PENDING_POLL_MS = 3000;

export function useSubscriptions() {
  return useQuery({
    queryKey: tenantKey(SUBSCRIPTIONS),
    queryFn: () => unwrap(api.GET('/v1/subscriptions', {})),
    refetchInterval: (query) => (query.state.data?.items.some(isPending) === true ? PENDING_POLL_MS : false),
  });
}

export function useSubscribe() {
  const queryClient = useQueryClient();
  const mutationFn = useIntent((priceCode: string, headers) =>
    unwrap(api.POST('/v1/subscriptions', { body: { priceCode }, headers })),
  );
  return useMutation({
    mutationFn,
    onSuccess: () =>
      Promise.all([
        queryClient.invalidateQueries({ queryKey: tenantKey(SUBSCRIPTIONS) }),
        queryClient.invalidateQueries({ queryKey: tenantKey(INVOICES) }),
        queryClient.invalidateQueries({ queryKey: tenantKey('entitlements') }),
      ]),
  });
}

/** The billing engine has not answered yet: it will within seconds. */
export function isPending(subscription: Subscription): boolean {
  return subscription.status === 'pending';
}
