import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, unwrap, type ItemOf, type RequestOf } from '#api/client.ts';
import { tenantKey } from '#api/current-tenant.ts';
import { useIntent } from '#api/intent.ts';
import { usePages } from '#api/pages.ts';

export type LlmKey = ItemOf<'/v1/llm/keys'>;
export type NewLlmKey = RequestOf<'/v1/llm/keys', 'post'>;
type LlmKeyChange = RequestOf<'/v1/llm/keys/{llmKeyId}', 'patch'>;

const KEYS = 'llm-keys';

export function useLlmKeys() {
  return usePages({
    key: tenantKey(KEYS),
    fetchPage: (query) => unwrap(api.GET('/v1/llm/keys', { params: { query } })),
  });
}

export function useCreateLlmKey() {
  const mutationFn = useIntent((body: NewLlmKey, headers) => unwrap(api.POST('/v1/llm/keys', { body, headers })));
  return useMutation({ mutationFn, onSuccess: useRefresh() });
}

export function useUpdateLlmKey(llmKeyId: string) {
  return useMutation({
    mutationFn: (body: LlmKeyChange) =>
      unwrap(api.PATCH('/v1/llm/keys/{llmKeyId}', { params: { path: { llmKeyId } }, body })),
    onSuccess: useRefresh(),
  });
}

/** Under one intent: a lost answer repeated must not be one more rotation. */
export function useRotateLlmKey(llmKeyId: string) {
  const mutationFn = useIntent((overlapSeconds: number, headers) =>
    unwrap(
      api.POST('/v1/llm/keys/{llmKeyId}/rotate', { params: { path: { llmKeyId } }, body: { overlapSeconds }, headers }),
    ),
  );
  return useMutation({ mutationFn, onSuccess: useRefresh() });
}

export function useRevokeLlmKey() {
  return useMutation({
    mutationFn: (llmKeyId: string) => unwrap(api.DELETE('/v1/llm/keys/{llmKeyId}', { params: { path: { llmKeyId } } })),
    onSettled: useRefresh(),
  });
}

function useRefresh(): () => Promise<void> {
  const queryClient = useQueryClient();
  return () => queryClient.invalidateQueries({ queryKey: tenantKey(KEYS) });
}
