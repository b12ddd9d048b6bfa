import { z } from 'zod';
import { NANO_PER_USD } from '#core/money.ts';
import type { Entitlements } from '#modules/catalogue/schemas.ts';

const limit = z.number().int().nonnegative().nullable();

/** A budget is spent within a period of the operator's calendar. */
export const BUDGET_PERIODS = ['day', 'month'] as const;
export const BudgetPeriod = z.enum(BUDGET_PERIODS);
export type BudgetPeriod = z.output<typeof BudgetPeriod>;
export const Budget = z.object({ nanoUsd: z.number().int().nonnegative(), period: BudgetPeriod });
export type Budget = z.output<typeof Budget>;

/** Limits that a tenant or one of its keys may have; null = none. */
export const Quota = z.object({
  requestsPerMinute: limit,
  tokensPerMinute: limit,
  messagesPerDay: limit,
  /** Requests under way at once. */
  concurrency: limit,
  budget: Budget.nullable(),
});
export type Quota = z.output<typeof Quota>;

/** Whatever is reached first refuses. */
export const Limits = z.object({
  tier: z.string(),
  tenant: Quota,
  /** What the tenant's owner set, beside the budget that comes with the plan or from the operator. */
  ownBudget: Budget.nullable().default(null),
  key: Quota,
});
export type Limits = z.output<typeof Limits>;

export const NO_QUOTA: Quota = {
  requestsPerMinute: null,
  tokensPerMinute: null,
  messagesPerDay: null,
  concurrency: null,
  budget: null,
};

/** What the tenant's plans allow: 0 messages means that no plan of the gateway is held, other zeros that no plan sets that limit. */
export function planQuota(entitlements: Entitlements): Quota {
  const orNone = (value: number | null) => (value === 0 ? null : value);
  const usdPerMonth = orNone(entitlements.llm_budget_usd_per_month);
  return {
    requestsPerMinute: orNone(entitlements.llm_requests_per_minute),
    tokensPerMinute: orNone(entitlements.llm_tokens_per_minute),
    messagesPerDay: entitlements.llm_messages_per_day,
    concurrency: orNone(entitlements.llm_concurrency),
    budget: usdPerMonth === null ? null : { nanoUsd: usdPerMonth * NANO_PER_USD, period: 'month' },
  };
}
