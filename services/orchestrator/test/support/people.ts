import { randomBytes } from 'node:crypto';
import { type Context, type TenantContext, withTenant } from '#core/context.ts';
import { unseal } from '#core/crypto/seal.ts';
import { createApiKey } from '#modules/identity/api-keys/service.ts';
import type { CreateApiKey } from '#modules/identity/api-keys/schemas.ts';
import { ROLE_SCOPES, type Role, type UserActor } from '#modules/identity/authorization.ts';
import { addMember as insertMember } from '#modules/identity/members/service.ts';
import { startSession } from '#modules/identity/sessions/service.ts';
import type { Currency } from '#modules/identity/tenants/schemas.ts';
import { createTenant } from '#modules/identity/tenants/service.ts';
import type { UserRow } from '#modules/identity/users/queries.ts';
import { userFromClaims } from '#modules/identity/users/service.ts';
import type { Caller } from './matrix.ts';

interface HasContext {
  ctx: Context;
}

interface Person {
  email?: string;
  name?: string;
  locale?: 'en' | 'fr';
  isEmailVerified?: boolean;
  /** Of the platform. */
  roles?: readonly string[];
}

const random = () => randomBytes(6).toString('hex');

/** Somebody signed in by session cookie, in no tenant yet (`tenantId` is empty). */
export async function createUser(app: HasContext, person: Person = {}): Promise<Caller & { email: string }> {
  const user = await insertUser(app, person);
  return { headers: await signIn(app, user, person.roles), tenantId: '', userId: user.id, email: user.email };
}

/** A user, their session and a tenant of theirs. */
export async function createOwner(
  app: HasContext,
  { tenantName = 'Café de la Gare', currency = 'EUR', slug, ...person }: OwnerOptions = {},
): Promise<Caller> {
  const user = await insertUser(app, person);
  const tenant = await createTenant(
    { ...app.ctx, actor: actorOf(user) },
    { name: tenantName, slug: slug ?? `t-${random()}`, currency },
  );
  return callerOf(user, tenant.id, await signIn(app, user));
}

interface OwnerOptions extends Person {
  tenantName?: string;
  slug?: string;
  currency?: Currency;
}

/** A new user with that role in the tenant. */
export async function addMember(app: HasContext, tenantId: string, role: Role, person: Person = {}): Promise<Caller> {
  const user = await insertUser(app, person);
  await insertMember(asTest(app, tenantId), { userId: user.id, role });
  return callerOf(user, tenantId, await signIn(app, user));
}

/** `userId` is the key's id. */
export async function createApiKeyCaller(
  app: HasContext,
  tenantId: string,
  scopes: readonly string[],
): Promise<Caller> {
  const actor: UserActor = { ...actorOf({ id: 'usr_test', name: 'Test', email: '' }), scopes: ROLE_SCOPES.owner };
  // Past the schema: a test may want a key with any scope.
  const input = { name: 'test', scopes: [...scopes] as CreateApiKey['scopes'] };
  const { id, secret } = await createApiKey({ ...asTest(app, tenantId), actor }, input);
  return { headers: { authorization: `Bearer ${secret}` }, tenantId, userId: id };
}

/** The token of the newest invitation that was mailed to the address; it is stored nowhere else in the clear. */
export async function invitationToken({ ctx }: HasContext, email: string): Promise<string> {
  const mail = await ctx
    .db('mails')
    .where({ template: 'invitation', to_email: email })
    .orderBy('id', 'desc')
    .first<{ id: string; data: string } | undefined>('id', 'data');
  if (!mail) throw new Error(`No invitation was mailed to ${email}`);
  const { acceptUrl } = JSON.parse(unseal(ctx.config, mail.id, mail.data)) as { acceptUrl: string };
  return new URL(acceptUrl).searchParams.get('token') ?? '';
}

function insertUser(app: HasContext, person: Person): Promise<UserRow> {
  const email = person.email ?? `person-${random()}@example.test`;
  return userFromClaims(app.ctx, {
    sub: `test-${email}`,
    email,
    email_verified: person.isEmailVerified ?? true,
    name: person.name ?? 'Test Person',
    locale: person.locale ?? 'en',
    realm_access: { roles: ['user'] },
    iat: Math.floor(Date.now() / 1000),
  });
}

async function signIn(app: HasContext, user: UserRow, roles: readonly string[] = []): Promise<Record<string, string>> {
  const token = await startSession(app.ctx, {
    user,
    roles: ['user', ...roles],
    providerSid: undefined,
    idToken: undefined,
    userAgent: 'test',
  });
  return { cookie: `${app.ctx.config.SESSION_COOKIE_NAME}=${token}`, 'x-csrf': '1' };
}

const callerOf = (user: UserRow, tenantId: string, headers: Record<string, string>): Caller => ({
  headers: { ...headers, 'x-tenant-id': tenantId },
  tenantId,
  userId: user.id,
});

const asTest = (app: HasContext, tenantId: string): TenantContext =>
  withTenant({ ...app.ctx, actor: { type: 'system', job: 'test' } }, tenantId);

const actorOf = ({ id, name, email }: Pick<UserRow, 'id' | 'name' | 'email'>): UserActor => ({
  type: 'user',
  id,
  name,
  email,
  roles: new Set(['user']),
  scopes: new Set(),
});
