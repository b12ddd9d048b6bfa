import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, unwrap, type ItemOf, type RequestOf } from '#api/client.ts';
import { tenantKey } from '#api/current-tenant.ts';
import { useIntent } from '#api/intent.ts';

export type ApiKey = ItemOf<'/v1/api-keys'>;
export type NewApiKey = RequestOf<'/v1/api-keys', 'post'>;

const API_KEYS = 'api-keys';

export function useApiKeys() {
  return useQuery({ queryKey: tenantKey(API_KEYS), queryFn: () => unwrap(api.GET('/v1/api-keys', {})) });
}

export function useCreateApiKey() {
  const queryClient = useQueryClient();
  const mutationFn = useIntent((body: NewApiKey, headers) => unwrap(api.POST('/v1/api-keys', { body, headers })));
  return useMutation({
    mutationFn,
    onSuccess: () => queryClient.invalidateQueries({ queryKey: tenantKey(API_KEYS) }),
  });
}

export function useRevokeApiKey() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (apiKeyId: string) => unwrap(api.DELETE('/v1/api-keys/{apiKeyId}', { params: { path: { apiKeyId } } })),
    onSettled: () => queryClient.invalidateQueries({ queryKey: tenantKey(API_KEYS) }),
  });
}

export type Scope = NewApiKey['scopes'][number];

export const SCOPES: readonly Scope[] = [
  'tenant:read',
  'members:read',
  'members:write',
  'billing:read',
  'billing:write',
  'sites:read',
  'sites:write',
  'operations:read',
  'llm:read',
  'llm:write',
  'audit:read',
];
