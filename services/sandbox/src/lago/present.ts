import type {
  Charge,
  Customer,
  MetadataItem,
  Metric,
  Plan,
  Subscription,
  UsageEvent,
  WebhookEndpoint,
} from './model.ts';
import { cycleOf, later, periodAt } from './periods.ts';
import { now, type Organization } from './organization.ts';

/** Rails' `iso8601`: seconds, no milliseconds. */
export const iso = (date: Date): string => date.toISOString().replace(/\.\d{3}Z$/, 'Z');
export const isoOrNull = (date: Date | null): string | null => (date ? iso(date) : null);
export const isoDate = (date: Date): string => date.toISOString().slice(0, 10);
/** Lago shows the last second of a period, not the first of the next. */
export const isoEnd = (end: Date): string => iso(new Date(end.getTime() - 1000));

export function presentCustomer(customer: Customer) {
  return {
    lago_id: customer.id,
    billing_entity_code: 'bastide',
    external_id: customer.externalId,
    account_type: 'customer',
    name: null,
    firstname: null,
    lastname: null,
    customer_type: null,
    email: null,
    country: null,
    address_line1: null,
    address_line2: null,
    city: null,
    state: null,
    zipcode: null,
    url: null,
    phone: null,
    logo_url: null,
    legal_name: null,
    legal_number: null,
    tax_identification_number: null,
    timezone: null,
    external_salesforce_id: null,
    finalize_zero_amount_invoice: 'inherit',
    shipping_address: {},
    ...customer.attributes,
    currency: customer.currency,
    net_payment_term: customer.netPaymentTerm,
    applicable_timezone: 'UTC',
    sequential_id: customer.sequentialId,
    slug: customerSlug(customer),
    billing_configuration: {
      invoice_grace_period: null,
      payment_provider: null,
      payment_provider_code: null,
      document_locale: null,
      ...customer.billingConfiguration,
    },
    metadata: customer.metadata.map((item) => ({
      ...presentMetadata(item, customer.createdAt),
      display_in_invoice: item.displayInInvoice,
    })),
    created_at: iso(customer.createdAt),
    updated_at: iso(customer.updatedAt),
  };
}

export const customerSlug = (customer: Customer): string =>
  `BAS-5A4D-${String(customer.sequentialId).padStart(3, '0')}`;

export const presentMetadata = (item: MetadataItem, createdAt: Date) => ({
  lago_id: item.id,
  key: item.key,
  value: item.value,
  created_at: iso(createdAt),
});

export function presentMetric(metric: Metric) {
  return {
    lago_id: metric.id,
    name: metric.name,
    code: metric.code,
    description: metric.description,
    aggregation_type: metric.aggregationType,
    weighted_interval: metric.aggregationType === 'weighted_sum_agg' ? 'seconds' : null,
    recurring: metric.recurring,
    rounding_function: metric.roundingFunction,
    rounding_precision: metric.roundingPrecision,
    created_at: iso(metric.createdAt),
    field_name: metric.fieldName,
    expression: null,
    filters: metric.filters,
  };
}

export function presentCharge(charge: Charge) {
  return {
    lago_id: charge.id,
    lago_billable_metric_id: charge.metric.id,
    code: charge.code,
    invoice_display_name: charge.invoiceDisplayName,
    billable_metric_code: charge.metric.code,
    created_at: iso(charge.createdAt),
    charge_model: charge.chargeModel,
    invoiceable: true,
    regroup_paid_fees: null,
    pay_in_advance: false,
    prorated: false,
    min_amount_cents: 0,
    properties: charge.properties,
    applied_pricing_unit: null,
    lago_parent_id: null,
    filters: [],
    taxes: [],
  };
}

