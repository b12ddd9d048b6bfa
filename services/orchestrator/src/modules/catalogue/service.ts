import type { Context, TenantContext } from '#core/context.ts';
import { withTransaction } from '#core/db/transaction.ts';
import { defineError } from '#core/errors.ts';
import { enqueue } from '#core/jobs/enqueue.ts';
import {
  COUNT_KEYS,
  type CountKey,
  type Entitlements,
  type FlagKey,
  type Grants,
  type ListKey,
  UNLIMITED,
  unite,
} from './entitlement-keys.ts';
import { loadCatalogue } from './load.ts';
import type { Catalogue, Line, Plan, Price } from './parse.ts';
import { planKeyOf, priceCode } from './prices.ts';
import { codesInForce, grants, type GrantRow } from './queries.ts';
import { entitlementsChanged } from './schemas.ts';

export const PlanNotFound = defineError<{ priceCode: string }>(
  'plan.not_found',
  404,
  (d) => `Nothing is sold under the code ${d.priceCode}. See /v1/plans.`,
);

interface Refusal {
  key: string;
  limit: number | boolean | string | string[] | null;
  used?: number;
  wanted?: string;
  /** The plan that lifts the limit, if one does. */
  plan: { key: string; line: Line; name: Record<'en' | 'fr', string> } | null;
  upgradeUrl: string;
}

export const EntitlementLimitReached = defineError<Refusal>('entitlement.limit_reached', 403, (d) =>
  [
    d.wanted === undefined
      ? `Your plans allow ${String(d.limit)} for ${d.key}.`
      : `Your plans do not include ${d.wanted} (${d.key}).`,
    d.plan ? `The plan ${d.plan.name.en} does: ${d.upgradeUrl}` : `See ${d.upgradeUrl}`,
  ].join(' '),
);

const DAY_MS = 86_400_000;

/** What is sold; throws a CatalogueError that names every problem of the file. */
export function catalogue(ctx: Context): Catalogue {
  return loadCatalogue(ctx.config.CATALOGUE_FILE);
}

/** A price that can be bought now. */
export function findPrice(ctx: Context, priceCode: string): { plan: Plan; price: Price } {
  for (const plan of catalogue(ctx).plans) {
    const price = plan.isHidden ? undefined : plan.prices.find(({ code }) => code === priceCode);
    if (price) return { plan, price };
  }
  throw PlanNotFound({ priceCode });
}

/** The plan of a price code, also of one from an earlier revision. */
export function planOf(ctx: Context, priceCode: string): Plan | undefined {
  const key = planKeyOf(priceCode);
  return catalogue(ctx).plans.find((plan) => plan.key === key);
}

/** A code of the plan in its current revision, also for a price that is not sold: what a grant is known by. */
export const codeOf = (plan: Plan, price: Pick<Price, 'interval' | 'currency'>): string =>
  priceCode(plan.key, price.interval, price.currency, plan.revision);

/** Free prices that a new tenant gets, in its currency. */
export function defaultPrices(ctx: Context, currency: string): { plan: Plan; price: Price }[] {
  return catalogue(ctx)
    .plans.filter((plan) => plan.isDefault && !plan.isHidden)
    .flatMap((plan) => {
      const price = plan.prices.find((one) => one.currency === currency) ?? plan.prices[0];
      return price ? [{ plan, price }] : [];
    });
}

/** Gives the tenant what the plan grants, for as long as `source` is not revoked. The same again changes nothing. */
export async function grant(ctx: TenantContext, input: { source: string; planCode: string }): Promise<void> {
  await withTransaction(ctx, async (ctx) => {
    const rows = grants(ctx, ctx.tenantId);
    const row = await rows.find(input.source);
    if (row && row.revoked_at === null && row.plan_code === input.planCode) return;
    await rows.put(input.source, input.planCode);
    await noteChange(ctx);
  });
}

export async function revoke(ctx: TenantContext, input: { source: string }): Promise<void> {
  await withTransaction(ctx, async (ctx) => {
    if ((await grants(ctx, ctx.tenantId).revoke(input.source)) > 0) await noteChange(ctx);
  });
}

async function noteChange(ctx: TenantContext): Promise<void> {
  const seq = await grants(ctx, ctx.tenantId).nextSeq();
  await enqueue(ctx, entitlementsChanged, { tenantId: ctx.tenantId, seq });
}

