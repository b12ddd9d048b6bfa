import { newId, nowSeconds, type Account, type SubscriptionRow } from '../account.ts';
import { invalidRequest, StripeFailure } from '../errors.ts';
import { customerBy, methodBy, type MethodRow } from '../lookups.ts';
import { refusalOf } from '../payments.ts';
import { emit } from '../webhooks.ts';
import { finalizeAndCollect } from './collect.ts';
import { addInvoice } from './invoices.ts';
import { newItem, recurringPrice, refuseMixed } from './items.ts';
import { cycleLine } from './lines.ts';
import { listed } from './lookups.ts';
import type { Invoice } from './invoice-objects.ts';
import type { Price, Subscription } from './objects.ts';
import { periodAt, type Period } from './periods.ts';
import type { CreateParams } from './subscription-params.ts';

const DAY = 86_400;
const DRAFT_SECONDS = 3600;

export const FLEXIBLE: Subscription['billing_mode'] = {
  type: 'flexible',
  flexible: { proration_discounts: 'included' },
};

export interface Start {
  customer: string;
  items: { price: Price; quantity: number; metadata?: Record<string, string> | undefined }[];
  params: Partial<Omit<CreateParams, 'items' | 'customer'>>;
  trialEnd: number | null;
}

export function createSubscription(account: Account, params: CreateParams): Subscription {
  const customer = customerBy(account, params.customer, 'customer');
  const items = params.items.map((item, index) => ({
    price: recurringPrice(account, item, `items[${index}]`),
    quantity: item.quantity ?? 1,
    metadata: item.metadata,
  }));
  const start: Start = { customer: customer.id, items, params, trialEnd: trialEndOf(account, params) };
  checkStart(account, start);
  const row = addSubscription(account, start);
  const invoice = firstInvoice(account, row);
  emit(account, 'customer.subscription.created', row.subscription);
  if (row.subscription.collection_method === 'send_invoice') {
    invoice.automatically_finalizes_at = nowSeconds(account) + DRAFT_SECONDS;
  } else {
    finalizeAndCollect(account, invoice, { isTried: params.payment_behavior !== 'default_incomplete' });
  }
  return row.subscription;
}

function trialEndOf(account: Account, params: CreateParams): number | null {
  if (params.trial_end !== undefined && params.trial_period_days !== undefined) {
    throw invalidRequest('You cannot set both `trial_end` and `trial_period_days`.', { param: 'trial_end' });
  }
  if (params.trial_period_days !== undefined) return nowSeconds(account) + params.trial_period_days * DAY;
  if (params.trial_end === undefined || params.trial_end === 'now') return null;
  if (params.trial_end > nowSeconds(account)) return params.trial_end;
  throw invalidRequest('Invalid timestamp: must be an integer Unix timestamp in the future.', { param: 'trial_end' });
}

function checkStart(account: Account, { customer, items, params, trialEnd }: Start): void {
  const currency = params.currency ?? items[0]?.price.currency ?? '';
  refuseMixed(
    items.map(({ price }) => price),
    currency,
  );
  refuseOtherCurrency(account, customer, currency);
  const isSent = params.collection_method === 'send_invoice';
  if (isSent !== (params.days_until_due !== undefined)) {
    throw invalidRequest('`days_until_due` is to be set with `collection_method=send_invoice`, and only then.', {
      param: 'days_until_due',
    });
  }
  if (params.payment_behavior === 'pending_if_incomplete') {
    throw invalidRequest('`pending_if_incomplete` is only used with updates.', { param: 'payment_behavior' });
  }
  const method = methodOf(account, customer, params.default_payment_method);
  const isFree = trialEnd !== null || items.every(({ price, quantity }) => price.unit_amount * quantity === 0);
  if (isSent || isFree || params.payment_behavior === 'default_incomplete') return;
  if (!method) {
    throw invalidRequest(
      'This customer has no attached payment source or default payment method. Please consider adding a default payment method.',
      { code: 'resource_missing' },
    );
  }
  if (params.payment_behavior === 'error_if_incomplete') refuseIfRefused(method);
}

/** What an `error_if_incomplete` is answered before anything happens. */
export function refuseIfRefused(method: MethodRow): void {
  const refusal = refusalOf(method);
  if (!refusal) return;
  const needsAction = refusal === 'requires_action';
  throw new StripeFailure(402, {
    type: 'card_error',
    code: needsAction ? 'subscription_payment_intent_requires_action' : 'card_declined',
    ...(!needsAction && { decline_code: refusal }),
    message: needsAction
      ? 'Payment for this subscription requires additional user action before it can be completed successfully.'
      : 'Your card was declined.',
    payment_method: structuredClone(method.method),
  });
}

/** The card that would be charged; one that is named must belong to the customer. */
export function methodOf(account: Account, customerId: string, id: string | null | undefined): MethodRow | undefined {
  const customer = customerBy(account, customerId, 'customer');
  const wanted = id ?? customer.invoice_settings.default_payment_method;
  if (!wanted) return undefined;
  const row = methodBy(account, wanted);
  if (row.method.customer === customer.id) return row;
  throw invalidRequest(
    `The customer does not have a payment method with the ID ${wanted}. The payment method must be attached to the customer.`,
    { code: 'resource_missing', param: 'default_payment_method' },
  );
}

const ENDED: ReadonlySet<string> = new Set(['canceled', 'incomplete_expired']);

