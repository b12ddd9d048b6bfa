import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, unwrap, type RequestOf } from '#api/client.ts';
import { setCurrentTenant, tenantKey } from '#api/current-tenant.ts';
import { useIntent } from '#api/intent.ts';
import { meQuery } from './me.ts';

export type NewTenant = RequestOf<'/v1/tenants', 'post'>;
export type Currency = NewTenant['currency'];

export const CURRENCIES = ['EUR', 'USD', 'DZD'] as const satisfies readonly Currency[];

export function useTenant() {
  return useQuery({ queryKey: tenantKey('details'), queryFn: () => unwrap(api.GET('/v1/tenant')) });
}

export function useCreateTenant() {
  const queryClient = useQueryClient();
  const mutationFn = useIntent((body: NewTenant, headers) => unwrap(api.POST('/v1/tenants', { body, headers })));
  return useMutation({
    mutationFn,
    onSuccess: async (tenant) => {
      await queryClient.refetchQueries({ queryKey: meQuery.queryKey });
      setCurrentTenant(tenant.id);
    },
  });
}

export function useRenameTenant() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (name: string) => unwrap(api.PATCH('/v1/tenant', { body: { name } })),
    onSuccess: () =>
      Promise.all([
        queryClient.invalidateQueries({ queryKey: tenantKey('details') }),
        queryClient.invalidateQueries({ queryKey: meQuery.queryKey }),
      ]),
  });
}
