import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, unwrap, type ResponseOf } from '#api/client.ts';
import { tenantKey } from '#api/current-tenant.ts';

export type LlmUsage = ResponseOf<'/v1/llm/usage', 'get'>;
export type UsageGroup = LlmUsage['groups'][number];

export const GROUPS = ['model', 'key'] as const;
export type GroupBy = (typeof GROUPS)[number];

const USAGE = 'llm-usage';

/** Of the operator's last thirty days. */
export function useLlmUsage(groupBy: GroupBy = 'model') {
  return useQuery({
    queryKey: tenantKey(USAGE, groupBy),
    queryFn: () => unwrap(api.GET('/v1/llm/usage', { params: { query: { groupBy } } })),
  });
}

/** The same as a file, whole. */
export function useUsageFile(groupBy: GroupBy) {
  return useMutation({
    mutationFn: () => unwrap(api.GET('/v1/llm/usage.csv', { params: { query: { groupBy } }, parseAs: 'blob' })),
  });
}

/** After a completion: the worker writes usage down a moment later, so this asks twice. */
export function useRefreshLlmUsage(): () => void {
  const queryClient = useQueryClient();
  return () => {
    const refresh = () => void queryClient.invalidateQueries({ queryKey: tenantKey(USAGE) });
    setTimeout(refresh, 1500);
    setTimeout(refresh, 6000);
  };
}
