import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, unwrap, type RequestOf, type ResponseOf } from '#api/client.ts';
import { tenantKey } from '#api/current-tenant.ts';

export type LlmBudget = ResponseOf<'/v1/llm/budget', 'get'>;
export type BudgetStatus = NonNullable<LlmBudget['own']>;
type SetBudget = RequestOf<'/v1/llm/budget', 'put'>['budget'];

const BUDGET = 'llm-budget';

export function useLlmBudget() {
  return useQuery({ queryKey: tenantKey(BUDGET), queryFn: () => unwrap(api.GET('/v1/llm/budget', {})) });
}

export function useSetLlmBudget() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (budget: SetBudget) => unwrap(api.PUT('/v1/llm/budget', { body: { budget } })),
    onSuccess: (budget) => queryClient.setQueryData(tenantKey(BUDGET), budget),
  });
}
