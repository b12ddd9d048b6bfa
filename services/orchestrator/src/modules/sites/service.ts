import type { TenantContext } from '#core/context.ts';
import { isDuplicate } from '#core/db/connect.ts';
import { toJson } from '#core/db/json.ts';
import { withTransaction } from '#core/db/transaction.ts';
import type { Page, PageQuery } from '#core/http/pagination.ts';
import { newId } from '#core/ids.ts';
import { startOperation } from '#core/operations/store.ts';
import { record } from '#modules/audit/service.ts';
import {
  catalogue,
  describeEntitlements,
  entitlementsOf,
  requireBelow,
  requireIn,
} from '#modules/catalogue/service.ts';
import { getTenant, slugsOfOthers } from '#modules/identity/tenants/service.ts';
import { hostOf, urlOf } from './address.ts';
import { SiteNameTaken, SiteNotReady } from './errors.ts';
import { provisionSite } from './operations.ts';
import { openPasswords, sealNewPasswords } from './passwords.ts';
import { findSite } from './provision/context.ts';
import { type SiteRow, sites } from './queries.ts';
import { type CreateSite, type SignInDetails, type Site, SiteName } from './schemas.ts';

/** A plan that includes all apps says no names: this is what a person gets who does not choose. */
const APPS_WHEN_ALL = ['erpnext'];
const LAST_SUFFIX = 20;
const FIRST = 'first';

export function createSite(ctx: TenantContext, { name, apps }: CreateSite): Promise<Site> {
  return withTransaction(ctx, async (ctx) => {
    await sites(ctx.db, ctx.tenantId).takeTurn();
    await requireBelow(ctx, 'sites', await countSites(ctx));
    for (const app of apps ?? []) await requireIn(ctx, 'apps', app);
    const { slug } = await getTenant(ctx, ctx.tenantId);
    return insertSite(ctx, {
      names: name === undefined ? namesLike(slug) : [name],
      apps: apps ?? (await includedApps(ctx)),
      planKey: await sitesPlan(ctx),
      origin: null,
    });
  });
}

/**
 * The site that comes with a paid plan: made once, and only while there is none. A slug that is taken by somebody
 * else's site gets a number, because whoever has paid should not have to come back and choose first.
 */
export async function ensureFirstSite(ctx: TenantContext, planKey: string | null): Promise<Site | undefined> {
  return withTransaction(ctx, async (ctx) => {
    await sites(ctx.db, ctx.tenantId).takeTurn();
    if ((await countSites(ctx)) > 0) return undefined;
    // The plan may have ended between the payment and now: then there is nothing to make.
    if ((await entitlementsOf(ctx)).sites === 0) return undefined;
    const { slug } = await getTenant(ctx, ctx.tenantId);
    return insertSite(ctx, { names: namesLike(slug), apps: await includedApps(ctx), planKey, origin: FIRST });
  });
}

export async function listSites(ctx: TenantContext, query: PageQuery): Promise<Page<Site>> {
  const page = await sites(ctx.db, ctx.tenantId).list(query);
  return { ...page, items: page.items.map((row) => present(ctx, row)) };
}

export async function getSite(ctx: TenantContext, siteId: string): Promise<Site> {
  return present(ctx, await findSite(ctx, siteId));
}

/** For the first sign-in. Whoever sees the password leaves a trace. */
export function revealSignInDetails(ctx: TenantContext, siteId: string): Promise<SignInDetails> {
  return withTransaction(ctx, async (ctx) => {
    const site = await findSite(ctx, siteId);
    if (site.status !== 'active') throw SiteNotReady({ status: site.status });
    await record(ctx, { action: 'site.reveal_password', subject: site.id });
    const { administrator } = openPasswords(ctx, site);
    return { url: urlOf(ctx, site.host), username: 'Administrator', password: administrator };
  });
}

/** How much of the entitlement `sites` is used. */
export const countSites = (ctx: TenantContext): Promise<number> => sites(ctx.db, ctx.tenantId).count();

interface NewSite {
  /** The first that is free is taken. */
  names: readonly string[];
  apps: readonly string[];
  planKey: string | null;
  origin: string | null;
}

/**
 * A tenant's slug is kept for its first site. A tenant that is made after the site finds its slug in use and gets a
 * numbered name: refusing the slug would let sites block the tenants to come.
 */
async function insertSite(ctx: TenantContext, { names, apps, planKey, origin }: NewSite): Promise<Site> {
  const kept = await slugsOfOthers(ctx, names);
  if (names.every((name) => kept.has(name))) throw SiteNameTaken({ name: names[0] ?? '' });
  const own = sites(ctx.db, ctx.tenantId);
  const id = newId('site');
  const row = {
    id,
    apps: toJson([...new Set(apps)].filter((app) => app !== 'frappe')),
    plan_key: planKey,
    origin,
    ...sealNewPasswords(ctx, id),
  };
  const open = names.filter((name) => !kept.has(name));
  const name = await firstFree(open, (name) => own.insert({ ...row, name, host: hostOf(ctx, name) }));
  const operationId = await startOperation(ctx, provisionSite, { key: id, subjectId: id, input: { siteId: id } });
  await own.occupy(id, operationId);
  await record(ctx, { action: 'site.create', subject: id, details: { name, apps } });
  return getSite(ctx, id);
}

/** The unique key on the host decides, so that two tenants who ask at the same moment cannot both have it. */
async function firstFree(names: readonly string[], insert: (name: string) => Promise<void>): Promise<string> {
  for (const name of names)
    try {
      await insert(name);
      return name;
    } catch (error) {
      if (!isDuplicate(error)) throw error;
    }
  throw SiteNameTaken({ name: names[0] ?? '' });
}

const namesLike = (slug: string): string[] =>
  [slug, ...Array.from({ length: LAST_SUFFIX - 1 }, (_, index) => `${slug}-${index + 2}`)].filter(
    (name) => SiteName.safeParse(name).success,
  );

async function includedApps(ctx: TenantContext): Promise<readonly string[]> {
  const { apps } = await entitlementsOf(ctx);
  return apps === 'all' ? APPS_WHEN_ALL : apps;
}

/** The newest of the tenant's plans that is about sites. */
async function sitesPlan(ctx: TenantContext): Promise<string | null> {
  const { sources } = await describeEntitlements(ctx, {});
  const aboutSites = new Set(
    catalogue(ctx)
      .plans.filter(({ line }) => line === 'sites')
      .map(({ key }) => key),
  );
  return sources.filter(({ planKey }) => aboutSites.has(planKey)).at(-1)?.planKey ?? null;
}

const present = (ctx: TenantContext, row: SiteRow): Site => ({
  id: row.id,
  name: row.name,
  host: row.host,
  url: urlOf(ctx, row.host),
  status: row.status,
  apps: JSON.parse(row.apps) as string[],
  planKey: row.plan_key,
  operationId: row.operation_id,
  createdAt: row.created_at.toISOString(),
  readyAt: row.ready_at?.toISOString() ?? null,
});
