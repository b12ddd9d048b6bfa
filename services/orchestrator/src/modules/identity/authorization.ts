import { z } from 'zod';
import type { Actor, Context } from '#core/context.ts';
import { Forbidden, defineError } from '#core/errors.ts';
import { scopesOf } from '#core/http/gatekeeper.ts';

export const SCOPES = [
  'tenant:read',
  'tenant:write',
  'members:read',
  'members:write',
  'api_keys:read',
  'api_keys:write',
  'audit:read',
  'billing:read',
  'billing:write',
  'sites:read',
  'sites:write',
  'operations:read',
  'operations:retry',
  'llm:read',
  'llm:write',
] as const;
export const Scope = z.enum(SCOPES);
export type Scope = z.output<typeof Scope>;

export const Role = z.enum(['owner', 'editor', 'viewer']).meta({ id: 'Role' });
export type Role = z.output<typeof Role>;

const OWNERS_ONLY: ReadonlySet<Scope> = new Set(['billing:write', 'members:write', 'tenant:write', 'api_keys:write']);

/** Who may do what in a tenant. There is no other place that says so. */
export const ROLE_SCOPES: Readonly<Record<Role, ReadonlySet<Scope>>> = {
  owner: new Set(SCOPES),
  editor: new Set(SCOPES.filter((scope) => !OWNERS_ONLY.has(scope))),
  viewer: new Set(SCOPES.filter((scope) => scope.endsWith(':read'))),
};

/** What an API key may carry. Not `api_keys:write`: a key that leaked could make others that outlive it. */
export const GRANTABLE_SCOPES = SCOPES.filter((scope) => scope !== 'api_keys:write');

/** Realm roles that mean something to us; a provider adds others of its own. */
const PLATFORM_ROLES = ['user', 'founding_member', 'admin', 'superadmin', 'support', 'finance'] as const;

/** About everything, of all tenants. No API key may carry them, and they open no tenant's door. */
const PLATFORM_SCOPES = [
  /** Revenue, costs, profit. */
  'platform_figures:read',
  /** Usage, routes, prices and budgets of the LLM gateway. */
  'platform_llm:read',
  'platform_llm:write',
  /** Tenants: what they have, what they are billed, what they use. */
  'platform_customers:read',
  /** What was written to a tenant and by it: mails and the audit log. */
  'platform_traces:read',
  /** Payments, attempts to pay, money to give back. */
  'platform_payments:read',
  'platform_payments:write',
  /** What Lago, Stripe and Chargily have told us; `write` handles it again. */
  'platform_webhooks:read',
  'platform_webhooks:write',
  /** Plans given by hand. */
  'platform_grants:write',
  /** Feature flags and the generators' settings. */
  'platform_settings:read',
  'platform_settings:write',
] as const;
type PlatformScope = (typeof PLATFORM_SCOPES)[number];

const FINANCE: readonly PlatformScope[] = [
  'platform_figures:read',
  'platform_llm:read',
  'platform_customers:read',
  'platform_payments:read',
  'platform_payments:write',
];
/** No figures of the business; replaying a webhook only reads again what its sender says now. */
const SUPPORT: readonly PlatformScope[] = [
  'platform_llm:read',
  'platform_customers:read',
  'platform_traces:read',
  'platform_webhooks:read',
  'platform_webhooks:write',
  'platform_settings:read',
];

/** Who may do what on the platform. There is no other place that says so. */
const PLATFORM_ROLE_SCOPES = new Map<string, readonly PlatformScope[]>([
  ['superadmin', PLATFORM_SCOPES],
  ['admin', PLATFORM_SCOPES],
  ['finance', FINANCE],
  ['support', SUPPORT],
]);

export const scopesOfRoles = (roles: Iterable<string>): ReadonlySet<string> =>
  new Set([...roles].flatMap((role) => PLATFORM_ROLE_SCOPES.get(role) ?? []));

export const platformRoles = (claimed: readonly string[]): string[] =>
  PLATFORM_ROLES.filter((role) => claimed.includes(role));

export const UserRequired = defineError(
  'auth.user_required',
  403,
  'This is about a person: sign in, or use their bearer token. An API key belongs to a tenant.',
);

export type UserActor = Extract<Actor, { type: 'user' }>;

export function requireUser(ctx: Context): UserActor {
  if (ctx.actor.type !== 'user') throw UserRequired();
  return ctx.actor;
}

/** Nobody gives, changes or takes away more than they have: a key that may write members must not make an owner. */
export function requireCover(ctx: Context, scopes: Iterable<string>): void {
  const own = scopesOf(ctx.actor);
  for (const scope of scopes) if (!own.has(scope)) throw Forbidden({ scope });
}
