import { type Context, type TenantContext, withTenant } from '#core/context.ts';
import { isDuplicate } from '#core/db/connect.ts';
import { withTransaction } from '#core/db/transaction.ts';
import { defineError } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import { enqueue } from '#core/jobs/enqueue.ts';
import { record } from '#modules/audit/service.ts';
import { sendMail } from '#modules/mail/service.ts';
import { requireUser } from '../authorization.ts';
import { addMember, countOwnedTenants, ownersOf } from '../members/service.ts';
import { tenantCreated } from '../schemas.ts';
import { users } from '../users/queries.ts';
import { type TenantRow, tenants } from './queries.ts';
import type { CreateTenant, Tenant, UpdateTenant } from './schemas.ts';

const MAX_OWNED = 10;

export const TenantNotFound = defineError<{ tenantId: string | null }>(
  'tenant.not_found',
  404,
  'There is no such tenant, or you are not a member of it.',
);
export const SlugTaken = defineError<{ slug: string }>(
  'tenant.slug_taken',
  409,
  (d) => `The name ${d.slug} is taken. Choose another one.`,
);

export const TenantLimitReached = defineError<{ max: number }>(
  'tenant.limit_reached',
  409,
  (d) => `You own ${d.max} tenants already; more are not possible.`,
);

/** The tenant, its first owner, its trace and the event that gives it free plans: all or nothing. */
export function createTenant(ctx: Context, input: CreateTenant): Promise<Tenant> {
  const { id: userId } = requireUser(ctx);
  return withTransaction(ctx, async (ctx) => {
    await users(ctx.db).lock(userId);
    if ((await countOwnedTenants(ctx, userId)) >= MAX_OWNED) throw TenantLimitReached({ max: MAX_OWNED });
    const inTenant = withTenant(ctx, newId('tenant'));
    const { tenantId } = inTenant;
    await insertTenant(inTenant, input);
    await record(inTenant, { action: 'tenant.create', subject: tenantId, details: input });
    await addMember(inTenant, { userId, role: 'owner' });
    await enqueue(inTenant, tenantCreated, { tenantId });
    return getTenant(ctx, tenantId);
  });
}

async function insertTenant(ctx: TenantContext, { name, slug, currency }: CreateTenant): Promise<void> {
  try {
    await tenants(ctx.db).insert({ id: ctx.tenantId, name, slug, currency });
  } catch (error) {
    if (isDuplicate(error)) throw SlugTaken({ slug }, { cause: error });
    throw error;
  }
}

/** For whoever may ask; throws `tenant.not_found`. */
export async function getTenant(ctx: Context, tenantId: string): Promise<Tenant> {
  const row = await tenants(ctx.db).find(tenantId);
  if (!row) throw TenantNotFound({ tenantId });
  return present(row);
}

/** Those of the names that another tenant goes by. */
export const slugsOfOthers = async (ctx: TenantContext, names: readonly string[]): Promise<ReadonlySet<string>> =>
  new Set(await tenants(ctx.db).slugsAmong(names, ctx.tenantId));

export function updateTenant(ctx: TenantContext, { name }: UpdateTenant): Promise<Tenant> {
  return withTransaction(ctx, async (ctx) => {
    await tenants(ctx.db).rename(ctx.tenantId, name);
    await record(ctx, { action: 'tenant.update', subject: ctx.tenantId, details: { name } });
    return getTenant(ctx, ctx.tenantId);
  });
}

export async function welcomeOwners(ctx: TenantContext): Promise<void> {
  const { name } = await getTenant(ctx, ctx.tenantId);
  for (const owner of await ownersOf(ctx))
    await sendMail(ctx, {
      template: 'welcome',
      key: `${ctx.tenantId}/${owner.userId}`,
      to: owner,
      data: { tenantName: name, dashboardUrl: ctx.config.PUBLIC_URL },
    });
}

const present = (row: TenantRow): Tenant => ({
  id: row.id,
  slug: row.slug,
  name: row.name,
  currency: row.currency,
  createdAt: row.created_at.toISOString(),
});
