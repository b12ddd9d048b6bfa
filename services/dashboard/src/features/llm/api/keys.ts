import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, unwrap, type ItemOf, type RequestOf } from '#api/client.ts';
import { tenantKey } from '#api/current-tenant.ts';
import { useIntent } from '#api/intent.ts';
import { usePages } from '#api/pages.ts';

export type LlmKey = ItemOf<'/v1/llm/keys'>;
export type NewLlmKey = RequestOf<'/v1/llm/keys', 'post'>;

const KEYS = 'llm-keys';

export function useLlmKeys() {
  return usePages({
    key: tenantKey(KEYS),
    fetchPage: (query) => unwrap(api.GET('/v1/llm/keys', { params: { query } })),
  });
}

export function useCreateLlmKey() {
  const queryClient = useQueryClient();
  const mutationFn = useIntent((body: NewLlmKey, headers) => unwrap(api.POST('/v1/llm/keys', { body, headers })));
  return useMutation({
    mutationFn,
    onSuccess: () => queryClient.invalidateQueries({ queryKey: tenantKey(KEYS) }),
  });
}

export function useRevokeLlmKey() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (llmKeyId: string) => unwrap(api.DELETE('/v1/llm/keys/{llmKeyId}', { params: { path: { llmKeyId } } })),
    onSettled: () => queryClient.invalidateQueries({ queryKey: tenantKey(KEYS) }),
  });
}
