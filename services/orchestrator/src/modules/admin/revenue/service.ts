import { monthDays } from '#core/calendar.ts';
import type { Context, TenantContext } from '#core/context.ts';
import { InvalidInput } from '#core/errors.ts';
import type { CsvFile } from '#core/http/csv.ts';
import { nanoToUsd } from '#core/money.ts';
import { type Facts, minorOf, monthsOf, receivedOf } from './months.ts';
import {
  type PlanFigure,
  amountOfInvoice,
  estimatedSources,
  failures,
  failuresByMonth,
  movementsByMonth,
  paidParts,
  payingByPlan,
  unpaidByPlan,
} from './queries.ts';
import type { Revenue, RevenueByCurrency, RevenueByLine, RevenueLine, RevenueQuery } from './schemas.ts';

const DEFAULT_MONTHS = 12;
const MAX_MONTHS = 60;
const NANO = 10n ** 9n;

interface Period {
  from: string;
  to: string;
  months: string[];
  start: Date;
  /** The first moment after it. */
  end: Date;
}

/** What the business brings in, month by month (UTC, as invoices are dated). */
export async function reportRevenue(ctx: Context, query: RevenueQuery): Promise<Revenue> {
  const period = periodOf(query, new Date());
  const series = await seriesOf(ctx, period);
  const plans = await payingByPlan(ctx.db, period.end);
  const unpaid = await unpaidByPlan(ctx.db);
  return {
    from: period.from,
    to: period.to,
    asOf: new Date(Math.min(period.end.getTime(), Date.now())).toISOString(),
    byCurrency: byCurrency(series, period.months),
    byLine: byLine(series, period.months),
    plans: plans.map(({ currency, line, planKey, twelfths, count }) => ({
      ...{ currency, line: line as RevenueLine, planKey, subscriptions: count },
      ...{ mrrMinor: minorOf(twelfths), arrMinor: twelfths },
    })),
    unpaid: unpaid.map(({ line, planKey, count }) => ({
      ...{ line: line as Exclude<RevenueLine, 'other'>, planKey, subscriptions: count },
    })),
    together: together(ctx, plans),
    estimatedSubscriptions: await estimatedSources(ctx.db),
  };
}

export async function exportRevenue(ctx: Context, query: RevenueQuery): Promise<CsvFile<RevenueByLine>> {
  const period = periodOf(query, new Date());
  const rows = byLine(await seriesOf(ctx, period), period.months);
  return { fileName: `revenue-${period.from}-${period.to}.csv`, rows: toAsync(rows) };
}

async function* toAsync<R>(rows: readonly R[]): AsyncGenerator<R> {
  await Promise.resolve();
  yield* rows;
}

function periodOf(query: RevenueQuery, now: Date): Period {
  const to = query.to ?? now.toISOString().slice(0, 7);
  const from = query.from ?? addMonths(to, 1 - DEFAULT_MONTHS);
  if (from > to) throw invalidFrom(`must not be after \`to\` (${to})`);
  const months = [from];
  for (let month = from; month < to && months.length <= MAX_MONTHS;) months.push((month = addMonths(month, 1)));
  if (months.length > MAX_MONTHS) throw invalidFrom(`must be less than ${MAX_MONTHS} months before \`to\` (${to})`);
  const start = new Date(`${monthDays(from).from}T00:00:00Z`);
  return { from, to, months, start, end: new Date(`${addMonths(to, 1)}-01T00:00:00Z`) };
}

const invalidFrom = (message: string) => InvalidInput({ issues: [{ path: 'query.from', message }] });

function addMonths(month: string, count: number): string {
  const first = new Date(`${month}-01T00:00:00Z`);
  return new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + count, 1)).toISOString().slice(0, 7);
}

type Series = Omit<Facts, 'months'> & { currency: string; line: RevenueLine };

/** One per currency and line that anything is known of. */
async function seriesOf(ctx: Context, period: Period): Promise<Series[]> {
  const movements = await movementsByMonth(ctx.db, period.end);
  const received = receivedOf(await paidParts(ctx.db, period));
  const failed = await failuresByMonth(ctx.db, period);
  const keys = new Map<string, { currency: string; line: RevenueLine }>();
  for (const { currency, line } of [...movements, ...received, ...failed])
    keys.set(`${currency}/${line}`, { currency, line: line as RevenueLine });
  const sorted = [...keys].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, key]) => key);
  return sorted.map(({ currency, line }) => {
    const mine = <F extends { currency: string; line: string }>(facts: readonly F[]) =>
      facts.filter((fact) => fact.currency === currency && fact.line === line);
    return { currency, line, movements: mine(movements), received: mine(received), failures: mine(failed) };
  });
}

function byLine(series: readonly Series[], months: readonly string[]): RevenueByLine[] {
  const rows = series.flatMap(({ currency, line, ...facts }) =>
    monthsOf({ ...facts, months }).map(({ month, ...figures }) => ({ month, currency, line, ...figures })),
  );
  return rows.sort((a, b) => (a.month < b.month ? -1 : a.month > b.month ? 1 : 0));
}

function byCurrency(series: readonly Series[], months: readonly string[]): RevenueByCurrency[] {
  const rows = [...Map.groupBy(series, ({ currency }) => currency)].flatMap(([currency, all]) => {
    const facts = {
      movements: all.flatMap(({ movements }) => movements),
      received: all.flatMap(({ received }) => received),
      failures: all.flatMap(({ failures }) => failures),
    };
    return monthsOf({ ...facts, months }).map(({ month, ...figures }) => ({ month, currency, ...figures }));
  });
  return rows.sort((a, b) => (a.month < b.month ? -1 : a.month > b.month ? 1 : 0));
}

/** Across currencies only at the operator's stated rates, and what has none is named instead of guessed. */
function together({ config }: Context, plans: readonly PlanFigure[]): Revenue['together'] {
  const { USD_RATES: rates } = config;
  const currencies = [...new Set(plans.map(({ currency }) => currency))].sort();
  const missing = currencies.filter((currency) => !rates.has(currency));
  const arrMinor = currencies.reduce((total, currency) => {
    const twelfths = plans.filter((plan) => plan.currency === currency).reduce((sum, plan) => sum + plan.twelfths, 0);
    return total + divide(BigInt(twelfths) * (rates.get(currency) ?? 0n), NANO);
  }, 0);
  return {
    currency: 'USD',
    rates: currencies.flatMap((currency) => {
      const rate = rates.get(currency);
      return rate === undefined || currency === 'USD' ? [] : [{ currency, usd: nanoToUsd(rate) }];
    }),
    ...{ mrrMinor: minorOf(arrMinor), arrMinor, isComplete: missing.length === 0, missing },
  };
}

/** Of numbers that are not negative, rounded to the nearest. */
const divide = (value: bigint, by: bigint): number => Number((value + by / 2n) / by);

interface Refusal {
  invoiceId: string;
  attempt: string;
  reason: string | null;
  line: string | null;
}

/** Keeps that a payment was refused; the same refusal again changes nothing. */
export async function noteFailure(ctx: TenantContext, { invoiceId, attempt, reason, line }: Refusal): Promise<void> {
  const invoice = await amountOfInvoice(ctx.db, ctx.tenantId, invoiceId);
  if (!invoice) return;
  await failures(ctx.db).insertNew({
    invoice_id: invoiceId,
    attempt,
    tenant_id: ctx.tenantId,
    line: line ?? 'other',
    currency: invoice.currency,
    amount_minor: invoice.total_minor,
    reason: reason?.slice(0, 500) ?? null,
  });
}
