import { useInfiniteQuery } from '@tanstack/react-query';
import { api, unwrap, type ItemOf } from '#api/client.ts';
import { tenantKey } from '#api/current-tenant.ts';

export type AuditEntry = ItemOf<'/v1/audit-log'>;

const PAGE_SIZE = 25;

export function useAuditLog() {
  return useInfiniteQuery({
    queryKey: tenantKey('audit-log'),
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET('/v1/audit-log', {
          params: { query: { limit: PAGE_SIZE, ...(pageParam === null ? {} : { cursor: pageParam }) } },
        }),
      ),
    getNextPageParam: (page) => page.nextCursor,
    // The log grows with everything done here: always show the newest.
    staleTime: 0,
  });
}
