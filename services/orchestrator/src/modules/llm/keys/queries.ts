import type { Knex } from 'knex';
import { type Page, type PageQuery, paginate } from '#core/http/pagination.ts';

export interface LlmKeyRow {
  id: string;
  tenant_id: string;
  name: string;
  prefix: string;
  key_hash: string;
  /** JSON list, null = every model. */
  models: string | null;
  /** User or API key. */
  created_by: string;
  created_at: Date;
  expires_at: Date | null;
  last_used_at: Date | null;
  revoked_at: Date | null;
}

type NewRow = Omit<LlmKeyRow, 'tenant_id' | 'created_at' | 'last_used_at' | 'revoked_at'>;

export const llmKeys = (db: Knex, tenantId: string) => {
  const live = () => db<LlmKeyRow>('llm_keys').where({ tenant_id: tenantId }).whereNull('revoked_at');
  return {
    page: (page: PageQuery): Promise<Page<LlmKeyRow>> =>
      paginate(live() as Knex.QueryBuilder<LlmKeyRow, LlmKeyRow[]>, page),
    count: async (): Promise<number> => {
      const row = await live().count({ count: '*' }).first<{ count: number }>();
      return Number(row.count);
    },
    find: (id: string) => live().where({ id }).first(),
    insert: async (row: NewRow): Promise<void> => {
      await db('llm_keys').insert({ ...row, tenant_id: tenantId });
    },
    revoke: (id: string): Promise<number> =>
      live()
        .where({ id })
        .update({ revoked_at: db.fn.now(3) }),
  };
};

/** Before the tenant is known: the key says which it is. */
export const presentedLlmKey = (db: Knex) => ({
  find: (keyHash: string): Promise<LlmKeyRow | undefined> =>
    db<LlmKeyRow>('llm_keys').where({ key_hash: keyHash }).whereNull('revoked_at').first(),
});

export interface TenantVersion {
  tenantId: string;
  version: number;
}

export const tenantVersions = (db: Knex) => ({
  of: async (tenantId: string): Promise<number> => {
    const row = await db<{ version: number }>('llm_tenants').where('tenant_id', tenantId).first('version');
    return Number(row?.version ?? 0);
  },
  /** Makes the row if there is none; whoever holds it is alone with the tenant's keys until the commit. */
  lock: async (tenantId: string): Promise<void> => {
    await db('llm_tenants').insert({ tenant_id: tenantId }).onConflict('tenant_id').ignore();
    await db('llm_tenants').where('tenant_id', tenantId).forUpdate().first('version');
  },
  raise: async (tenantId: string): Promise<number> => {
    await db('llm_tenants')
      .insert({ tenant_id: tenantId, version: 1 })
      .onConflict('tenant_id')
      .merge({ version: db.raw('version + 1'), changed_at: db.fn.now(3) });
    return tenantVersions(db).of(tenantId);
  },
  /** Generous, because a change is only seen after its commit. */
  changedLately: async (withinS: number): Promise<TenantVersion[]> => {
    const rows = await db<{ tenant_id: string; version: number }>('llm_tenants')
      .where('changed_at', '>', db.raw('now(3) - interval ? second', [withinS]))
      .select('tenant_id', 'version');
    return rows.map((row) => ({ tenantId: row.tenant_id, version: Number(row.version) }));
  },
});
