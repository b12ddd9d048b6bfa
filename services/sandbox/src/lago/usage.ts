import { customerBy } from './customers.ts';
import { badRequest, notFound } from './errors.ts';
import { paginate, queryOf, type LagoRouter } from './http.ts';
import { measure, type Usage } from './metering.ts';
import type { BillingPeriod, Customer, Fee, Invoice, Subscription } from './model.ts';
import { now, type Organization } from './organization.ts';
import { cycleOf, later, periodAt } from './periods.ts';
import { iso, isoDate, isoEnd } from './present.ts';

export function usageRoutes(router: LagoRouter, org: Organization): void {
  router.get('/customers/:externalId/current_usage', (call) => {
    const customer = customerBy(org, call.params['externalId']);
    const externalId = queryOf(call, 'external_subscription_id');
    if (!externalId) throw badRequest('param is missing or the value is empty: external_subscription_id');
    const subscription = activeOf(org, customer, externalId);
    call.body = { customer_usage: currentUsage(org, subscription) };
  });
  // Of closed periods, the newest first, as they were billed: what came too late is not in it.
  router.get('/customers/:externalId/past_usage', (call) => {
    const customer = customerBy(org, call.params['externalId']);
    const externalId = queryOf(call, 'external_subscription_id');
    if (!externalId) throw badRequest('param is missing or the value is empty: external_subscription_id');
    call.body = paginate(call, 'usage_periods', billedPeriods(org, customer, externalId), presentPast);
  });
}

interface BilledPeriod {
  invoice: Invoice;
  period: BillingPeriod;
  fees: Fee[];
}

function billedPeriods(org: Organization, customer: Customer, externalId: string): BilledPeriod[] {
  return org.rows.invoices
    .filter((invoice) => invoice.customer === customer && invoice.status !== 'voided')
    .flatMap((invoice) =>
      invoice.periods
        .filter(({ subscription }) => subscription.externalId === externalId)
        .map((period) => ({ invoice, period, fees: usageFees(invoice, period) })),
    )
    .filter(({ fees }) => fees.length > 0)
    .toReversed();
}

const usageFees = (invoice: Invoice, { subscription }: BillingPeriod): Fee[] =>
  invoice.fees.filter((fee) => fee.charge !== null && fee.subscription === subscription);

function presentPast({ invoice, period, fees }: BilledPeriod) {
  const used = fees.flatMap(({ charge, units, eventsCount, amountCents }) =>
    charge ? [{ charge, units, eventsCount: eventsCount ?? 0, amountCents }] : [],
  );
  const amountCents = used.reduce((sum, usage) => sum + usage.amountCents, 0);
  return {
    from_datetime: iso(period.chargesFrom),
    to_datetime: isoEnd(period.chargesTo),
    issuing_date: isoDate(invoice.issuingDate),
    currency: invoice.currency,
    amount_cents: amountCents,
    taxes_amount_cents: 0,
    total_amount_cents: amountCents,
    lago_invoice_id: invoice.id,
    charges_usage: used.map((usage) => presentUsage(usage, invoice.currency)),
  };
}

function activeOf(org: Organization, customer: Customer, externalId: string): Subscription {
  const row = org.rows.subscriptions.find(
    (one) => one.customer === customer && one.externalId === externalId && one.status === 'active',
  );
  if (!row) throw notFound('subscription');
  return row;
}

function currentUsage(org: Organization, subscription: Subscription) {
  const period = periodAt(cycleOf(subscription), now(org));
  const from = later(period.from, subscription.startedAt ?? period.from);
  const used = measure(org, subscription, { from, end: period.end });
  const amountCents = used.reduce((sum, usage) => sum + usage.amountCents, 0);
  const currency = subscription.plan.currency;
  return {
    from_datetime: iso(from),
    to_datetime: isoEnd(period.end),
    issuing_date: isoDate(period.end),
    currency,
    amount_cents: amountCents,
    taxes_amount_cents: 0,
    total_amount_cents: amountCents,
    lago_invoice_id: null,
    charges_usage: used.map((usage) => presentUsage(usage, currency)),
  };
}

const presentUsage = ({ charge, units, eventsCount, amountCents }: Usage, currency: string) => ({
  units: decimal(units),
  total_aggregated_units: decimal(units),
  events_count: eventsCount,
  amount_cents: amountCents,
  amount_currency: currency,
  charge: {
    lago_id: charge.id,
    code: charge.code,
    charge_model: charge.chargeModel,
    invoice_display_name: charge.invoiceDisplayName,
  },
  billable_metric: {
    lago_id: charge.metric.id,
    name: charge.metric.name,
    code: charge.metric.code,
    aggregation_type: charge.metric.aggregationType,
  },
  filters: [],
  grouped_usage: [],
});

/** Ruby prints a decimal with at least one digit behind the point. */
const decimal = (value: number): string => (Number.isInteger(value) ? `${value}.0` : String(value));
