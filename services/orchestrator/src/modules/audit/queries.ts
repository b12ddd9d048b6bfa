import type { Knex } from 'knex';
import { type Page, paginate } from '#core/http/pagination.ts';
import type { AuditEntry, AuditFilter } from './schemas.ts';

export interface AuditRow {
  id: string;
  tenant_id: string | null;
  action: string;
  subject: string;
  actor_type: AuditEntry['actor']['type'];
  actor_id: string | null;
  actor_name: string | null;
  ip: string | null;
  request_id: string;
  details: string;
  at: Date;
}

/** Append-only: there is no update and no delete, here or anywhere. */
export const auditLog = (db: Knex) => ({
  insert: async (row: Omit<AuditRow, 'at'>): Promise<void> => {
    await db<AuditRow>('audit_log').insert(row);
  },
  page: (tenantId: string, { action, actor, ...page }: AuditFilter): Promise<Page<AuditRow>> => {
    const rows = db<AuditRow>('audit_log').where('tenant_id', tenantId);
    if (action !== undefined) void rows.where('action', action);
    if (actor !== undefined) void rows.where('actor_id', actor);
    return paginate(rows as Knex.QueryBuilder<AuditRow, AuditRow[]>, page);
  },
});
