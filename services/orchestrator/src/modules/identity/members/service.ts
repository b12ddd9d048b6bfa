import type { Context, TenantContext } from '#core/context.ts';
import { withTransaction } from '#core/db/transaction.ts';
import { NotFound, defineError } from '#core/errors.ts';
import type { Page, PageQuery } from '#core/http/pagination.ts';
import { newId } from '#core/ids.ts';
import { record } from '#modules/audit/service.ts';
import { ROLE_SCOPES, type Role, requireCover } from '../authorization.ts';
import { lockTenant } from '../tenants/queries.ts';
import type { Locale, Membership } from '../users/schemas.ts';
import { type MemberRow, countOwned, members, membershipRows } from './queries.ts';
import type { Member } from './schemas.ts';
import { withdrawBeyond } from './withdraw.ts';

export const LastOwner = defineError(
  'member.last_owner',
  409,
  'A tenant needs an owner. Make somebody else an owner first.',
);

export interface Owner {
  userId: string;
  email: string;
  name: string;
  locale: Locale;
}

export interface Author {
  name: string;
  isMember: boolean;
}

/** Who gets the mail that concerns the whole tenant; never empty. */
export async function ownersOf(ctx: TenantContext): Promise<Owner[]> {
  const rows = await members(ctx.db, ctx.tenantId).owners();
  return rows.map(({ user_id, email, name, locale }) => ({ userId: user_id, email, name, locale }));
}

export const membershipsOf = (ctx: Context, userId: string): Promise<Membership[]> => membershipRows(ctx.db, userId);

export const countOwnedTenants = (ctx: Context, userId: string): Promise<number> => countOwned(ctx.db, userId);

export const roleOf = (ctx: TenantContext, userId: string): Promise<Role | undefined> =>
  members(ctx.db, ctx.tenantId).roleOf(userId);

/** Who somebody is to this tenant: also those who have left it. */
export async function authorsOf(ctx: TenantContext, userIds: readonly string[]): Promise<Map<string, Author>> {
  const rows = await members(ctx.db, ctx.tenantId).among(userIds);
  return new Map(rows.map(({ id, name, role }) => [id, { name, isMember: role !== null }]));
}

export const isMemberByEmail = async (ctx: TenantContext, email: string): Promise<boolean> =>
  (await members(ctx.db, ctx.tenantId).byEmail(email)) !== undefined;

/** Harmless for somebody who is a member already: their role stays. */
export async function addMember(ctx: TenantContext, input: { userId: string; role: Role }): Promise<void> {
  const id = newId('member');
  await members(ctx.db, ctx.tenantId).insertNew({ id, user_id: input.userId, role: input.role });
  if (await members(ctx.db, ctx.tenantId).find(id))
    await record(ctx, { action: 'member.add', subject: id, details: input });
}

export async function listMembers(ctx: TenantContext, query: PageQuery): Promise<Page<Member>> {
  const page = await members(ctx.db, ctx.tenantId).page(query);
  return { ...page, items: page.items.map(present) };
}

export function changeRole(ctx: TenantContext, memberId: string, role: Role): Promise<Member> {
  return withTransaction(ctx, async (ctx) => {
    const member = await lockMember(ctx, memberId);
    if (member.role === role) return present(member);
    requireCover(ctx, ROLE_SCOPES[role]);
    if (role !== 'owner') await requireAnotherOwner(ctx, member);
    await members(ctx.db, ctx.tenantId).setRole(memberId, role);
    await record(ctx, { action: 'member.update', subject: memberId, details: { from: member.role, to: role } });
    await withdrawBeyond(ctx, { userId: member.user_id, left: ROLE_SCOPES[role], because: 'member.update' });
    return present({ ...member, role });
  });
}

/**
 * Their next request finds no membership any more: no session of theirs needs to be ended. Their keys and invitations
 * end with them.
 */
export function removeMember(ctx: TenantContext, memberId: string): Promise<void> {
  return withTransaction(ctx, async (ctx) => {
    const member = await lockMember(ctx, memberId);
    await requireAnotherOwner(ctx, member);
    await members(ctx.db, ctx.tenantId).remove(memberId);
    const details = { userId: member.user_id, email: member.email, role: member.role };
    await record(ctx, { action: 'member.remove', subject: memberId, details });
    await withdrawBeyond(ctx, { userId: member.user_id, left: new Set(), because: 'member.remove' });
  });
}

/** The tenant's row is locked first: two owners who demote each other at once take turns, and the second is refused. */
async function lockMember(ctx: TenantContext, memberId: string): Promise<MemberRow> {
  await lockTenant(ctx.db, ctx.tenantId);
  const member = await members(ctx.db, ctx.tenantId).find(memberId);
  if (!member) throw NotFound({ entity: 'member', id: memberId });
  requireCover(ctx, ROLE_SCOPES[member.role]);
  return member;
}

async function requireAnotherOwner(ctx: TenantContext, member: MemberRow): Promise<void> {
  if (member.role !== 'owner') return;
  const owners = await members(ctx.db, ctx.tenantId).owners();
  if (!owners.some((owner) => owner.id !== member.id)) throw LastOwner();
}

const present = (row: MemberRow): Member => ({
  id: row.id,
  userId: row.user_id,
  email: row.email,
  name: row.name,
  role: row.role,
  createdAt: row.created_at.toISOString(),
});
