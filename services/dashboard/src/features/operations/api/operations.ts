import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { api, apiHeaders, unwrap, type ItemOf } from '#api/client.ts';
import { tenantKey } from '#api/current-tenant.ts';
import { followEvents } from '#api/event-stream.ts';

export type Operation = ItemOf<'/v1/operations'>;
export type OperationStep = Operation['steps'][number];

const POLL_MS = 2000;

const operationKey = (operationId: string) => tenantKey('operations', operationId);

/** An operation as it proceeds: by server-sent events, and by asking again whenever they are not connected. */
export function useOperation(operationId: string) {
  const queryClient = useQueryClient();
  const [isLive, setLive] = useState(false);
  const query = useQuery({
    queryKey: operationKey(operationId),
    queryFn: () => unwrap(api.GET('/v1/operations/{operationId}', { params: { path: { operationId } } })),
    refetchInterval: ({ state }) => (isLive || (state.data && isFinished(state.data)) ? false : POLL_MS),
  });
  const needsStream = query.data !== undefined && !isFinished(query.data);

  useEffect(() => {
    if (!needsStream) return;
    const stopped = new AbortController();
    void followEvents({
      url: `/v1/operations/${encodeURIComponent(operationId)}/events`,
      headers: () => apiHeaders('GET'),
      signal: stopped.signal,
      onConnected: setLive,
      onEvent: (event) => {
        if (event.event !== 'operation') return false;
        const operation = JSON.parse(event.data) as Operation;
        queryClient.setQueryData(operationKey(operationId), operation);
        return isFinished(operation);
      },
    });
    return () => stopped.abort();
  }, [needsStream, operationId, queryClient]);

  return query;
}

export function useRetryOperation(operationId: string) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: () => unwrap(api.POST('/v1/operations/{operationId}/retry', { params: { path: { operationId } } })),
    onSettled: () => queryClient.invalidateQueries({ queryKey: operationKey(operationId) }),
  });
}

export function isFinished(operation: Operation): boolean {
  return operation.state === 'succeeded' || operation.state === 'failed';
}