export function presentPlan(plan: Plan) {
  return {
    lago_id: plan.id,
    name: plan.name,
    invoice_display_name: plan.invoiceDisplayName,
    created_at: iso(plan.createdAt),
    code: plan.code,
    interval: plan.interval,
    description: plan.description,
    amount_cents: plan.amountCents,
    amount_currency: plan.currency,
    trial_period: plan.trialPeriodDays,
    pay_in_advance: plan.payInAdvance,
    bill_charges_monthly: null,
    customers_count: 0,
    active_subscriptions_count: 0,
    draft_invoices_count: 0,
    parent_id: null,
    pending_deletion: false,
    charges: plan.charges.map(presentCharge),
    fixed_charges: [],
    entitlements: [],
    usage_thresholds: [],
    taxes: [],
  };
}

export function nextOf(org: Organization, subscription: Subscription): Subscription | undefined {
  return org.rows.subscriptions.findLast((row) => row.previous === subscription && row.status !== 'canceled');
}

/** The fields of a subscription; `plan` and `customer` come with it where `includes` says so. */
export function presentSubscription(
  org: Organization,
  subscription: Subscription,
  includes: readonly ('plan' | 'customer')[] = [],
) {
  const { customer, plan, previous } = subscription;
  const next = nextOf(org, subscription);
  const period = subscription.startedAt && periodAt(cycleOf(subscription), subscription.terminatedAt ?? now(org));
  const from = period && later(period.from, subscription.startedAt ?? period.from);
  return {
    lago_id: subscription.id,
    external_id: subscription.externalId,
    lago_customer_id: customer.id,
    external_customer_id: customer.externalId,
    name: subscription.name,
    plan_code: plan.code,
    plan_amount_cents: plan.amountCents,
    plan_amount_currency: plan.currency,
    status: subscription.status,
    billing_time: subscription.billingTime,
    subscription_at: iso(subscription.subscriptionAt),
    started_at: subscription.startedAt?.toISOString() ?? null,
    trial_ended_at: isoOrNull(subscription.trialEndedAt),
    ending_at: isoOrNull(subscription.endingAt),
    terminated_at: isoOrNull(subscription.terminatedAt),
    canceled_at: isoOrNull(subscription.canceledAt),
    created_at: iso(subscription.createdAt),
    previous_plan_code: previous?.plan.code ?? null,
    next_plan_code: next?.plan.code ?? null,
    downgrade_plan_date: next?.status === 'pending' && period ? isoDate(period.end) : null,
    current_billing_period_started_at: from ? iso(from) : null,
    current_billing_period_ending_at: period ? isoEnd(period.end) : null,
    on_termination_credit_note: subscription.onTerminationCreditNote,
    on_termination_invoice: subscription.onTerminationInvoice,
    progressive_billing_disabled: false,
    consolidate_invoice: true,
    purchase_order_number: null,
    cancellation_reason: null,
    activated_at: isoOrNull(subscription.activatedAt),
    payment_method: { payment_method_type: 'provider', payment_method_id: null },
    activation_rules: [],
    ...(includes.includes('plan') && { plan: presentPlan(plan), entitlements: [] }),
    ...(includes.includes('customer') && { customer: presentCustomer(customer) }),
  };
}

/** `lago_customer_id` and `lago_subscription_id` are null in life too: events are matched to a subscription later. */
export function presentEvent(event: UsageEvent) {
  return {
    lago_id: event.id,
    transaction_id: event.transactionId,
    lago_customer_id: null,
    code: event.code,
    timestamp: event.timestamp.toISOString(),
    precise_total_amount_cents: event.preciseTotalAmountCents,
    properties: event.properties,
    lago_subscription_id: null,
    external_subscription_id: event.externalSubscriptionId,
    created_at: iso(event.createdAt),
  };
}

export function presentEndpoint(org: Organization, endpoint: WebhookEndpoint) {
  return {
    lago_id: endpoint.id,
    lago_organization_id: org.id,
    webhook_url: endpoint.url,
    signature_algo: endpoint.signatureAlgo,
    name: endpoint.name,
    event_types: endpoint.eventTypes,
    created_at: iso(endpoint.createdAt),
  };
}
