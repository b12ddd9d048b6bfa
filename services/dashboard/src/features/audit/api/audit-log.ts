import { api, unwrap, type ItemOf } from '#api/client.ts';
import { tenantKey } from '#api/current-tenant.ts';
import { usePages } from '#api/pages.ts';

export type AuditEntry = ItemOf<'/v1/audit-log'>;

export function useAuditLog() {
  return usePages({
    key: tenantKey('audit-log'),
    fetchPage: (query) => unwrap(api.GET('/v1/audit-log', { params: { query } })),
    // The log grows with everything done here: always show the newest.
    staleTime: 0,
  });
}
