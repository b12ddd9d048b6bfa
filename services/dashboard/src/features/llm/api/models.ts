import { useQuery } from '@tanstack/react-query';
import { listModels, type Gateway } from './gateway.ts';

/** What this key may ask; idle until there is a key. */
export function useModels(gateway: Gateway) {
  return useQuery({
    // A secret does not belong in a cache key: its end tells keys apart well enough.
    queryKey: ['gateway-models', gateway.url, gateway.key.length, gateway.key.slice(-6)],
    queryFn: ({ signal }) => listModels(gateway, signal),
    enabled: gateway.key !== '',
    retry: false,
    gcTime: 0,
  });
}
