import type { Knex } from 'knex';

/** Of all tenants. */
export const activeHosts = (db: Knex, limit: number): Promise<string[]> =>
  db('sites').where({ status: 'active' }).orderBy('updated_at', 'desc').limit(limit).pluck<string[]>('host');
