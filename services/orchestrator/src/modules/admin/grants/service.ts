import { type Context, authorOf, withTenant } from '#core/context.ts';
import { isDuplicate } from '#core/db/connect.ts';
import { withTransaction } from '#core/db/transaction.ts';
import { InvalidInput, NotFound, defineError } from '#core/errors.ts';
import type { Page } from '#core/http/pagination.ts';
import { newId } from '#core/ids.ts';
import { record } from '#modules/audit/service.ts';
import type { Plan } from '#modules/catalogue/schemas.ts';
import { catalogue, codeOf, grant, revoke } from '#modules/catalogue/service.ts';
import { getTenant } from '#modules/identity/tenants/service.ts';
import { ensureFirstSite } from '#modules/sites/service.ts';
import { TWELFTHS } from '../figures/recurring.ts';
import { type Source, enterSource } from '../revenue/movements.ts';
import { type PlanGrantRow, planGrants, tenantNames } from './queries.ts';
import type { CreatePlanGrant, PlanGrant, PlanGrantQuery, RevokePlanGrant } from './schemas.ts';

export const PlanGranted = defineError<{ grantId: string; planKey: string }>(
  'plan_grant.exists',
  409,
  (d) => `This tenant has ${d.planKey} by hand already (${d.grantId}). Take that back first, or give another plan.`,
);

/**
 * Gives a tenant a plan without a payment: its rights from now on, its price in the figures, and the site that a plan of
 * sites comes with. All or nothing.
 */
export async function grantPlan(ctx: Context, tenantId: string, input: CreatePlanGrant): Promise<PlanGrant> {
  const plan = planFor(ctx, input);
  await getTenant(ctx, tenantId);
  const id = newId('planGrant');
  const slot = `${tenantId}/${plan.key}`;
  const author = authorOf(ctx);
  const planCode = codeOf(plan, { interval: input.period, currency: input.currency });
  try {
    await withTransaction(withTenant(ctx, tenantId), async (ctx) => {
      await planGrants(ctx.db).insert({
        ...{ id, tenant_id: tenantId, slot, line: plan.line, plan_key: plan.key, plan_code: planCode },
        ...{ currency: input.currency, period: input.period, amount_minor: input.amountMinor, reason: input.reason },
        ends_at: input.endsAt === null ? null : new Date(input.endsAt),
        ...{ granted_by: author.id, granted_by_name: author.name },
      });
      const row = await requireRow(ctx, id);
      await grant(ctx, { source: id, planCode });
      await enterSource(ctx, sourceOf(row), row.created_at);
      await record(ctx, { action: 'plan_grant.create', subject: id, details: { ...input } });
      if (plan.line === 'sites') await ensureFirstSite(ctx, plan.key);
    });
  } catch (error) {
    const existing = isDuplicate(error) ? await planGrants(ctx.db).ofSlot(slot) : undefined;
    throw existing ? PlanGranted({ grantId: existing.id, planKey: plan.key }) : error;
  }
  return getGrant(ctx, id);
}

function planFor(ctx: Context, { planKey, currency, endsAt }: CreatePlanGrant): Plan {
  const { plans, currencies } = catalogue(ctx);
  const plan = plans.find(({ key }) => key === planKey);
  const refuse = (path: string, message: string) => InvalidInput({ issues: [{ path: `body.${path}`, message }] });
  if (!plan) throw refuse('planKey', `must be a plan of the catalogue: ${plans.map(({ key }) => key).join(', ')}`);
  if (!currencies.includes(currency)) throw refuse('currency', `must be one of ${currencies.join(', ')}`);
  if (endsAt !== null && Date.parse(endsAt) <= Date.now()) throw refuse('endsAt', 'must be in the future');
  return plan;
}

/** Takes a plan back at once. A second call finds it over and changes nothing. */
export async function revokeGrant(ctx: Context, id: string, { reason }: RevokePlanGrant): Promise<PlanGrant> {
  await endGrant(ctx, id, { reason, by: authorOf(ctx), action: 'plan_grant.revoke' });
  return getGrant(ctx, id);
}

/** Ends what was given until a moment that is over. */
export async function endDueGrants(ctx: Context): Promise<void> {
  const nobody = { id: null, name: null };
  for (const id of await planGrants(ctx.db).due())
    await endGrant(ctx, id, { reason: null, by: nobody, action: 'plan_grant.end' });
}

interface Ending {
  reason: string | null;
  by: { id: string | null; name: string | null };
  action: 'plan_grant.revoke' | 'plan_grant.end';
}

async function endGrant(ctx: Context, id: string, { reason, by, action }: Ending): Promise<void> {
  const { tenant_id: tenantId } = await requireRow(ctx, id);
  await withTransaction(withTenant(ctx, tenantId), async (ctx) => {
    const row = await planGrants(ctx.db).lock(id);
    if (!row || row.ended_at !== null) return;
    const now = new Date();
    const endedAt = row.ends_at !== null && row.ends_at < now ? row.ends_at : now;
    await planGrants(ctx.db).end(id, {
      ...{ ended_at: endedAt, ended_by: by.id, ended_by_name: by.name, end_reason: reason },
    });
    await revoke(ctx, { source: id });
    await enterSource(ctx, { ...sourceOf(row), price: null }, endedAt);
    await record(ctx, { action, subject: id, details: { planKey: row.plan_key, reason } });
  });
}

export async function listGrants(
  ctx: Context,
  { tenantId, state, ...query }: PlanGrantQuery,
): Promise<Page<PlanGrant>> {
  const isOpen = state === undefined ? undefined : state === 'open';
  const page = await planGrants(ctx.db).page({ tenantId, isOpen }, query);
  return { ...page, items: await presentAll(ctx, page.items) };
}

export async function getGrant(ctx: Context, id: string): Promise<PlanGrant> {
  const [grant] = await presentAll(ctx, [await requireRow(ctx, id)]);
  if (!grant) throw NotFound({ entity: 'plan grant', id });
  return grant;
}

async function requireRow(ctx: Context, id: string): Promise<PlanGrantRow> {
  const row = await planGrants(ctx.db).find(id);
  if (!row) throw NotFound({ entity: 'plan grant', id });
  return row;
}

function sourceOf(row: PlanGrantRow): Source {
  const twelfths = row.amount_minor * (row.period === 'month' ? TWELFTHS : 1);
  return {
    ...{ sourceId: row.id, tenantId: row.tenant_id, line: row.line, planKey: row.plan_key, currency: row.currency },
    price: { code: row.plan_code, twelfths, isEstimated: false },
  };
}

async function presentAll(ctx: Context, rows: readonly PlanGrantRow[]): Promise<PlanGrant[]> {
  const names = await tenantNames(
    ctx.db,
    rows.map(({ tenant_id: id }) => id),
  );
  const person = (id: string | null, name: string | null) => (id === null ? null : { id, name });
  return rows.map((row) => ({
    ...{ id: row.id, tenantId: row.tenant_id, tenantName: names.get(row.tenant_id) ?? null },
    ...{ line: row.line, planKey: row.plan_key, currency: row.currency, amountMinor: row.amount_minor },
    ...{ period: row.period, reason: row.reason, endsAt: row.ends_at?.toISOString() ?? null },
    grantedBy: person(row.granted_by, row.granted_by_name),
    createdAt: row.created_at.toISOString(),
    endedAt: row.ended_at?.toISOString() ?? null,
    endedBy: person(row.ended_by, row.ended_by_name),
    endReason: row.end_reason,
  }));
}
