import type { Knex } from 'knex';
import { type Page, type PageQuery, paginate } from '#core/http/pagination.ts';
import { type SiteStatus, statusesBefore } from './status.ts';

export interface SiteRow {
  id: string;
  tenant_id: string;
  name: string;
  host: string;
  status: SiteStatus;
  apps: string;
  plan_key: string | null;
  /** Why it was made, when that may happen only once: `first` for the site that comes with the plan. */
  origin: string | null;
  /** The last operation, and the one that is changing the site right now. */
  operation_id: string | null;
  busy_operation_id: string | null;
  admin_password_sealed: string;
  user_password_sealed: string;
  usage_mib: string | null;
  usage_at: Date | null;
  ready_at: Date | null;
  created_at: Date;
}

export type NewSite = Pick<
  SiteRow,
  'id' | 'name' | 'host' | 'apps' | 'plan_key' | 'origin' | 'admin_password_sealed' | 'user_password_sealed'
>;

export const sites = (db: Knex, tenantId: string) => {
  const own = () => db<SiteRow>('sites').where({ tenant_id: tenantId });
  return {
    find: (id: string) => own().where({ id }).first(),
    list: (query: PageQuery): Promise<Page<SiteRow>> => paginate<SiteRow>(own(), query),
    count: async (): Promise<number> => {
      const [row] = await own().count<{ count: number }[]>({ count: '*' });
      return Number(row?.count ?? 0);
    },
    all: () => own().orderBy('id'),
    insert: async (row: NewSite): Promise<void> => {
      await db('sites').insert({ ...row, tenant_id: tenantId });
    },
    /** False when the site is not in a state that may become `status`. */
    move: async (id: string, status: SiteStatus, change: Partial<SiteRow> = {}): Promise<boolean> => {
      const moved = await own()
        .where({ id })
        .whereIn('status', statusesBefore(status))
        .update({ ...change, status });
      return moved > 0;
    },
    /** False when another operation holds it: one at a time may change a site. */
    occupy: async (id: string, operationId: string): Promise<boolean> => {
      const taken = await own()
        .where({ id })
        .where((free) => void free.whereNull('busy_operation_id').orWhere('busy_operation_id', operationId))
        .update({ busy_operation_id: operationId, operation_id: operationId });
      return taken > 0;
    },
    release: async (id: string, operationId: string): Promise<void> => {
      await own().where({ id, busy_operation_id: operationId }).update({ busy_operation_id: null });
    },
    /** Decisions that count a tenant's sites take turns: held until the transaction ends. */
    takeTurn: async (): Promise<void> => {
      await db.raw(
        'insert into site_turns (tenant_id) values (?) on duplicate key update tenant_id = values(tenant_id)',
        [tenantId],
      );
    },
  };
};
