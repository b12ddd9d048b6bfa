import type { Context } from '#core/context.ts';
import { withTransaction } from '#core/db/transaction.ts';
import { NotFound } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import { cleanLine } from '#core/text.ts';
import { record } from '#modules/audit/service.ts';
import { requireUser } from '../authorization.ts';
import { membershipsOf } from '../members/service.ts';
import { type UserRow, users } from './queries.ts';
import type { Claims, Locale, Me, UpdateMe } from './schemas.ts';

const MAX_NAME = 255;

/**
 * The user a provider's token speaks of: made at first sight, followed when name or e-mail change. The person's own
 * choice of language is kept.
 */
export async function userFromClaims(ctx: Context, claims: Claims): Promise<UserRow> {
  const known = await users(ctx.db).bySub(claims.sub);
  if (known) return follow(ctx, known, claims);
  const id = newId('user');
  return withTransaction(ctx, async (ctx) => {
    await users(ctx.db).insertNew({
      id,
      sub: claims.sub,
      locale: claims.locale?.startsWith('fr') ? 'fr' : 'en',
      ...fieldsOf(claims),
    });
    const user = await users(ctx.db).bySub(claims.sub);
    if (!user) throw NotFound({ entity: 'user', id: claims.sub });
    if (user.id === id) await record(ctx, { action: 'user.create', subject: id });
    return user;
  });
}

async function follow(ctx: Context, user: UserRow, claims: Claims): Promise<UserRow> {
  const fields = fieldsOf(claims);
  const hasChanged =
    user.email !== fields.email || user.name !== fields.name || user.is_email_verified !== fields.is_email_verified;
  if (!hasChanged || user.claims_at >= fields.claims_at) return user;
  await withTransaction(ctx, async (ctx) => {
    await users(ctx.db).followClaims(user.id, fields);
    await record(ctx, { action: 'user.update', subject: user.id, details: { by: 'provider' } });
  });
  return { ...user, ...fields };
}

function fieldsOf(claims: Claims) {
  const isEmailVerified: 0 | 1 = claims.email_verified ? 1 : 0;
  return {
    email: claims.email,
    is_email_verified: isEmailVerified,
    name: nameIn(claims),
    claims_at: new Date(claims.iat * 1000),
  };
}

/** Whoever may choose their own name at the provider may choose any: refusing it would lock them out of here. */
function nameIn({ name, preferred_username, email }: Claims): string {
  for (const candidate of [name, preferred_username, email]) {
    const clean = cleanLine(candidate ?? '', MAX_NAME);
    if (clean !== undefined) return clean;
  }
  return '?';
}

export async function getUser(ctx: Context, userId: string): Promise<UserRow> {
  const user = await users(ctx.db).find(userId);
  if (!user) throw NotFound({ entity: 'user', id: userId });
  return user;
}

/** The language to write in to an address: its user's own, else that of whoever makes us write. */
export async function localeFor(ctx: Context, email: string): Promise<Locale> {
  const addressee = await users(ctx.db).byEmail(email);
  const sender = ctx.actor.type === 'user' ? await users(ctx.db).find(ctx.actor.id) : undefined;
  return addressee?.locale ?? sender?.locale ?? 'en';
}

export async function getMe(ctx: Context): Promise<Me> {
  const actor = requireUser(ctx);
  const user = await getUser(ctx, actor.id);
  return {
    user: { id: user.id, email: user.email, name: user.name, locale: user.locale },
    roles: [...actor.roles],
    tenants: await membershipsOf(ctx, user.id),
    gatewayUrl: ctx.config.GATEWAY_PUBLIC_URL,
  };
}

export async function updateMe(ctx: Context, { locale }: UpdateMe): Promise<Me> {
  const { id } = requireUser(ctx);
  await withTransaction(ctx, async (ctx) => {
    await users(ctx.db).setLocale(id, locale);
    await record(ctx, { action: 'user.update', subject: id, details: { locale } });
  });
  return getMe(ctx);
}