/** What the tenant may do now: the union of all that is granted. */
export async function entitlementsOf(ctx: TenantContext, now = new Date()): Promise<Entitlements> {
  const rows = await grants(ctx, ctx.tenantId).inForce();
  return unite(
    rows.flatMap((row) => grantsOfRow(ctx, row, now)),
    catalogue(ctx).tiers,
  );
}

function grantsOfRow(ctx: Context, row: GrantRow, now: Date): Grants[] {
  const plan = planOf(ctx, row.plan_code);
  if (!plan) {
    ctx.log.error({ tenantId: row.tenant_id, planCode: row.plan_code }, 'a granted plan is not in the catalogue');
    return [];
  }
  const days = (now.getTime() - row.granted_at.getTime()) / DAY_MS;
  const unlocked = plan.unlock.filter(({ afterDays }) => days >= afterDays).flatMap(({ generators }) => generators);
  return unlocked.length > 0 ? [plan.grants, { generators: unlocked }] : [plan.grants];
}

/** `sites` and how many there are: throws when one more is too many. */
export async function requireBelow(ctx: TenantContext, key: CountKey, used: number): Promise<void> {
  const limit = (await entitlementsOf(ctx))[key];
  if (limit === UNLIMITED || used < limit) return;
  const lifts = (granted: Grants) => granted[key] === UNLIMITED || (granted[key] ?? 0) > used;
  throw EntitlementLimitReached({ key, limit, used, ...wayUp(ctx, lifts) });
}

export async function requireFlag(ctx: TenantContext, key: FlagKey): Promise<void> {
  if ((await entitlementsOf(ctx))[key]) return;
  throw EntitlementLimitReached({ key, limit: false, wanted: key, ...wayUp(ctx, (granted) => granted[key] === true) });
}

/** `apps` and `crm`: throws when no plan of the tenant has it in the list. */
export async function requireIn(ctx: TenantContext, key: ListKey, wanted: string): Promise<void> {
  const limit = (await entitlementsOf(ctx))[key];
  const includes = (list: Grants[ListKey]) => list === 'all' || (list?.includes(wanted) ?? false);
  if (includes(limit)) return;
  throw EntitlementLimitReached({ key, limit, wanted, ...wayUp(ctx, (granted) => includes(granted[key])) });
}

/** The first plan in the catalogue's order (cheapest first within a line) that grants what is missing. */
function wayUp(ctx: Context, lifts: (grants: Grants) => boolean): Pick<Refusal, 'plan' | 'upgradeUrl'> {
  const plan = catalogue(ctx).plans.find(({ isHidden, isDefault, grants }) => !isHidden && !isDefault && lifts(grants));
  const upgradeUrl = `${ctx.config.PUBLIC_URL}/plans${plan ? `?line=${plan.line}&plan=${plan.key}` : ''}`;
  return { plan: plan ? { key: plan.key, line: plan.line, name: plan.name } : null, upgradeUrl };
}

export function listPlans(ctx: Context) {
  const items = catalogue(ctx)
    .plans.filter(({ isHidden }) => !isHidden)
    .map(({ grants: entitlements, ...plan }) => ({ ...plan, entitlements: { ...entitlements } }));
  return { items };
}

/** How much of a limit is used: the module that owns the things counts them. */
export type UsageMeters = Partial<Record<CountKey, (ctx: TenantContext) => Promise<number>>>;

export async function describeEntitlements(ctx: TenantContext, meters: UsageMeters) {
  const entitlements = await entitlementsOf(ctx);
  const metered = COUNT_KEYS.flatMap((key) => {
    const meter = meters[key];
    return meter ? [{ key, limit: entitlements[key], meter }] : [];
  });
  const limits = await Promise.all(
    metered.map(async ({ key, limit, meter }) => ({ key, limit, used: await meter(ctx) })),
  );
  const sources = (await grants(ctx, ctx.tenantId).inForce()).map((row) => ({
    subscriptionId: row.source,
    planKey: planKeyOf(row.plan_code) ?? row.plan_code,
    priceCode: row.plan_code,
    since: row.granted_at.toISOString(),
  }));
  return { entitlements: { ...entitlements }, limits, sources };
}

/** Plans that a tenant has and the catalogue no longer describes: their rights would be lost. */
export async function orphanedPlans(ctx: Context): Promise<string[]> {
  return (await codesInForce(ctx)).filter((code) => !planOf(ctx, code)).sort();
}
