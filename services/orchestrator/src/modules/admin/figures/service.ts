import { NANO_PER_USD } from '#core/money.ts';
import type { Context } from '#core/context.ts';
import { dayIn } from '#core/calendar.ts';
import { usageWaiting } from '#modules/llm/usage/service.ts';
import { catchUpMovements } from '../revenue/movements.ts';
import { type Figures, forgetFigures } from './gauges.ts';
import { FIGURE_NAMES, type FigureName, figure } from './queries.ts';
import { TWELFTHS } from './recurring.ts';

type Rows = Awaited<ReturnType<typeof figure>>;
type Counted = Record<FigureName, Rows>;

/** Brings the ledger of recurring revenue up to date, then counts everything, one statement after the other, and shows it only when all of it is known. */
export async function countFigures(ctx: Context, figures: Figures): Promise<void> {
  await catchUpMovements(ctx);
  const counted = {} as Counted;
  const day = dayIn(ctx.config.LLM_TIME_ZONE, Date.now());
  for (const name of FIGURE_NAMES) counted[name] = await figure(ctx.db, name, day);
  const waiting = await usageWaiting(ctx).catch((error: unknown) => {
    ctx.log.debug({ err: error }, 'redis does not say what usage waits');
  });
  forgetFigures(figures);
  showPeople(figures, counted);
  showMoney(figures, counted);
  showWork(figures, counted);
  showLlm(ctx, figures, counted);
  if (waiting) {
    figures.llm_usage_waiting.set(waiting.count);
    figures.llm_usage_lag_seconds.set(waiting.oldestS);
  }
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

function showMoney(figures: Figures, counted: Counted): void {
  for (const row of counted.subscriptions) {
    const labels = {
      line: text(row, 'line'),
      plan: text(row, 'plan'),
      paid: number(row, 'isPaid') === 1 ? 'yes' : 'no',
    };
    figures.active_subscriptions.inc(labels, number(row, 'count'));
  }
  for (const row of counted.recurring) {
    const labels = { currency: text(row, 'currency'), line: text(row, 'line') };
    // Free plans bring in nothing, and are no series.
    if (number(row, 'twelfths') > 0) figures.mrr_minor.set(labels, number(row, 'twelfths') / TWELFTHS);
  }
  figures.mrr_estimated_subscriptions.set(sum(counted.recurring, 'estimated'));
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
  figures.payments_disputed.set(number(counted.disputes[0], 'count'));
  figures.payments_failed_day.set(number(counted.paymentsFailed[0], 'count'));
  for (const state of ['waiting', 'refused', 'late']) figures.usage_events.set({ state }, 0);
  for (const row of counted.usageEvents) figures.usage_events.set({ state: text(row, 'state') }, number(row, 'count'));
  const waiting = counted.usageEvents.find((row) => row['state'] === 'waiting');
  figures.usage_events_oldest_waiting_seconds.set(number(waiting, 'oldestS'));
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

function showLlm(ctx: Context, figures: Figures, counted: Counted): void {
  for (const row of counted.llmPlans) {
    const plan = text(row, 'plan');
    figures.llm_active_tenants_today.set({ plan }, number(row, 'tenants'));
    figures.llm_messages_today.set({ plan }, number(row, 'messages'));
    figures.llm_plan_cost_today_nano_usd.set({ plan }, number(row, 'costNanoUsd'));
  }
  for (const row of counted.llmProviders) {
    const provider = text(row, 'provider');
    figures.llm_provider_requests_today.set({ provider }, number(row, 'requests'));
    figures.llm_provider_cost_today_nano_usd.set({ provider }, number(row, 'costNanoUsd'));
    figures.llm_estimated_requests_today.set({ provider }, number(row, 'estimated'));
    figures.llm_fallback_requests_today.set({ provider }, number(row, 'fallbacks'));
    figures.llm_budget_fallback_requests_today.set({ provider }, number(row, 'budgetFallbacks'));
  }
  for (const row of counted.llmModels)
    figures.llm_model_cost_today_nano_usd.set({ model: text(row, 'model') }, number(row, 'costNanoUsd'));
  for (const row of counted.llmTenants)
    figures.llm_tenant_cost_today_nano_usd.set(
      { tenant_id: text(row, 'tenantId'), tenant: text(row, 'name') },
      number(row, 'costNanoUsd'),
    );
  figures.llm_active_users_today.set(number(counted.llmUsers[0], 'count'));
  figures.llm_abusive_users_today.set(number(counted.llmUsers[0], 'abusive'));
  const cost = sum(counted.llmProviders, 'costNanoUsd');
  const budget = ctx.config.LLM_DAILY_BUDGET_USD * NANO_PER_USD;
  figures.llm_cost_today_nano_usd.set(cost);
  figures.llm_budget_nano_usd.set(budget);
  figures.llm_budget_remaining_nano_usd.set(Math.max(0, budget - cost));
}
