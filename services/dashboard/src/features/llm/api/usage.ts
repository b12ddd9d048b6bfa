import { useQuery, useQueryClient } from '@tanstack/react-query';
import { api, unwrap, type ResponseOf } from '#api/client.ts';
import { tenantKey } from '#api/current-tenant.ts';

export type LlmUsage = ResponseOf<'/v1/llm/usage', 'get'>;

const USAGE = 'llm-usage';

export function useLlmUsage() {
  return useQuery({ queryKey: tenantKey(USAGE), queryFn: () => unwrap(api.GET('/v1/llm/usage', {})) });
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
