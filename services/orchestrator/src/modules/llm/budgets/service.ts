import { type Context, type TenantContext, withTenant } from '#core/context.ts';
import { withTransaction } from '#core/db/transaction.ts';
import { record } from '#modules/audit/service.ts';
import { entitlementsOf } from '#modules/catalogue/service.ts';
import { getTenant } from '#modules/identity/tenants/service.ts';
import { forgetPrincipals } from '../keys/changes.ts';
import { type Budget, type Limits, planQuota } from '../limits/limits.ts';
import { periodsAt } from '../limits/periods.ts';
import { countedCost } from '../usage/counted.ts';
import { llmBudgets } from './queries.ts';
import type { LlmBudget, OverrideLlmBudget, SetLlmBudget, TenantLlmBudget } from './schemas.ts';

/** What the tenant may do, whichever key asks: by its plans, by the operator's word on its budget, and by its own. */
export async function tenantLimits(ctx: TenantContext): Promise<Omit<Limits, 'key'>> {
  const { entitlements, plan, own, override } = await budgetsOf(ctx);
  return {
    tier: entitlements.llm_tier,
    tenant: { ...planQuota(entitlements), budget: override ? override.budget : plan },
    ownBudget: own,
  };
}

export async function getLlmBudget(ctx: TenantContext): Promise<LlmBudget> {
  const { plan, own, override } = await budgetsOf(ctx);
  const allowed = override ? override.budget : plan;
  return { own: await statusOf(ctx, own), allowed: await statusOf(ctx, allowed) };
}

export function setLlmBudget(ctx: TenantContext, { budget }: SetLlmBudget): Promise<LlmBudget> {
  return withTransaction(ctx, async (ctx) => {
    await llmBudgets(ctx.db, ctx.tenantId).setOwn(budget);
    await record(ctx, { action: 'llm_budget.set', subject: ctx.tenantId, details: { budget } });
    await forgetPrincipals(ctx);
    return getLlmBudget(ctx);
  });
}

export async function getTenantLlmBudget(ctx: Context, tenantId: string): Promise<TenantLlmBudget> {
  await getTenant(ctx, tenantId);
  const tenant = withTenant(ctx, tenantId);
  const { plan, override } = await budgetsOf(tenant);
  return { ...(await getLlmBudget(tenant)), plan, isOverridden: override !== null };
}

export async function overrideLlmBudget(
  ctx: Context,
  tenantId: string,
  { override }: OverrideLlmBudget,
): Promise<TenantLlmBudget> {
  await getTenant(ctx, tenantId);
  return withTransaction(withTenant(ctx, tenantId), async (ctx) => {
    await llmBudgets(ctx.db, tenantId).setOverride(override);
    await record(ctx, { action: 'llm_budget.override', subject: tenantId, details: { override } });
    await forgetPrincipals(ctx);
    return getTenantLlmBudget(ctx, tenantId);
  });
}

async function budgetsOf(ctx: TenantContext) {
  const entitlements = await entitlementsOf(ctx);
  const { own, override } = await llmBudgets(ctx.db, ctx.tenantId).find();
  return { entitlements, plan: planQuota(entitlements).budget, own, override };
}

async function statusOf(ctx: TenantContext, budget: Budget | null): Promise<LlmBudget['own']> {
  if (!budget) return null;
  const { from, to, endsMs } = periodsAt(ctx.config.LLM_TIME_ZONE, Date.now())[budget.period];
  const spentNanoUsd = await countedCost(ctx, { tenantId: ctx.tenantId }, { from, to });
  const remainingNanoUsd = Math.max(0, budget.nanoUsd - spentNanoUsd);
  return { ...budget, spentNanoUsd, remainingNanoUsd, resetsAt: new Date(endsMs).toISOString() };
}
