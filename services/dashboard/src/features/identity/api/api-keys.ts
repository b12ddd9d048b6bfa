import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, unwrap, type ItemOf, type RequestOf } from '#api/client.ts';
import { tenantKey } from '#api/current-tenant.ts';
import { useIntent } from '#api/intent.ts';
import { usePages } from '#api/pages.ts';

export type ApiKey = ItemOf<'/v1/api-keys'>;
export type NewApiKey = RequestOf<'/v1/api-keys', 'post'>;

const API_KEYS = 'api-keys';

export function useApiKeys() {
  return usePages({
    key: tenantKey(API_KEYS),
    fetchPage: (query) => unwrap(api.GET('/v1/api-keys', { params: { query } })),
  });
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

/** What a key may carry: all but making other keys. */
export const SCOPES: readonly Scope[] = [
  'tenant:read',
  'tenant:write',
  'members:read',
  'members:write',
  'api_keys:read',
  'audit:read',
  'billing:read',
  'billing:write',
  'sites:read',
  'sites:write',
  'operations:read',
  'operations:retry',
  'llm:read',
  'llm:write',
];
