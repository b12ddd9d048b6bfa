import { Gauge, type Registry } from 'prom-client';

/** name → help and labels. They are empty in every worker but the one that counts; dashboards take the maximum. */
const GAUGES = {
  figures_timestamp_seconds: ['When the figures below were counted.'],
  users: ['People who have logged in at least once.'],
  signups_day: ['People who came within the last 24 hours.'],
  tenants: ['Tenants.'],
  active_subscriptions: [
    'Active subscriptions; those that were never paid are free or wait for money.',
    'line',
    'plan',
    'paid',
  ],
  mrr_minor: [
    'Monthly recurring revenue in minor units: paid prices, a yearly one by its twelfth.',
    'currency',
    'line',
  ],
  mrr_estimated_subscriptions: ['Subscriptions with a price that the catalogue has no more; counted at its successor.'],
  subscriptions_ended_day: ['Paid subscriptions that ended within the last 24 hours.', 'line'],
  purchases_day: ['Payments received within the last 24 hours.', 'currency'],
  revenue_day_minor: ['What they amount to, in minor units.', 'currency'],
  invoices: ['Invoices, by their state and that of their payment.', 'status', 'payment_status'],
  invoices_overdue: ['Invoices that are overdue.'],
  payments_refund_due: ['Payments that settle nothing and are to be given back by a person.'],
  payments_disputed: ['Payments that a cardholder disputes and nobody has answered for.'],
  payments_failed_day: ['Attempts to pay that failed within the last 24 hours.'],
  usage_events: ['Metered usage that is not at Lago, by state.', 'state'],
  usage_events_oldest_waiting_seconds: ['How long the oldest of it has waited.'],
  sites: ['Sites, by status.', 'status'],
  operations_open: ['Operations that have not succeeded, by state.', 'state'],
  operations_stuck: ['Operations under way that have not moved for half an hour.'],
  inbox_waiting: ['Webhooks that are kept and not handled.', 'source'],
  inbox_oldest_waiting_seconds: ['How long the oldest of them has waited.', 'source'],
  mails_waiting: ['Mails that are not sent yet.'],
  mails_oldest_waiting_seconds: ['How long the oldest of them has waited.'],
  mails_failed_day: ['Mails of the last 24 hours that were given up.'],
  llm_active_tenants_today: ['Tenants that used the gateway today (the operator’s day).', 'plan'],
  llm_active_users_today: ['Members, and keys made by programs, that used it.'],
  llm_abusive_users_today: ['Of these, who sent more than 300 requests.'],
  llm_messages_today: ['Requests of today, by the tenant’s plan.', 'plan'],
  llm_plan_cost_today_nano_usd: ['Their cost, by the tenant’s plan.', 'plan'],
  llm_cost_today_nano_usd: ['Their cost together.'],
  llm_provider_requests_today: ['Requests of today, by who answered.', 'provider'],
  llm_provider_cost_today_nano_usd: ['Their cost.', 'provider'],
  llm_estimated_requests_today: ['Requests whose usage no provider told, or that have no price.', 'provider'],
  llm_fallback_requests_today: ['Requests that this provider answered because another did not.', 'provider'],
  llm_budget_fallback_requests_today: [
    'Requests that this provider answered because the budget was spent.',
    'provider',
  ],
  llm_model_cost_today_nano_usd: ['The ten models that cost most today.', 'model'],
  llm_tenant_cost_today_nano_usd: ['The ten tenants that cost most today.', 'tenant_id', 'tenant'],
  llm_budget_nano_usd: ['LLM_DAILY_BUDGET_USD; 0 = only free providers answer.'],
  llm_budget_remaining_nano_usd: ['What of it is left today.'],
  llm_usage_waiting: ['Usage that is in the stream and not in the database.'],
  llm_usage_lag_seconds: ['How long the oldest of it has waited.'],
} as const satisfies Record<string, readonly [help: string, ...labels: string[]]>;

export type FigureGauge = keyof typeof GAUGES;
export type Figures = Record<FigureGauge, Gauge>;

export function createFigures(registry: Registry): Figures {
  const gauges = Object.entries(GAUGES).map(([name, [help, ...labelNames]]) => [
    name,
    new Gauge({ name: `bastide_${name}`, help, labelNames, registers: [registry] }),
  ]);
  const figures = Object.fromEntries(gauges) as Figures;
  forgetFigures(figures);
  return figures;
}

/** Says nothing rather than something old, or a 0 that nobody has counted. */
export function forgetFigures(figures: Figures): void {
  for (const [name, gauge] of Object.entries(figures)) {
    gauge.reset();
    // `reset` leaves 0 in a gauge that has no labels.
    if (GAUGES[name as FigureGauge].length === 1) gauge.remove();
  }
}
