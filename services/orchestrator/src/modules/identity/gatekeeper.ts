import { type Actor, type Context, withTenant } from '#core/context.ts';
import { Unauthenticated, defineError } from '#core/errors.ts';
import type { Credentials, Gatekeeper } from '#core/http/gatekeeper.ts';
import { idSchema } from '#core/ids.ts';
import { API_KEY_PREFIX, findApiKey } from './api-keys/service.ts';
import { ROLE_SCOPES, type UserActor } from './authorization.ts';
import { membershipsOf, roleOf } from './members/service.ts';
import { findBearer } from './oidc/service.ts';
import { findSession } from './sessions/service.ts';
import { TenantNotFound } from './tenants/service.ts';

const TenantRequired = defineError<{ tenantIds: string[] }>(
  'tenant.required',
  400,
  'You belong to several tenants. Say which one this is about in the header x-tenant-id.',
);

const TenantId = idSchema('tenant');

/** A bearer token or API key wins over the cookie: it was sent on purpose. */
async function authenticate(ctx: Context, { authorization, sessionCookie }: Credentials): Promise<Actor> {
  if (authorization !== '') return authenticateBearer(ctx, authorization);
  if (sessionCookie === undefined || sessionCookie === '') return { type: 'anonymous' };
  const actor = await findSession(ctx, sessionCookie);
  if (!actor) throw Unauthenticated({ reason: 'Your session has ended. Sign in again.' });
  return actor;
}

async function authenticateBearer(ctx: Context, authorization: string): Promise<Actor> {
  const token = /^Bearer +([^\s]+)$/i.exec(authorization)?.[1];
  if (token === undefined)
    throw Unauthenticated({ reason: 'The Authorization header must be: Bearer <token or key>.' });
  if (!token.startsWith(API_KEY_PREFIX)) return findBearer(ctx, token);
  const actor = await findApiKey(ctx, token);
  if (!actor) throw Unauthenticated({ reason: 'This API key does not exist, was revoked, or has expired.' });
  return actor;
}

async function enterTenant(ctx: Context, requested: string | undefined): Promise<{ tenantId: string; actor: Actor }> {
  const { actor } = ctx;
  // The column is ASCII: the database refuses to compare it with anything else.
  if (requested !== undefined && !TenantId.safeParse(requested).success) throw TenantNotFound({ tenantId: requested });
  if (actor.type === 'apiKey') {
    if (requested !== undefined && requested !== actor.tenantId) throw TenantNotFound({ tenantId: requested });
    return { tenantId: actor.tenantId, actor };
  }
  if (actor.type !== 'user') throw TenantNotFound({ tenantId: requested ?? null });
  return enterAsMember(ctx, actor, requested);
}

/** Membership is read at every request: whoever is removed, or given another role, is so from the next one on. */
async function enterAsMember(ctx: Context, actor: UserActor, requested: string | undefined) {
  const tenantId = requested ?? (await onlyTenantOf(ctx, actor));
  const role = await roleOf(withTenant(ctx, tenantId), actor.id);
  if (!role) throw TenantNotFound({ tenantId });
  return { tenantId, actor: { ...actor, scopes: ROLE_SCOPES[role] } };
}

async function onlyTenantOf(ctx: Context, actor: UserActor): Promise<string> {
  const [only, ...others] = await membershipsOf(ctx, actor.id);
  if (!only) throw TenantNotFound({ tenantId: null });
  if (others.length > 0) throw TenantRequired({ tenantIds: [only, ...others].map((tenant) => tenant.id) });
  return only.id;
}

export const gatekeeper: Gatekeeper = { authenticate, enterTenant };
