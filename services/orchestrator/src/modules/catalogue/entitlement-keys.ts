import { z } from 'zod';

export const UNLIMITED = null;
/** A number, or null = unlimited. */
export type Limit = number | null;
export type List = string[] | 'all';

const count = z
  .union([z.number().int().nonnegative(), z.literal('unlimited')], 'must be a whole number or unlimited')
  .transform((value): Limit => (value === 'unlimited' ? UNLIMITED : value));
const list = z
  .union([z.array(z.string().min(1)).min(1), z.literal('all')], 'must be a list or all')
  .transform((value): List => value);

/** How the rights of several plans come together. */
type Union = 'sum' | 'max';
const counted = (union: Union, about: string) => ({ kind: 'count', union, about, schema: count }) as const;
const listed = (about: string) => ({ kind: 'list', about, schema: list }) as const;
const flag = (about: string) => ({ kind: 'flag', about, schema: z.boolean() }) as const;

/**
 * Everything that a plan can grant. What is bought by the piece adds up (`sites`); what says how big or how fast a thing
 * may be does not (`users_per_site`, rates): there the best plan counts. Lists unite, any plan's flag is enough, and of
 * the tiers the highest counts.
 */
export const ENTITLEMENTS = {
  sites: counted('sum', 'Sites'),
  users_per_site: counted('max', 'Users of one site'),
  apps: listed('Apps that a site may have'),
  generators: listed('Generators that are unlocked'),
  roles: listed('Roles that come with the plan'),
  llm_tier: { kind: 'tier', about: 'Tier in the LLM gateway', schema: z.string().min(1) },
  llm_messages_per_day: counted('max', 'Messages to the LLM gateway per day'),
  llm_requests_per_minute: counted('max', 'Requests to the LLM gateway per minute'),
  llm_tokens_per_minute: counted('max', 'Tokens of the LLM gateway per minute'),
  llm_concurrency: counted('max', 'Requests to the LLM gateway at once'),
  llm_budget_usd_per_month: counted('max', 'What the LLM gateway may spend a month, in USD'),
  agents: counted('max', 'Agents'),
  agent_requests_per_day: counted('max', 'Requests to agents per day'),
  agent_requests_per_minute: counted('max', 'Requests to agents per minute'),
  knowledge: flag('Knowledge bases'),
  analytics: flag('Analytics of agents'),
  agent_members: flag('Agents shared among members'),
  sso: flag('Single sign-on'),
} as const;

type Definitions = typeof ENTITLEMENTS;
export type EntitlementKey = keyof Definitions;
type KeysOf<K extends string> = {
  [Key in EntitlementKey]: Definitions[Key]['kind'] extends K ? Key : never;
}[EntitlementKey];
export type CountKey = KeysOf<'count'>;
export type ListKey = KeysOf<'list'>;
export type FlagKey = KeysOf<'flag'>;

/** What a tenant may do, all keys present. `llm_tier` is `none` without any plan of the gateway. */
export type Entitlements = Record<CountKey, Limit> &
  Record<ListKey, List> &
  Record<FlagKey, boolean> & { llm_tier: string };

/** What one plan grants: only the keys it speaks of. */
export type Grants = Partial<Entitlements>;

const shape = Object.fromEntries(
  Object.entries(ENTITLEMENTS).map(([key, definition]) => [key, definition.schema.optional()]),
);

/** As written in the catalogue; an unknown key is a mistake. */
export const grantsSchema = z.strictObject(shape).transform((grants) => grants as Grants);

const keys = (kind: string) =>
  Object.entries(ENTITLEMENTS)
    .filter(([, definition]) => definition.kind === kind)
    .map(([key]) => key);
export const COUNT_KEYS = keys('count') as readonly CountKey[];
export const LIST_KEYS = keys('list') as readonly ListKey[];
export const FLAG_KEYS = keys('flag') as readonly FlagKey[];

export function noEntitlements(): Entitlements {
  const none: Record<string, unknown> = { llm_tier: 'none' };
  for (const key of COUNT_KEYS) none[key] = 0;
  for (const key of LIST_KEYS) none[key] = [];
  for (const key of FLAG_KEYS) none[key] = false;
  return none as Entitlements;
}

/** The union of what several plans grant; `tiers` are ordered, lowest first. */
export function unite(grants: readonly Grants[], tiers: readonly string[]): Entitlements {
  const all = noEntitlements();
  for (const grant of grants) {
    for (const key of COUNT_KEYS) if (grant[key] !== undefined) all[key] = uniteCount(key, all[key], grant[key]);
    for (const key of LIST_KEYS) if (grant[key] !== undefined) all[key] = uniteList(all[key], grant[key]);
    for (const key of FLAG_KEYS) all[key] ||= grant[key] ?? false;
    if (grant.llm_tier !== undefined && tiers.indexOf(grant.llm_tier) > tiers.indexOf(all.llm_tier))
      all.llm_tier = grant.llm_tier;
  }
  return all;
}

function uniteCount(key: CountKey, a: Limit, b: Limit): Limit {
  if (a === UNLIMITED || b === UNLIMITED) return UNLIMITED;
  return ENTITLEMENTS[key].union === 'sum' ? a + b : Math.max(a, b);
}

function uniteList(a: List, b: List): List {
  return a === 'all' || b === 'all' ? 'all' : [...new Set([...a, ...b])];
}
