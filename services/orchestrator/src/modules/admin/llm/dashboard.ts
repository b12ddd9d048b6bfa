import { nanoToUsd } from '#core/money.ts';
import { MAX_DAILY_MESSAGES } from '../figures/queries.ts';
import { TWELFTHS } from '../figures/recurring.ts';
import type { UserOfDay } from './queries.ts';
import type { AlertLevel, DashboardAlert, LlmDashboard } from './schemas.ts';

const WARNING_PERCENT = 70;
const CRITICAL_PERCENT = 90;

/** What is counted, in whole nano-dollars and twelfths of minor units. */
export interface Counted {
  at: Date;
  timeZone: string;
  day: string;
  budgetNanoUsd: number;
  providers: { provider: string; requests: number; costNanoUsd: number }[];
  activeUsers: number;
  abusiveUsers: (UserOfDay & { name: string | null; email: string | null })[];
  /** By currency, a month. */
  revenue: { currency: string; subscriptions: number; twelfths: number }[];
  usdRates: ReadonlyMap<string, bigint>;
  monthsCostNanoUsd: number;
}

/** A number that is written as the exact decimal: a double holds fifteen digits, which is a million dollars in nano. */
const usd = (nano: number | bigint): number => Number(nanoToUsd(nano));
const percent = (part: number, whole: number): number => Math.round((part / whole) * 10_000) / 100;

export function dashboardOf(counted: Counted): LlmDashboard {
  const { at, timeZone, day, activeUsers, abusiveUsers, providers } = counted;
  const spent = providers.reduce((sum, { costNanoUsd }) => sum + costNanoUsd, 0);
  const budget = budgetOf(spent, counted.budgetNanoUsd);
  return {
    generated_at: at.toISOString(),
    time_zone: timeZone,
    day,
    budget,
    users: {
      active_today: activeUsers,
      average_cost_per_user: usd(activeUsers === 0 ? 0 : Math.round(spent / activeUsers)),
      abusive_users: abusiveUsers.map((user) => ({
        user_id: user.userId,
        key_id: user.userId === null ? user.id : null,
        name: user.name,
        email: user.email,
        tenant_ids: user.tenantIds,
        messages_today: user.messages,
        cost_today: usd(user.costNanoUsd),
      })),
    },
    providers: providers.map(({ provider, requests, costNanoUsd }) => ({ provider, requests, cost: usd(costNanoUsd) })),
    economics: economicsOf(counted),
    alerts: [...budgetAlerts(budget), ...abuseAlerts(abusiveUsers.length)],
  };
}

type Budget = LlmDashboard['budget'];

function budgetOf(spentNano: number, limitNano: number): Budget {
  const spentPercent = limitNano === 0 ? 0 : percent(spentNano, limitNano);
  return {
    spent: usd(spentNano),
    limit: usd(limitNano),
    remaining: usd(Math.max(0, limitNano - spentNano)),
    percent: spentPercent,
    alert_level: levelOf(spentPercent),
  };
}

function levelOf(spentPercent: number): AlertLevel {
  if (spentPercent > CRITICAL_PERCENT) return 'critical';
  return spentPercent >= WARNING_PERCENT ? 'warning' : 'normal';
}

/** Dollars alone make the profit: what the operator gave no rate for stands beside it. */
function economicsOf({ revenue, usdRates, monthsCostNanoUsd }: Counted): LlmDashboard['economics'] {
  const nanoOf = (currency: string, twelfths: number): bigint | undefined => {
    const rate = usdRates.get(currency);
    return rate === undefined ? undefined : (BigInt(twelfths) * rate) / BigInt(TWELFTHS * 100);
  };
  const inDollars = revenue.map(({ currency, twelfths }) => nanoOf(currency, twelfths));
  const total = Number(inDollars.reduce<bigint>((sum, nano) => sum + (nano ?? 0n), 0n));
  const profit = total - monthsCostNanoUsd;
  return {
    revenue: usd(total),
    cost: usd(monthsCostNanoUsd),
    profit: usd(profit),
    margin: total === 0 ? null : percent(profit, total),
    is_complete: !inDollars.includes(undefined),
    revenue_by_currency: revenue.map(({ currency, subscriptions, twelfths }, index) => {
      const nano = inDollars[index];
      return { currency, subscriptions, amount_minor: twelfths / TWELFTHS, usd: nano === undefined ? null : usd(nano) };
    }),
  };
}

const dollars = (amount: number): string => amount.toFixed(2);

function budgetAlerts({
  spent,
  limit,
  remaining,
  percent: spentPercent,
  alert_level: level,
}: Budget): DashboardAlert[] {
  if (level === 'normal') return [];
  const state = `${dollars(spent)} of ${dollars(limit)} USD (${spentPercent} %)`;
  if (remaining === 0)
    return [
      {
        level,
        code: 'budget_spent',
        message: `Today's LLM budget is spent: ${state}. The free provider (Groq by default) answers everybody until midnight, with budget_fallback: true.`,
        action:
          'Raise LLM_DAILY_BUDGET_USD and restart the gateway if the use is wanted and paid for; see who uses most.',
      },
    ];
  if (level === 'critical')
    return [
      {
        level,
        code: 'budget_nearly_spent',
        message: `Today's LLM budget is nearly spent: ${state}. Switch to the free provider (Groq by default) imminent.`,
        action: 'Raise LLM_DAILY_BUDGET_USD and restart the gateway, or find who uses most and lower their limits.',
      },
    ];
  return [
    {
      level,
      code: 'budget_warning',
      message: `Today's LLM budget is spent by more than two thirds: ${state}.`,
      action: 'Watch it; GET /v1/admin/llm/usage?groupBy=user shows who uses most.',
    },
  ];
}

function abuseAlerts(count: number): DashboardAlert[] {
  if (count === 0) return [];
  return [
    {
      level: 'warning',
      code: 'abusive_users',
      message: `${count} ${count === 1 ? 'user has' : 'users have'} sent more than ${MAX_DAILY_MESSAGES} messages today.`,
      action: 'Ask them; if a key has leaked or is resold, have it revoked or rotated.',
    },
  ];
}
