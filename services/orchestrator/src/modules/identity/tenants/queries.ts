import type { Knex } from 'knex';
import type { Currency } from './schemas.ts';

export interface TenantRow {
  id: string;
  slug: string;
  name: string;
  currency: Currency;
  created_at: Date;
}

export const tenants = (db: Knex) => ({
  find: (id: string) => db<TenantRow>('tenants').where({ id }).first(),
  slugsAmong: (slugs: readonly string[], except: string): Promise<string[]> =>
    db<TenantRow>('tenants').whereIn('slug', slugs).whereNot({ id: except }).pluck('slug'),
  insert: async (row: Omit<TenantRow, 'created_at'>): Promise<void> => {
    await db<TenantRow>('tenants').insert(row);
  },
  rename: async (id: string, name: string): Promise<void> => {
    await db<TenantRow>('tenants').where({ id }).update({ name });
  },
});

/** For decisions about a tenant's members that must be taken one after the other. */
export async function lockTenant(db: Knex, id: string): Promise<void> {
  await db<TenantRow>('tenants').where({ id }).forUpdate().first('id');
}
