import type { Knex } from 'knex';
import { type Page, type PageQuery, paginate } from '#core/http/pagination.ts';
import type { Role } from '../authorization.ts';

export interface InvitationRow {
  id: string;
  tenant_id: string;
  /** In lower case. */
  email: string;
  role: Role;
  token_hash: string;
  /** User or API key. */
  created_by: string | null;
  created_at: Date;
  expires_at: Date;
  accepted_at: Date | null;
  accepted_by: string | null;
  revoked_at: Date | null;
}

type NewRow = Pick<InvitationRow, 'id' | 'email' | 'role' | 'token_hash' | 'created_by' | 'expires_at'>;

export const invitations = (db: Knex, tenantId: string) => {
  const pending = () =>
    db<InvitationRow>('invitations').where({ tenant_id: tenantId }).whereNull('accepted_at').whereNull('revoked_at');
  return {
    page: (page: PageQuery): Promise<Page<InvitationRow>> =>
      paginate(pending() as Knex.QueryBuilder<InvitationRow, InvitationRow[]>, page),
    /** Those that can still be accepted. */
    countOpen: async (): Promise<number> => {
      const [row] = await pending().where('expires_at', '>', db.fn.now(3)).count<{ count: number }[]>({ count: '*' });
      return row?.count ?? 0;
    },
    /** Whatever became of them: each was a mail. */
    countOfDay: async (email: string): Promise<number> => {
      const [row] = await db<InvitationRow>('invitations')
        .where({ tenant_id: tenantId, email })
        .whereRaw('created_at > now(3) - interval 1 day')
        .count<{ count: number }[]>({ count: '*' });
      return row?.count ?? 0;
    },
    find: (id: string) => pending().where({ id }).first(),
    madeBy: async (authors: readonly string[]): Promise<InvitationRow[]> =>
      pending().whereIn('created_by', authors).orderBy('id').select<InvitationRow[]>(),
    insert: async (row: NewRow): Promise<void> => {
      await db('invitations').insert({ ...row, tenant_id: tenantId });
    },
    revoke: (id: string): Promise<number> =>
      pending()
        .where({ id })
        .update({ revoked_at: db.fn.now(3) }),
    revokeFor: (email: string): Promise<number> =>
      pending()
        .where({ email })
        .update({ revoked_at: db.fn.now(3) }),
    markAccepted: async (id: string, userId: string): Promise<void> => {
      await pending()
        .where({ id })
        .update({ accepted_at: db.fn.now(3), accepted_by: userId });
    },
  };
};

/** Before the tenant is known: the token says which it is. Locked, so that of two acceptances one sees the other. */
export const lockInvitation = (db: Knex, tokenHash: string): Promise<InvitationRow | undefined> =>
  db<InvitationRow>('invitations').where({ token_hash: tokenHash }).whereNull('revoked_at').forUpdate().first();
