import type { Knex } from 'knex';
import type { Locale } from './schemas.ts';

export interface UserRow {
  id: string;
  sub: string;
  email: string;
  is_email_verified: 0 | 1;
  name: string;
  locale: Locale;
  /** When the provider said what is in this row. */
  claims_at: Date;
  created_at: Date;
}

type Fields = Pick<UserRow, 'email' | 'is_email_verified' | 'name' | 'claims_at'>;

export const users = (db: Knex) => ({
  find: (id: string) => db<UserRow>('users').where({ id }).first(),
  byEmail: (email: string) => db<UserRow>('users').where({ email }).orderBy('claims_at', 'desc').first(),
  bySub: (sub: string) => db<UserRow>('users').where({ sub }).first(),
  /** Two first requests of one person at once: the second insert does nothing. */
  insertNew: async (row: Omit<UserRow, 'created_at'>): Promise<void> => {
    await db<UserRow>('users').insert(row).onConflict('sub').ignore();
  },
  /** An older token must not undo what a newer one said. */
  followClaims: async (id: string, fields: Fields): Promise<void> => {
    await db<UserRow>('users').where({ id }).where('claims_at', '<', fields.claims_at).update(fields);
  },
  /** Held until the transaction ends: what counts something of one person takes turns. */
  lock: async (id: string): Promise<void> => {
    await db<UserRow>('users').where({ id }).forUpdate().first('id');
  },
  setLocale: async (id: string, locale: Locale): Promise<void> => {
    await db<UserRow>('users').where({ id }).update({ locale });
  },
});
