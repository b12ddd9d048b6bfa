import type { Knex } from 'knex';
import { type Page, type PageQuery, paginate } from '#core/http/pagination.ts';
import type { BudgetPeriod } from '../limits/limits.ts';

export interface LlmKeyRow {
  id: string;
  tenant_id: string;
  name: string;
  prefix: string;
  key_hash: string;
  /** JSON list, null = every model. */
  models: string | null;
  /** JSON list. */
  scopes: string;
  /** User or API key. */
  created_by: string;
  user_id: string | null;
  created_at: Date;
  expires_at: Date | null;
  last_used_at: Date | null;
  rotated_at: Date | null;
  revoked_at: Date | null;
  requests_per_minute: number | null;
  tokens_per_minute: number | null;
  messages_per_day: number | null;
  concurrency: number | null;
  budget_nano_usd: number | null;
  budget_period: BudgetPeriod | null;
  uses_cache: 0 | 1;
}

type Fixed = 'id' | 'prefix' | 'key_hash' | 'created_by' | 'user_id';
type Made = 'tenant_id' | 'created_at' | 'last_used_at' | 'rotated_at' | 'revoked_at';
/** What may be changed after it was made; its secret has `replaceSecret`. */
export type LlmKeyChange = Partial<Omit<LlmKeyRow, Fixed | Made>>;
type NewRow = Pick<LlmKeyRow, Fixed | 'name' | 'scopes'> & LlmKeyChange;

export interface LlmKeyFilter {
  /** User or API key. */
  createdBy?: string | undefined;
}

export const llmKeys = (db: Knex, tenantId: string) => {
  const live = () => db<LlmKeyRow>('llm_keys').where({ tenant_id: tenantId }).whereNull('revoked_at');
  return {
    page: (page: PageQuery, { createdBy }: LlmKeyFilter = {}): Promise<Page<LlmKeyRow>> => {
      const rows = live() as Knex.QueryBuilder<LlmKeyRow, LlmKeyRow[]>;
      if (createdBy !== undefined) void rows.where({ created_by: createdBy });
      return paginate(rows, page);
    },
    count: async (): Promise<number> => {
      const row = await live().count({ count: '*' }).first<{ count: number }>();
      return Number(row.count);
    },
    find: (id: string) => live().where({ id }).first(),
    insert: async (row: NewRow): Promise<void> => {
      await db('llm_keys').insert({ ...row, tenant_id: tenantId });
    },
    update: async (id: string, change: LlmKeyChange): Promise<void> => {
      await live().where({ id }).update(change);
    },
    replaceSecret: async (id: string, secret: Pick<LlmKeyRow, 'key_hash' | 'prefix'>): Promise<void> => {
      await live()
        .where({ id })
        .update({ ...secret, rotated_at: db.fn.now(3) });
    },
    revoke: (id: string): Promise<number> =>
      live()
        .where({ id })
        .update({ revoked_at: db.fn.now(3) }),
  };
};

export interface OldSecretRow {
  key_hash: string;
  key_id: string;
  prefix: string;
  expires_at: Date;
}

/** Secrets that were replaced. Whoever changes them holds the tenant's lock. */
export const oldSecrets = (db: Knex) => ({
  ofKeys: (keyIds: readonly string[]): Promise<OldSecretRow[]> =>
    db<OldSecretRow>('llm_key_old_secrets')
      .whereIn('key_id', keyIds)
      .where('expires_at', '>', db.fn.now(3))
      .orderBy('expires_at', 'desc')
      .select(),
  /** Those that are older keep their own end if it is earlier. */
  endWithin: async (keyId: string, overlapS: number): Promise<void> => {
    await db('llm_key_old_secrets')
      .where('key_id', keyId)
      .update({ expires_at: db.raw('least(expires_at, now(3) + interval ? second)', [overlapS]) });
  },
  add: async (row: Omit<OldSecretRow, 'expires_at'>, overlapS: number): Promise<void> => {
    await db('llm_key_old_secrets').insert({ ...row, expires_at: db.raw('now(3) + interval ? second', [overlapS]) });
  },
  /** A secret that is not there is unknown at once, whatever the clocks of this and other machines say. */
  forget: async (keyId: string): Promise<void> => {
    await db('llm_key_old_secrets').where('key_id', keyId).delete();
  },
});

/** Before the tenant is known: the key says which it is. */
export const presentedLlmKey = (db: Knex) => ({
  /**
   * By its present secret or an old one. One statement sees one state: a rotation that commits meanwhile cannot hide
   * the secret that it moves.
   */
  find: async (keyHash: string): Promise<(LlmKeyRow & { secret_expires_at: Date | null }) | undefined> => {
    const [rows] = (await db.raw(
      `select k.*, null as secret_expires_at from llm_keys k where k.key_hash = ? and k.revoked_at is null
       union all
       select k.*, s.expires_at from llm_key_old_secrets s join llm_keys k on k.id = s.key_id
        where s.key_hash = ? and k.revoked_at is null`,
      [keyHash, keyHash],
    )) as [(LlmKeyRow & { secret_expires_at: Date | null })[]];
    return rows[0];
  },
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
  /**
   * Makes the row if there is none; whoever holds it is alone with the tenant's keys until the commit. Not `insert
   * ignore` and then `for update`: the first takes a shared lock, and two who hold it wait for each other.
   */
  lock: async (tenantId: string): Promise<void> => {
    await db('llm_tenants').insert({ tenant_id: tenantId }).onConflict('tenant_id').merge(['tenant_id']);
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
