import { z } from 'zod';
import { idSchema } from '#core/ids.ts';
import { LlmUsageGroup, LlmUsageTotals, rangeQuery } from '#modules/llm/usage/report/schemas.ts';

const count = z.number().int().nonnegative();
const EXACT = 'USD, with at most nine decimals, exact as written.';
const usd = z.number().meta({ description: EXACT });

export const ALERT_LEVELS = ['normal', 'warning', 'critical'] as const;
const AlertLevel = z.enum(ALERT_LEVELS);
export type AlertLevel = z.output<typeof AlertLevel>;

const DashboardUser = z.object({
  user_id: z.string().nullable().meta({ description: 'Who made the keys; null = a program did.' }),
  key_id: z.string().nullable().meta({ description: 'The key, where no user is known.' }),
  name: z.string().nullable(),
  email: z.string().nullable(),
  tenant_ids: z.array(z.string()),
  messages_today: count,
  cost_today: usd,
});

const DashboardRevenue = z.object({
  currency: z.string(),
  subscriptions: count,
  amount_minor: z.number().meta({ description: 'A month, in hundredths of the currency.' }),
  usd: usd.nullable().meta({ description: `${EXACT} Null when \`USD_RATES\` does not name the currency.` }),
});

const DashboardAlert = z.object({
  level: AlertLevel,
  code: z.enum(['budget_spent', 'budget_nearly_spent', 'budget_warning', 'abusive_users']),
  message: z.string(),
  action: z.string().meta({ description: 'What to do.' }),
});
export type DashboardAlert = z.output<typeof DashboardAlert>;

/** The first clients' API: field names and structure are theirs, so they stay. */
export const LlmDashboard = z
  .object({
    generated_at: z.iso.datetime(),
    time_zone: z.string().meta({ description: 'Where the day begins.' }),
    day: z.iso.date(),
    budget: z
      .object({
        spent: usd,
        limit: usd.meta({ description: `${EXACT} \`LLM_DAILY_BUDGET_USD\`; 0 = only free providers answer.` }),
        remaining: usd,
        percent: z.number().meta({ description: 'Spent of the limit, with two decimals.' }),
        alert_level: AlertLevel.meta({ description: '`warning` from 70 %, `critical` over 90 %.' }),
      })
      .meta({ description: 'Of this day, of all tenants together.' }),
    users: z.object({
      active_today: count,
      average_cost_per_user: usd.meta({ description: `${EXACT} Rounded to a whole nano-dollar.` }),
      abusive_users: z
        .array(DashboardUser)
        .meta({ description: 'Who sent more than 300 messages today, most first; at most 100.' }),
    }),
    providers: z
      .array(z.object({ provider: z.string(), requests: count, cost: usd }))
      .meta({ description: 'Of this day, dearest first; `cache` = answered from the response cache.' }),
    economics: z
      .object({
        revenue: usd.meta({ description: `${EXACT} What the paid LLM subscriptions bring in a month.` }),
        cost: usd.meta({ description: `${EXACT} What the last 30 days have cost.` }),
        profit: usd,
        margin: z.number().nullable().meta({ description: 'Profit of the revenue in percent; null without revenue.' }),
        is_complete: z
          .boolean()
          .meta({ description: 'False when some revenue is in a currency whose rate is not known, and so left out.' }),
        revenue_by_currency: z.array(DashboardRevenue),
      })
      .meta({ description: 'By the month. Yearly prices count by their twelfth.' }),
    alerts: z.array(DashboardAlert).meta({ description: 'Worst first.' }),
  })
  .meta({ id: 'LlmDashboard' });
export type LlmDashboard = z.output<typeof LlmDashboard>;

export const PLATFORM_GROUPS = ['tenant', 'user', 'key', 'provider', 'model', 'day'] as const;

const platformUsage = {
  ...rangeQuery,
  groupBy: z.enum(PLATFORM_GROUPS).default('tenant'),
  tenantId: idSchema('tenant').optional().meta({ description: 'Of this tenant alone.' }),
};
export const PlatformUsageExport = z.object(platformUsage);
export type PlatformUsageExport = z.output<typeof PlatformUsageExport>;

export const PlatformUsageQuery = z.object({
  ...platformUsage,
  limit: z.coerce.number().int().min(1).max(1000).default(100).meta({ description: 'How many groups, dearest first.' }),
});
export type PlatformUsageQuery = z.output<typeof PlatformUsageQuery>;

export const PlatformLlmUsage = z
  .object({
    timeZone: z.string(),
    from: z.iso.date(),
    to: z.iso.date(),
    totals: LlmUsageTotals.meta({ description: 'Of all groups, also those beyond the limit.' }),
    groups: z.array(LlmUsageGroup),
  })
  .meta({ id: 'PlatformLlmUsage' });
export type PlatformLlmUsage = z.output<typeof PlatformLlmUsage>;

export const AbusiveUsers = z
  .object({
    timeZone: z.string(),
    day: z.iso.date(),
    items: z.array(
      z.object({
        userId: z.string().nullable().meta({ description: 'Who made the keys; null = a program did.' }),
        llmKeyId: z.string().nullable().meta({ description: 'The key, where no user is known.' }),
        name: z.string().nullable(),
        email: z.string().nullable(),
        tenantIds: z.array(z.string()),
        messages: count,
        costNanoUsd: count,
      }),
    ),
  })
  .meta({ id: 'AbusiveLlmUsers' });
export type AbusiveUsers = z.output<typeof AbusiveUsers>;

export const AbusiveUsersQuery = z.object({
  day: rangeQuery.to.meta({ description: 'Left out: today.' }),
});
export type AbusiveUsersQuery = z.output<typeof AbusiveUsersQuery>;
