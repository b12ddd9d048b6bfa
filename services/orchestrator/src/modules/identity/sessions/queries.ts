import type { Knex } from 'knex';
import type { UserRow } from '../users/queries.ts';

interface SessionRow {
  id: string;
  token_hash: string;
  user_id: string;
  /** `sid` of the provider's session, for its back-channel logout. */
  provider_sid: string | null;
  roles: string;
  /** Sealed; logging out at the provider needs it as a hint. */
  id_token: string | null;
  ip: string | null;
  user_agent: string | null;
  created_at: Date;
  last_seen_at: Date;
  expires_at: Date;
}

export type LiveSession = Pick<SessionRow, 'id' | 'roles' | 'id_token' | 'user_id'> &
  Pick<UserRow, 'name' | 'email'> & { idleMs: number };

export const sessions = (db: Knex) => ({
  insert: async (row: Omit<SessionRow, 'created_at' | 'last_seen_at'>): Promise<void> => {
    await db<SessionRow>('sessions').insert(row);
  },
  findLive: async (tokenHash: string, idleTimeoutMs: number): Promise<LiveSession | undefined> => {
    const rows = await db('sessions')
      .join('users', 'users.id', 'sessions.user_id')
      .where('sessions.token_hash', tokenHash)
      .where('sessions.expires_at', '>', db.fn.now(3))
      .whereRaw('sessions.last_seen_at > now(3) - interval ? microsecond', [idleTimeoutMs * 1000])
      .select<LiveSession[]>(
        'sessions.id',
        'sessions.roles',
        'sessions.id_token',
        'sessions.user_id',
        'users.name',
        'users.email',
        db.raw('timestampdiff(microsecond, sessions.last_seen_at, now(3)) / 1000 as idleMs'),
      );
    return rows[0];
  },
  touch: async (id: string): Promise<void> => {
    await db<SessionRow>('sessions')
      .where({ id })
      .update({ last_seen_at: db.fn.now(3) });
  },
  deleteByToken: (tokenHash: string): Promise<number> =>
    db<SessionRow>('sessions').where({ token_hash: tokenHash }).delete(),
  deleteByProvider: (sid: string): Promise<number> => db<SessionRow>('sessions').where({ provider_sid: sid }).delete(),
  deleteBySub: (sub: string): Promise<number> =>
    db<SessionRow>('sessions').whereIn('user_id', db<UserRow>('users').select('id').where({ sub })).delete(),
  deleteExpired: (idleTimeoutMs: number): Promise<number> =>
    db<SessionRow>('sessions')
      .where('expires_at', '<=', db.fn.now(3))
      .orWhereRaw('last_seen_at <= now(3) - interval ? microsecond', [idleTimeoutMs * 1000])
      .delete(),
});

interface ProviderLogoutRow {
  token_hash: string;
  provider_sid: string | null;
  created_at: Date;
}

/** Logout tokens that were believed, so that each is believed once. */
export const providerLogouts = (db: Knex) => ({
  insert: async (row: Omit<ProviderLogoutRow, 'created_at'>): Promise<void> => {
    await db<ProviderLogoutRow>('provider_logouts').insert(row);
  },
  hasEnded: async (sid: string): Promise<boolean> =>
    (await db<ProviderLogoutRow>('provider_logouts').where({ provider_sid: sid }).first('token_hash')) !== undefined,
  deleteOlderThan: (days: number): Promise<number> =>
    db<ProviderLogoutRow>('provider_logouts').whereRaw('created_at < now(3) - interval ? day', [days]).delete(),
});
