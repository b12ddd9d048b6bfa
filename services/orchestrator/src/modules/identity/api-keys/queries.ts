import type { Knex } from 'knex';
import { type Page, type PageQuery, paginate } from '#core/http/pagination.ts';

export interface ApiKeyRow {
  id: string;
  tenant_id: string;
  name: string;
  prefix: string;
  token_hash: string;
  scopes: string;
  /** User or API key. */
  created_by: string;
  created_at: Date;
  expires_at: Date | null;
  last_used_at: Date | null;
  revoked_at: Date | null;
}

type NewRow = Omit<ApiKeyRow, 'tenant_id' | 'created_at' | 'last_used_at' | 'revoked_at'>;

export const apiKeys = (db: Knex, tenantId: string) => {
  const live = () => db<ApiKeyRow>('api_keys').where({ tenant_id: tenantId }).whereNull('revoked_at');
  return {
    page: (page: PageQuery): Promise<Page<ApiKeyRow>> =>
      paginate(live() as Knex.QueryBuilder<ApiKeyRow, ApiKeyRow[]>, page),
    count: async (): Promise<number> => {
      const [row] = await live().count<{ count: number }[]>({ count: '*' });
      return row?.count ?? 0;
    },
    /** Revoked and expired ones as well. */
    everMadeBy: async (userId: string): Promise<ApiKeyRow[]> =>
      db<ApiKeyRow>('api_keys').where({ tenant_id: tenantId, created_by: userId }).orderBy('id').select<ApiKeyRow[]>(),
    find: (id: string) => live().where({ id }).first(),
    insert: async (row: NewRow): Promise<void> => {
      await db('api_keys').insert({ ...row, tenant_id: tenantId });
    },
    revoke: (id: string): Promise<number> =>
      live()
        .where({ id })
        .update({ revoked_at: db.fn.now(3) }),
  };
};

/** Before the tenant is known: the key says which it is. */
export const presentedKey = (db: Knex) => ({
  findLive: (tokenHash: string): Promise<ApiKeyRow | undefined> =>
    db<ApiKeyRow>('api_keys')
      .where({ token_hash: tokenHash })
      .whereNull('revoked_at')
      .where((alive) => void alive.whereNull('expires_at').orWhere('expires_at', '>', db.fn.now(3)))
      .first(),
  /** At most once a minute, however busy the key is. */
  touch: async (id: string): Promise<void> => {
    await db<ApiKeyRow>('api_keys')
      .where({ id })
      .where((stale) => void stale.whereNull('last_used_at').orWhereRaw('last_used_at < now(3) - interval 1 minute'))
      .update({ last_used_at: db.fn.now(3) });
  },
});
