import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, unwrap } from '#api/client.ts';
import { tenantKey } from '#api/current-tenant.ts';
import { useIntent } from '#api/intent.ts';
import { leaveFor } from '#lib/leave.ts';

const PAYMENT_METHOD = 'payment-method';

/** The card that is charged for renewals. */
export function usePaymentMethod() {
  return useQuery({
    queryKey: tenantKey(PAYMENT_METHOD),
    queryFn: () => unwrap(api.GET('/v1/payment-method', {})),
  });
}

export function useRemoveCard() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: () => unwrap(api.DELETE('/v1/payment-method', {})),
    onSettled: () => queryClient.invalidateQueries({ queryKey: tenantKey(PAYMENT_METHOD) }),
  });
}

/** Takes the customer to the provider's page, on which cards are changed. */
export function useCardPortal() {
  const mutationFn = useIntent((_: null, headers) => unwrap(api.POST('/v1/payment-method/portal', { headers })));
  return useMutation({ mutationFn, onSuccess: ({ url }) => leaveFor(url) });
}
