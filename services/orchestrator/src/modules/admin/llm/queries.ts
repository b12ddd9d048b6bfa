import type { Knex } from 'knex';

export interface UserOfDay {
  /** The user, or the key where nobody is known to have made it. */
  id: string;
  userId: string | null;
  tenantIds: string[];
  messages: number;
  costNanoUsd: number;
}

interface UserRow {
  id: string;
  user_id: string;
  tenant_ids: string;
  messages: string | number;
  cost: string | number;
}

const WHO = "if(user_id = '', key_id, user_id)";

/** Who used the gateway on a day: members by the keys that they made, and keys that were made by programs. */
export const usersOfDay = (db: Knex, day: string) => ({
  count: async (): Promise<number> => {
    const [rows] = (await db.raw(`select count(distinct ${WHO}) as count from llm_usage_days where day = ?`, [
      day,
    ])) as [{ count: number }[]];
    return Number(rows[0]?.count ?? 0);
  },
  /** Who sent more messages than that, most first. */
  over: async (messages: number, limit: number): Promise<UserOfDay[]> => {
    const [rows] = (await db.raw(
      `select ${WHO} as id, max(user_id) as user_id, group_concat(distinct tenant_id order by tenant_id) as tenant_ids,
              sum(requests) as messages, sum(cost_nano_usd) as cost
       from llm_usage_days where day = ?
       group by 1 having sum(requests) > ? order by sum(requests) desc, 1 limit ?`,
      [day, messages, limit],
    )) as [UserRow[]];
    return rows.map((row) => ({
      id: row.id,
      userId: row.user_id === '' ? null : row.user_id,
      tenantIds: row.tenant_ids.split(','),
      messages: Number(row.messages),
      costNanoUsd: Number(row.cost),
    }));
  },
});

const named = async (db: Knex, table: 'tenants' | 'llm_keys', ids: readonly string[]): Promise<Map<string, string>> => {
  const rows = await db(table).whereIn('id', ids).select<{ id: string; name: string }[]>('id', 'name');
  return new Map(rows.map(({ id, name }) => [id, name]));
};

/** What ids are called, of all tenants. */
export const namesOf = (db: Knex) => ({
  tenant: (ids: readonly string[]) => named(db, 'tenants', ids),
  key: (ids: readonly string[]) => named(db, 'llm_keys', ids),
  user: async (ids: readonly string[]): Promise<Map<string, string>> =>
    new Map([...(await people(db, ids))].map(([id, { email }]) => [id, email])),
});

export async function people(db: Knex, ids: readonly string[]): Promise<Map<string, { name: string; email: string }>> {
  const rows = await db('users')
    .whereIn('id', ids)
    .select<{ id: string; name: string; email: string }[]>(...['id', 'name', 'email']);
  return new Map(rows.map(({ id, ...person }) => [id, person]));
}
