import type { Context } from '#core/context.ts';
import { catalogue, planOf } from '#modules/catalogue/service.ts';
import type { Price } from '#modules/catalogue/schemas.ts';
import { type Figures, forgetFigures } from './gauges.ts';
import { FIGURE_NAMES, type FigureName, figure } from './queries.ts';

type Rows = Awaited<ReturnType<typeof figure>>;
type Counted = Record<FigureName, Rows>;

const NANO = 1e9;
const MONTHS = { month: 1, year: 12 } as const;

/** Counts everything, one statement after the other, and shows it only when all of it is known. */
export async function countFigures(ctx: Context, figures: Figures): Promise<void> {
  const counted = {} as Counted;
  for (const name of FIGURE_NAMES) counted[name] = await figure(ctx.db, name);
  forgetFigures(figures);
  showPeople(figures, counted);
  showMoney(ctx, figures, counted);
  showWork(figures, counted);
  showLlm(ctx, figures, counted);
  figures.figures_timestamp_seconds.set(Date.now() / 1000);
}

const number = (row: Rows[number] | undefined, column: string): number => Number(row?.[column] ?? 0);
const text = (row: Rows[number], column: string): string => String(row[column] ?? '');
const sum = (rows: Rows, column: string): number => rows.reduce((total, row) => total + number(row, column), 0);

function showPeople(figures: Figures, { people: [row] }: Counted): void {
  figures.users.set(number(row, 'users'));
  figures.signups_day.set(number(row, 'signupsDay'));
  figures.tenants.set(number(row, 'tenants'));
}

function showMoney(ctx: Context, figures: Figures, counted: Counted): void {
  figures.mrr_estimated_subscriptions.set(0);
  for (const row of counted.subscriptions) {
    const [line, plan, count, isPaid] = [
      text(row, 'line'),
      text(row, 'plan'),
      number(row, 'count'),
      number(row, 'isPaid'),
    ];
    figures.active_subscriptions.inc({ line, plan, paid: isPaid === 1 ? 'yes' : 'no' }, count);
    if (isPaid !== 1) continue;
    const { price, isEstimated } = priceOf(ctx, text(row, 'priceCode'));
    if (isEstimated) figures.mrr_estimated_subscriptions.inc(count);
    if (price)
      figures.mrr_minor.inc({ currency: price.currency, line }, (count * price.amountMinor) / MONTHS[price.interval]);
  }
  for (const row of counted.subscriptionsEnded)
    figures.subscriptions_ended_day.set({ line: text(row, 'line') }, number(row, 'count'));
  for (const row of counted.payments) {
    figures.purchases_day.set({ currency: text(row, 'currency') }, number(row, 'count'));
    figures.revenue_day_minor.set({ currency: text(row, 'currency') }, number(row, 'amountMinor'));
  }
  for (const row of counted.invoices)
    figures.invoices.set(
      { status: text(row, 'status'), payment_status: text(row, 'paymentStatus') },
      number(row, 'count'),
    );
  figures.invoices_overdue.set(number(counted.invoicesOverdue[0], 'count'));
  figures.payments_refund_due.set(number(counted.refundsDue[0], 'count'));
  figures.payments_failed_day.set(number(counted.paymentsFailed[0], 'count'));
  for (const state of ['waiting', 'refused', 'late']) figures.usage_events.set({ state }, 0);
  for (const row of counted.usageEvents) figures.usage_events.set({ state: text(row, 'state') }, number(row, 'count'));
  const waiting = counted.usageEvents.find((row) => row['state'] === 'waiting');
  figures.usage_events_oldest_waiting_seconds.set(number(waiting, 'oldestS'));
}

/** The price behind a code; of an earlier revision the catalogue knows no amount, so that of its successor. */
function priceOf(ctx: Context, code: string): { price: Price | undefined; isEstimated: boolean } {
  const price = catalogue(ctx)
    .plans.flatMap(({ prices }) => prices)
    .find((one) => one.code === code);
  if (price) return { price, isEstimated: false };
  const [, kind] = /(-[my]-[a-z]{3}-)v\d+$/.exec(code) ?? [];
  const successor = kind === undefined ? undefined : planOf(ctx, code)?.prices.find((one) => one.code.includes(kind));
  return { price: successor, isEstimated: true };
}

function showWork(figures: Figures, counted: Counted): void {
  for (const row of counted.sites) figures.sites.set({ status: text(row, 'status') }, number(row, 'count'));
  for (const state of ['running', 'failing', 'failed']) figures.operations_open.set({ state }, 0);
  for (const row of counted.operations)
    figures.operations_open.set({ state: text(row, 'state') }, number(row, 'count'));
  const underWay = counted.operations.filter((row) => row['state'] !== 'failed');
  figures.operations_stuck.set(sum(underWay, 'stuck'));
  for (const source of ['lago', 'stripe']) {
    const row = counted.inbox.find((one) => one['source'] === source);
    figures.inbox_waiting.set({ source }, number(row, 'count'));
    figures.inbox_oldest_waiting_seconds.set({ source }, number(row, 'oldestS'));
  }
  figures.mails_waiting.set(number(counted.mailsWaiting[0], 'count'));
  figures.mails_oldest_waiting_seconds.set(number(counted.mailsWaiting[0], 'oldestS'));
  figures.mails_failed_day.set(number(counted.mailsFailed[0], 'count'));
}

function showLlm(ctx: Context, figures: Figures, { llmToday }: Counted): void {
  for (const row of llmToday) {
    const plan = text(row, 'plan');
    figures.llm_active_tenants_today.set({ plan }, number(row, 'tenants'));
    figures.llm_messages_today.set({ plan }, number(row, 'messages'));
    figures.llm_plan_cost_today_nano_usd.set({ plan }, number(row, 'costNanoUsd'));
  }
  figures.llm_cost_today_nano_usd.set(sum(llmToday, 'costNanoUsd'));
  figures.llm_abusive_tenants_today.set(sum(llmToday, 'abusive'));
  figures.llm_budget_nano_usd.set(ctx.config.LLM_DAILY_BUDGET_USD * NANO);
}
