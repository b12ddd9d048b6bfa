import { NANO_PER_USD } from '#core/money.ts';
import { addDays, dayIn } from '#core/calendar.ts';
import type { Context } from '#core/context.ts';
import type { CsvFile } from '#core/http/csv.ts';
import type { LlmUsageGroup } from '#modules/llm/usage/report/schemas.ts';
import { platformCost, platformUsage, withUsd } from '#modules/llm/usage/report/service.ts';
import { MAX_DAILY_MESSAGES, figure } from '../figures/queries.ts';
import { recurringOf } from '../figures/recurring.ts';
import { type Counted, dashboardOf } from './dashboard.ts';
import { type UserOfDay, namesOf, people, usersOfDay } from './queries.ts';
import type {
  AbusiveUsers,
  AbusiveUsersQuery,
  LlmDashboard,
  PlatformLlmUsage,
  PlatformUsageExport,
  PlatformUsageQuery,
} from './schemas.ts';

const MONTH_DAYS = 30;
const MAX_ABUSIVE = 100;

export async function llmDashboard(ctx: Context): Promise<LlmDashboard> {
  const { LLM_TIME_ZONE: timeZone, LLM_DAILY_BUDGET_USD: budget, USD_RATES: usdRates } = ctx.config;
  const at = new Date();
  const day = dayIn(timeZone, at);
  const { groups } = await platformUsage(ctx, { from: day, to: day, groupBy: 'provider' });
  return dashboardOf({
    ...{ at, timeZone, day, usdRates },
    budgetNanoUsd: Math.round(budget * NANO_PER_USD),
    providers: groups.map(({ value, requests, costNanoUsd }) => ({ provider: value, requests, costNanoUsd })),
    activeUsers: await usersOfDay(ctx.db, day).count(),
    abusiveUsers: await abusiveOn(ctx, day),
    revenue: await llmRevenue(ctx, day),
    monthsCostNanoUsd: await platformCost(ctx, { from: addDays(day, 1 - MONTH_DAYS), to: day }),
  });
}

export async function abusiveUsers(ctx: Context, query: AbusiveUsersQuery): Promise<AbusiveUsers> {
  const timeZone = ctx.config.LLM_TIME_ZONE;
  const day = query.day ?? dayIn(timeZone, Date.now());
  const items = await abusiveOn(ctx, day);
  return {
    timeZone,
    day,
    items: items.map(({ id, ...user }) => ({ ...user, llmKeyId: user.userId === null ? id : null })),
  };
}

async function abusiveOn(ctx: Context, day: string): Promise<Counted['abusiveUsers']> {
  const users = await usersOfDay(ctx.db, day).over(MAX_DAILY_MESSAGES, MAX_ABUSIVE);
  const known = await people(
    ctx.db,
    users.flatMap(({ userId }) => userId ?? []),
  );
  const keys = await namesOf(ctx.db).key(users.flatMap(({ id, userId }) => (userId === null ? [id] : [])));
  const nameOf = ({ id, userId }: UserOfDay) => (userId === null ? keys.get(id) : known.get(userId)?.name) ?? null;
  return users.map((user) => ({ ...user, name: nameOf(user), email: known.get(user.userId ?? '')?.email ?? null }));
}

/** What paid subscriptions of the gateway bring in a month, by currency. */
async function llmRevenue(ctx: Context, day: string): Promise<Counted['revenue']> {
  const revenue = new Map<string, { subscriptions: number; twelfths: number }>();
  for (const row of await figure(ctx.db, 'subscriptions', day)) {
    const recurring = row['line'] === 'llm' && row['isPaid'] === 1 && recurringOf(ctx, String(row['priceCode']));
    if (!recurring) continue;
    const { subscriptions, twelfths } = revenue.get(recurring.currency) ?? { subscriptions: 0, twelfths: 0 };
    const count = Number(row['count']);
    revenue.set(recurring.currency, {
      subscriptions: subscriptions + count,
      twelfths: twelfths + count * recurring.twelfths,
    });
  }
  return [...revenue].map(([currency, sums]) => ({ currency, ...sums }));
}

export async function reportPlatformUsage(
  ctx: Context,
  { limit, ...query }: PlatformUsageQuery,
): Promise<PlatformLlmUsage> {
  const usage = await platformUsage(ctx, query, limit);
  return { ...usage, groups: await withNames(ctx, query.groupBy, usage.groups) };
}

export async function exportPlatformUsage(
  ctx: Context,
  query: PlatformUsageExport,
): Promise<CsvFile<LlmUsageGroup & { costUsd: string }>> {
  const { from, to, groups } = await platformUsage(ctx, query);
  const rows = withUsd(await withNames(ctx, query.groupBy, groups));
  return { fileName: `llm-usage-by-${query.groupBy}-${from}-${to}.csv`, rows };
}

/** Tenants and keys by their name, users by their address. */
async function withNames<G extends { value: string }>(
  { db }: Context,
  groupBy: PlatformUsageExport['groupBy'],
  groups: readonly G[],
): Promise<(G & { name: string })[]> {
  const lookUp = { tenant: namesOf(db).tenant, key: namesOf(db).key, user: namesOf(db).user };
  const isNamed = groupBy === 'tenant' || groupBy === 'key' || groupBy === 'user';
  const names = isNamed ? await lookUp[groupBy](groups.map(({ value }) => value)) : new Map<string, string>();
  // Keys that were made by a program belong to no user.
  return groups.map((group) => ({ ...group, name: names.get(group.value) ?? (group.value || 'no user') }));
}
