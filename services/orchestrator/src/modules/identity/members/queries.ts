import type { Knex } from 'knex';
import { type Page, type PageQuery, paginate } from '#core/http/pagination.ts';
import type { Role } from '../authorization.ts';
import type { Locale, Membership } from '../users/schemas.ts';

interface MemberRecord {
  id: string;
  tenant_id: string;
  user_id: string;
  role: Role;
  created_at: Date;
}

export interface MemberRow extends MemberRecord {
  email: string;
  name: string;
  locale: Locale;
}

const COLUMNS = ['members.*', 'users.email', 'users.name', 'users.locale'];

export const members = (db: Knex, tenantId: string) => {
  const rows = () =>
    db('members')
      .join('users', 'users.id', 'members.user_id')
      .where('members.tenant_id', tenantId)
      .select<MemberRow[]>(COLUMNS) as Knex.QueryBuilder<MemberRow, MemberRow[]>;
  const first = async (query: Knex.QueryBuilder<MemberRow, MemberRow[]>): Promise<MemberRow | undefined> =>
    (await query.limit(1))[0];
  return {
    page: (page: PageQuery): Promise<Page<MemberRow>> => paginate(rows(), page, 'members.id'),
    find: (id: string) => first(rows().where('members.id', id)),
    byEmail: (email: string) => first(rows().where('users.email', email)),
    owners: async (): Promise<MemberRow[]> => rows().where('members.role', 'owner').orderBy('members.id'),
    roleOf: async (userId: string): Promise<Role | undefined> =>
      (await db<MemberRecord>('members').where({ tenant_id: tenantId, user_id: userId }).first('role'))?.role,
    /** `role` is null of those who are no members. */
    among: (userIds: readonly string[]): Promise<{ id: string; name: string; role: Role | null }[]> =>
      db('users')
        .leftJoin('members', (on) => {
          on.on('members.user_id', 'users.id').andOnVal('members.tenant_id', tenantId);
        })
        .whereIn('users.id', userIds)
        .select('users.id', 'users.name', 'members.role'),
    insertNew: async (row: { id: string; user_id: string; role: Role }): Promise<void> => {
      await db('members')
        .insert({ ...row, tenant_id: tenantId })
        .onConflict(['tenant_id', 'user_id'])
        .ignore();
    },
    setRole: async (id: string, role: Role): Promise<void> => {
      await db<MemberRecord>('members').where({ id, tenant_id: tenantId }).update({ role });
    },
    remove: async (id: string): Promise<void> => {
      await db<MemberRecord>('members').where({ id, tenant_id: tenantId }).delete();
    },
  };
};

export async function countOwned(db: Knex, userId: string): Promise<number> {
  const [row] = await db<MemberRecord>('members')
    .where({ user_id: userId, role: 'owner' })
    .count<{ count: number }[]>({ count: '*' });
  return row?.count ?? 0;
}

/** All tenants of one person. */
export async function membershipRows(db: Knex, userId: string): Promise<Membership[]> {
  return db('members')
    .join('tenants', 'tenants.id', 'members.tenant_id')
    .where('members.user_id', userId)
    .orderBy('members.id')
    .select<Membership[]>('tenants.id', 'tenants.slug', 'tenants.name', 'members.role');
}
