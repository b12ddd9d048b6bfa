import { type Context, type TenantContext, withTenant } from '#core/context.ts';
import { hashToken, newToken } from '#core/crypto/tokens.ts';
import { withTransaction } from '#core/db/transaction.ts';
import { NotFound, defineError } from '#core/errors.ts';
import type { Page, PageQuery } from '#core/http/pagination.ts';
import { newId } from '#core/ids.ts';
import { record } from '#modules/audit/service.ts';
import { sendMail } from '#modules/mail/service.ts';
import { ROLE_SCOPES, requireCover, requireUser } from '../authorization.ts';
import { addMember, isMemberByEmail, membershipsOf } from '../members/service.ts';
import { lockTenant } from '../tenants/queries.ts';
import { getTenant } from '../tenants/service.ts';
import type { Membership } from '../users/schemas.ts';
import { getUser, localeFor } from '../users/service.ts';
import { type InvitationRow, invitations, lockInvitation } from './queries.ts';
import type { CreateInvitation, Invitation } from './schemas.ts';

const LIFETIME_MS = 7 * 24 * 3600_000;
const MAX_OPEN = 50;
const MAX_MAILS_PER_DAY = 3;

export const AlreadyMember = defineError<{ email: string }>(
  'invitation.already_member',
  409,
  (d) => `${d.email} is a member already.`,
);
export const InvitationNotFound = defineError(
  'invitation.not_found',
  404,
  'There is no such invitation. It may have been taken back or replaced by a newer one.',
);
export const InvitationForAnother = defineError(
  'invitation.other_email',
  403,
  'This invitation was sent to another e-mail address. Sign in with that one.',
);
export const EmailUnverified = defineError(
  'invitation.email_unverified',
  403,
  'Confirm your e-mail address at the identity provider first, then sign in again.',
);
export const InvitationExpired = defineError(
  'invitation.expired',
  409,
  'This invitation has expired. Ask for a new one.',
);
export const InvitationUsed = defineError('invitation.used', 409, 'This invitation was used before.');

export const InvitationLimitReached = defineError<{ max: number }>(
  'invitation.limit_reached',
  409,
  (d) => `At most ${d.max} invitations may wait for an answer. Take one back that is not needed any more.`,
);
export const InvitedTooOften = defineError<{ email: string; max: number }>(
  'invitation.too_many_mails',
  429,
  (d) => `${d.email} was invited ${d.max} times within a day. Try again tomorrow.`,
);

/** Inviting an address again replaces its invitation: only the link in the newest mail works. */
export function createInvitation(ctx: TenantContext, { email, role }: CreateInvitation): Promise<Invitation> {
  requireCover(ctx, ROLE_SCOPES[role]);
  const token = newToken('');
  const id = newId('invitation');
  return withTransaction(ctx, async (ctx) => {
    await lockTenant(ctx.db, ctx.tenantId);
    if (await isMemberByEmail(ctx, email)) throw AlreadyMember({ email });
    const rows = invitations(ctx.db, ctx.tenantId);
    if ((await rows.countOfDay(email)) >= MAX_MAILS_PER_DAY) throw InvitedTooOften({ email, max: MAX_MAILS_PER_DAY });
    await rows.revokeFor(email);
    if ((await rows.countOpen()) >= MAX_OPEN) throw InvitationLimitReached({ max: MAX_OPEN });
    await rows.insert({
      id,
      email,
      role,
      token_hash: hashToken(token),
      created_by: 'id' in ctx.actor ? ctx.actor.id : ctx.actor.type,
      expires_at: new Date(Date.now() + LIFETIME_MS),
    });
    await record(ctx, { action: 'invitation.create', subject: id, details: { email, role } });
    const row = await rows.find(id);
    if (!row) throw InvitationNotFound();
    await mailInvitation(ctx, row, token);
    return present(row);
  });
}

async function mailInvitation(ctx: TenantContext, row: InvitationRow, token: string): Promise<void> {
  const tenant = await getTenant(ctx, ctx.tenantId);
  await sendMail(ctx, {
    template: 'invitation',
    key: row.id,
    to: { email: row.email, locale: await localeFor(ctx, row.email) },
    data: {
      tenantName: tenant.name,
      inviterName: 'name' in ctx.actor ? ctx.actor.name : tenant.name,
      role: row.role,
      acceptUrl: `${ctx.config.PUBLIC_URL}/invite?token=${token}`,
      expiresAt: row.expires_at.toISOString(),
    },
  });
}

/** Those that wait for an answer, expired ones among them. */
export async function listInvitations(ctx: TenantContext, query: PageQuery): Promise<Page<Invitation>> {
  const page = await invitations(ctx.db, ctx.tenantId).page(query);
  return { ...page, items: page.items.map(present) };
}

export function revokeInvitation(ctx: TenantContext, invitationId: string): Promise<void> {
  return withTransaction(ctx, async (ctx) => {
    const revoked = await invitations(ctx.db, ctx.tenantId).revoke(invitationId);
    if (revoked === 0) throw NotFound({ entity: 'invitation', id: invitationId });
    await record(ctx, { action: 'invitation.revoke', subject: invitationId });
  });
}

/** The link alone is not enough: it must be opened by who was invited, by the address that the provider has verified. */
export function acceptInvitation(ctx: Context, token: string): Promise<{ tenant: Membership }> {
  const { id: userId } = requireUser(ctx);
  return withTransaction(ctx, async (ctx) => {
    const invitation = await lockInvitation(ctx.db, hashToken(token));
    if (!invitation) throw InvitationNotFound();
    const user = await getUser(ctx, userId);
    if (user.email.toLowerCase() !== invitation.email) throw InvitationForAnother();
    if (!user.is_email_verified) throw EmailUnverified();
    if (invitation.accepted_at === null) await join(withTenant(ctx, invitation.tenant_id), invitation, userId);
    // The same person opens the link again: fine while they are a member, but it brings nobody back who was removed.
    const tenant = (await membershipsOf(ctx, userId)).find(({ id }) => id === invitation.tenant_id);
    if (!tenant) throw InvitationUsed();
    return { tenant };
  });
}

async function join(ctx: TenantContext, invitation: InvitationRow, userId: string): Promise<void> {
  if (invitation.expires_at.getTime() <= Date.now()) throw InvitationExpired();
  await invitations(ctx.db, ctx.tenantId).markAccepted(invitation.id, userId);
  await addMember(ctx, { userId, role: invitation.role });
  await record(ctx, { action: 'invitation.accept', subject: invitation.id });
}

const present = (row: InvitationRow): Invitation => ({
  id: row.id,
  email: row.email,
  role: row.role,
  createdAt: row.created_at.toISOString(),
  expiresAt: row.expires_at.toISOString(),
});
