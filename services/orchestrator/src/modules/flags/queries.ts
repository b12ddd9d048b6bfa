import type { Knex } from 'knex';
import { type Page, type PageQuery, paginate } from '#core/http/pagination.ts';

export interface FlagRow {
  flag: string;
  description: string;
  rollout_percent: number;
  version: number;
  updated_at: Date;
}

export interface FlagTenantRow {
  flag: string;
  tenant_id: string;
  is_on: 0 | 1;
}

export interface FlagChangeRow {
  id: string;
  flag: string;
  version: number;
  /** JSON. */
  document: string;
  comment: string | null;
  author_id: string | null;
  author_name: string | null;
  created_at: Date;
}

/** A flag as it is for one tenant; `is_on` is null where nobody has said anything of this tenant. */
export interface FlagForTenant {
  flag: string;
  rollout_percent: number;
  is_on: 0 | 1 | null;
}

/** What holds for one tenant. */
export const flagsFor = (db: Knex, tenantId: string) => {
  const rows = () =>
    db('flags as f')
      .leftJoin('flag_tenants as t', (on) => {
        on.on('t.flag', 'f.flag').andOnVal('t.tenant_id', tenantId);
      })
      .select<FlagForTenant[]>('f.flag', 'f.rollout_percent', 't.is_on');
  return {
    all: async (): Promise<FlagForTenant[]> => rows().orderBy('f.flag'),
    find: async (flag: string): Promise<FlagForTenant | undefined> => (await rows().where('f.flag', flag))[0],
  };
};

/** Of all tenants. */
export const flags = (db: Knex) => ({
  all: () => db<FlagRow>('flags').orderBy('flag'),
  find: (flag: string) => db<FlagRow>('flags').where({ flag }).first(),
  lock: (flag: string) => db<FlagRow>('flags').where({ flag }).forUpdate().first(),
  tenants: (): Promise<FlagTenantRow[]> => db<FlagTenantRow>('flag_tenants').orderBy('tenant_id'),
  tenantsOf: (flag: string): Promise<FlagTenantRow[]> =>
    db<FlagTenantRow>('flag_tenants').where({ flag }).orderBy('tenant_id'),
  put: (row: Omit<FlagRow, 'updated_at'>) => db('flags').insert(row).onConflict('flag').merge(),
  putTenants: async (flag: string, rows: readonly Omit<FlagTenantRow, 'flag'>[]): Promise<void> => {
    await db('flag_tenants').where({ flag }).delete();
    if (rows.length > 0) await db('flag_tenants').insert(rows.map((row) => ({ flag, ...row })));
  },
  /** Rejects as a duplicate when somebody else was first with this version. */
  insertChange: async (row: Omit<FlagChangeRow, 'created_at'>): Promise<void> => {
    await db('flag_changes').insert(row);
  },
  changes: (flag: string, query: PageQuery): Promise<Page<FlagChangeRow>> =>
    paginate(
      db<FlagChangeRow>('flag_changes').where({ flag }) as unknown as Knex.QueryBuilder<FlagChangeRow, FlagChangeRow[]>,
      query,
    ),
  knownTenants: (ids: readonly string[]): Promise<string[]> =>
    db('tenants')
      .whereIn('id', [...ids])
      .pluck('id'),
});