export function refuseOtherCurrency(account: Account, customer: string, currency: string): void {
  const other = account.rows.subscriptions.find(
    ({ subscription: one }) => one.customer === customer && !ENDED.has(one.status) && one.currency !== currency,
  );
  if (!other) return;
  throw invalidRequest(
    `You cannot combine currencies on a single customer. This customer has an active subscription with currency ${other.subscription.currency}.`,
  );
}

/** Keeps it, `incomplete` until its first invoice is paid; nobody is told yet. */
export function addSubscription(account: Account, { customer, items, params, trialEnd }: Start): SubscriptionRow {
  const at = nowSeconds(account);
  const id = newId('sub');
  const recurring = items[0]?.price.recurring;
  if (!recurring) throw invalidRequest('A subscription needs a recurring price.', { param: 'items' });
  const anchor = trialEnd ?? at;
  const period: Period = trialEnd === null ? periodAt(at, recurring, at) : { start: at, end: trialEnd };
  const rows = items.map((item) => newItem(account, id, item, period));
  const isSent = params.collection_method === 'send_invoice';
  const subscription: Subscription = {
    ...constants,
    id,
    created: at,
    billing_cycle_anchor: anchor,
    billing_mode: params.billing_mode?.type === 'classic' ? { type: 'classic', flexible: null } : FLEXIBLE,
    cancel_at: null,
    cancel_at_period_end: false,
    canceled_at: null,
    cancellation_details: { comment: null, feedback: null, feedback_option: null, reason: null },
    collection_method: params.collection_method ?? 'charge_automatically',
    currency: rows[0]?.price.currency ?? '',
    customer,
    days_until_due: params.days_until_due ?? null,
    default_payment_method: params.default_payment_method ?? null,
    description: params.description ?? null,
    ended_at: null,
    items: listed(`/v1/subscription_items?subscription=${id}`, rows),
    latest_invoice: null,
    metadata: params.metadata ?? {},
    payment_settings: {
      payment_method_options: null,
      payment_method_types: params.payment_settings?.payment_method_types ?? null,
      save_default_payment_method: params.payment_settings?.save_default_payment_method ?? 'off',
    },
    pending_update: null,
    schedule: null,
    start_date: at,
    status: trialEnd === null ? (isSent ? 'active' : 'incomplete') : 'trialing',
    trial_end: trialEnd,
    trial_settings: trialSettings(params.trial_settings),
    trial_start: trialEnd === null ? null : at,
  };
  setCancelAt(subscription, params, at);
  const row: SubscriptionRow = {
    subscription,
    failures: 0,
    pending: null,
    announcedPeriodEnd: 0,
    isTrialEndAnnounced: false,
  };
  account.rows.subscriptions.push(row);
  return row;
}

export const trialSettings = (given: CreateParams['trial_settings']): Subscription['trial_settings'] => ({
  end_behavior: {
    billing_cycle_anchor: null,
    missing_payment_method: given?.end_behavior.missing_payment_method ?? 'create_invoice',
  },
});

const constants = {
  object: 'subscription' as const,
  livemode: false as const,
  application: null,
  application_fee_percent: null,
  automatic_tax: { enabled: false as const, disabled_reason: null, liability: null },
  billing_cycle_anchor_config: null,
  billing_schedules: [] as [],
  billing_thresholds: null,
  customer_account: null,
  default_source: null,
  default_tax_rates: [] as [],
  discounts: [] as [],
  invoice_settings: {
    account_tax_ids: null,
    custom_fields: null,
    description: null,
    footer: null,
    issuer: { type: 'self' as const },
  },
  managed_payments: null,
  next_pending_invoice_item_invoice: null,
  on_behalf_of: null,
  pause_collection: null,
  pending_invoice_item_interval: null,
  pending_setup_intent: null,
  test_clock: null,
  transfer_data: null,
};

interface CancelFields {
  cancel_at?: number | 'min_period_end' | 'max_period_end' | '' | undefined;
  cancel_at_period_end?: boolean | undefined;
}

/** When it will end; the end can be taken back until it is there. */
export function setCancelAt(subscription: Subscription, params: CancelFields, at: number): void {
  const { cancel_at: cancelAt, cancel_at_period_end: atPeriodEnd } = params;
  if (cancelAt === undefined && atPeriodEnd === undefined) return;
  if (cancelAt !== undefined && atPeriodEnd !== undefined) {
    throw invalidRequest('You cannot set both `cancel_at` and `cancel_at_period_end`.', { param: 'cancel_at' });
  }
  const periodEnd = subscription.items.data[0]?.current_period_end ?? at;
  const end = typeof cancelAt === 'number' ? cancelAt : atPeriodEnd === true || cancelAt ? periodEnd : null;
  if (end !== null && end <= at) {
    throw invalidRequest('`cancel_at` must be a time in the future.', { param: 'cancel_at' });
  }
  subscription.cancel_at = end;
  subscription.cancel_at_period_end = atPeriodEnd ?? (typeof cancelAt === 'string' && cancelAt !== '');
  subscription.canceled_at = end === null ? null : at;
  subscription.cancellation_details.reason = end === null ? null : 'cancellation_requested';
}

export function firstInvoice(account: Account, { subscription }: SubscriptionRow): Invoice {
  const items = subscription.items.data;
  const start = items[0]?.current_period_start ?? 0;
  const end = items[0]?.current_period_end ?? 0;
  const isTrial = subscription.status === 'trialing';
  return addInvoice(account, {
    customer: subscription.customer,
    currency: subscription.currency,
    reason: 'subscription_create',
    lines: items.map((item) => cycleLine(account, item, { start, end }, isTrial)),
    // The past period of a first invoice is the moment it starts.
    period: { start, end: start },
    subscription,
  });
}
