import { nowSeconds, type Account, type SubscriptionRow } from '../account.ts';
import { mergeMetadata } from '../merge-metadata.ts';
import { invalidRequest } from '../errors.ts';
import { emit } from '../webhooks.ts';
import { finalizeAndCollect, settle, tryQuietly } from './collect.ts';
import { addInvoice, finalize } from './invoices.ts';
import { changedItems, periodOf, withPeriod, type ItemChange } from './items.ts';
import { cycleLine } from './lines.ts';
import type { Invoice, InvoiceItem, InvoiceLine } from './invoice-objects.ts';
import type { ProrationBehavior, Subscription, SubscriptionItem } from './objects.ts';
import { isSameCycle, periodAt, type Period } from './periods.ts';
import { pendingItems, prorations } from './proration.ts';
import { alter, dropPending, setItems } from './standing.ts';
import { methodOf, refuseIfRefused, setCancelAt, trialSettings } from './subscribe.ts';
import { PENDING_PARAMS, type UpdateParams } from './subscription-params.ts';
import type { z } from 'zod';

const MAX_PENDING_SECONDS = 23 * 3600;

/** What a change of items or of the cycle comes to, before anything of it is done. */
export interface Plan {
  items: SubscriptionItem[];
  anchor: number;
  isNewCycle: boolean;
  /** Credits and charges for the rest of the period. */
  prorations: InvoiceItem[];
  /** The new period, billed at once. */
  lines: InvoiceLine[];
  isInvoiced: boolean;
  at: number;
}

export interface PlanInput {
  items?: z.output<typeof ItemChange>[] | undefined;
  behavior: ProrationBehavior;
  isAnchoredNow: boolean;
  at: number;
}

export function planChange(account: Account, subscription: Subscription, input: PlanInput): Plan {
  const { at, behavior } = input;
  const period = periodOf(subscription);
  if (at < period.start || at > period.end) {
    throw invalidRequest('`proration_date` must be within the current period.', { param: 'proration_date' });
  }
  const wanted = changedItems(account, subscription, input.items ?? []);
  const [before, after] = [subscription.items.data[0]?.price.recurring, wanted[0]?.price.recurring];
  const isOtherCycle = before && after ? !isSameCycle(before, after) : false;
  const isNewCycle = input.isAnchoredNow || isOtherCycle;
  const anchor = isNewCycle ? at : subscription.billing_cycle_anchor;
  const next: Period = isNewCycle && after ? periodAt(anchor, after, at) : period;
  const items = wanted.map((item) => withPeriod(item, next));
  const isChanged = JSON.stringify(items) !== JSON.stringify(subscription.items.data);
  const prorated = isChanged && behavior !== 'none' ? prorations(account, subscription, items, { at, isNewCycle }) : [];
  return {
    items,
    anchor,
    isNewCycle,
    prorations: prorated,
    lines: isNewCycle ? items.map((item) => cycleLine(account, item, next)) : [],
    isInvoiced: isNewCycle || (behavior === 'always_invoice' && prorated.length > 0),
    at,
  };
}

export function updateSubscription(account: Account, row: SubscriptionRow, params: UpdateParams): Subscription {
  const { subscription } = row;
  refuseUpdate(row, params);
  // A later change takes the place of one that still waits for its payment.
  if (row.pending && (params.items || params.billing_cycle_anchor)) dropPending(account, row);
  const plan = planOf(account, subscription, params);
  if (params.payment_behavior === 'pending_if_incomplete') {
    refuseUnsupported(params);
    if (plan?.isInvoiced) return updateWhenPaid(account, row, plan, params);
  }
  if (plan?.isInvoiced && params.payment_behavior === 'error_if_incomplete') {
    const method = methodOf(account, subscription.customer, subscription.default_payment_method);
    if (method) refuseIfRefused(method);
  }
  const before = structuredClone(subscription);
  applyFields(account, row, params);
  const invoice = plan && applyPlan(account, row, plan);
  emit(account, 'customer.subscription.updated', subscription, before);
  if (invoice) collectChange(account, row, invoice, params.payment_behavior === 'default_incomplete');
  return subscription;
}

function planOf(account: Account, subscription: Subscription, params: UpdateParams): Plan | null {
  const isTrialEnd = params.trial_end === 'now' && subscription.status === 'trialing';
  const isAnchoredNow = params.billing_cycle_anchor?.type === 'now' || isTrialEnd;
  if (!params.items && !isAnchoredNow) return null;
  const behavior = params.proration_behavior ?? 'create_prorations';
  const at = params.proration_date ?? nowSeconds(account);
  return planChange(account, subscription, { items: params.items, behavior, isAnchoredNow, at });
}

/** Whether the change is made at all. */
function refuseUpdate({ subscription }: SubscriptionRow, params: UpdateParams): void {
  const asked = Object.entries(params).filter(([, value]) => value !== undefined);
  const isOnly = (...names: string[]) => asked.every(([name]) => names.includes(name));
  if (subscription.status === 'canceled' || subscription.status === 'incomplete_expired') {
    if (isOnly('metadata', 'cancellation_details')) return;
    throw invalidRequest('A canceled subscription can only update its cancellation_details and metadata.', {
      code: 'invalid_canceled_subscription_fields',
    });
  }
  if (subscription.status === 'incomplete' && !isOnly('metadata', 'default_payment_method', 'payment_settings')) {
    throw invalidRequest(
      'You cannot update a subscription in `incomplete` status in that manner. Only its metadata and its default payment method may be updated.',
    );
  }
  const isCancel = params.cancel_at !== undefined || params.cancel_at_period_end !== undefined;
  if (subscription.schedule && isCancel) {
    throw invalidRequest(
      `The subscription is managed by the subscription schedule \`${subscription.schedule}\`, and updating any cancelation behavior directly is not allowed. Please update the schedule instead.`,
    );
  }
}

function refuseUnsupported(params: UpdateParams): void {
  const wrong = Object.entries(params).find(([name, value]) => value !== undefined && !PENDING_PARAMS.has(name));
  if (!wrong) return;
  throw invalidRequest(`You cannot pass \`${wrong[0]}\` when \`payment_behavior\` is \`pending_if_incomplete\`.`, {
    param: wrong[0],
  });
}

function applyFields(account: Account, { subscription }: SubscriptionRow, params: UpdateParams): void {
  const { cancellation_details: details, payment_settings: settings } = params;
  if (params.default_payment_method !== undefined) {
    const method = methodOf(account, subscription.customer, params.default_payment_method || null);
    subscription.default_payment_method = params.default_payment_method ? (method?.method.id ?? null) : null;
  }
  if (params.description !== undefined) subscription.description = params.description || null;
  if (params.collection_method) subscription.collection_method = params.collection_method;
  if (params.days_until_due !== undefined) subscription.days_until_due = params.days_until_due;
  if (subscription.collection_method === 'charge_automatically') subscription.days_until_due = null;
  if (settings?.save_default_payment_method) {
    subscription.payment_settings.save_default_payment_method = settings.save_default_payment_method;
  }
  if (params.trial_settings) subscription.trial_settings = trialSettings(params.trial_settings);
  if (details?.comment !== undefined) subscription.cancellation_details.comment = details.comment || null;
  if (details?.feedback !== undefined) subscription.cancellation_details.feedback = details.feedback || null;
  subscription.metadata = mergeMetadata(subscription.metadata, params.metadata);
  setCancelAt(subscription, params, nowSeconds(account));
}

/** Does the change, and makes the invoice it asks for. */
export function applyPlan(account: Account, row: SubscriptionRow, plan: Plan): Invoice | null {
  const { subscription } = row;
  setItems(subscription, plan.items);
  subscription.billing_cycle_anchor = plan.anchor;
  if (plan.isNewCycle && subscription.status === 'trialing') {
    Object.assign(subscription, { status: 'active', trial_end: plan.at });
  }
  keepProrations(account, plan);
  return plan.isInvoiced ? invoiceOf(account, subscription, plan) : null;
}

function keepProrations(account: Account, plan: Plan): void {
  for (const item of plan.prorations) {
    account.rows.invoiceItems.push(item);
    emit(account, 'invoiceitem.created', item);
  }
}

function invoiceOf(account: Account, subscription: Subscription, plan: Plan): Invoice {
  const period = periodOf(subscription);
  return addInvoice(
    account,
    {
      customer: subscription.customer,
      currency: subscription.currency,
      reason: 'subscription_update',
      lines: plan.lines,
      period: { start: period.start, end: plan.at },
      subscription,
      prorationDate: plan.at,
    },
    pendingItems(account, subscription),
  );
}

/** `isLeft`: the caller confirms the payment; until then the subscription is behind with it. */
function collectChange(account: Account, row: SubscriptionRow, invoice: Invoice, isLeft: boolean): void {
  finalizeAndCollect(account, invoice, { isTried: !isLeft });
  if (isLeft && invoice.status === 'open' && row.subscription.status === 'active') {
    alter(account, row, (subscription) => (subscription.status = 'past_due'));
  }
}

/** The change is done only once its invoice is paid; until then it is the subscription's `pending_update`. */
function updateWhenPaid(account: Account, row: SubscriptionRow, plan: Plan, params: UpdateParams): Subscription {
  const { subscription } = row;
  if (subscription.collection_method === 'send_invoice') {
    throw invalidRequest('`pending_if_incomplete` is not supported with `collection_method=send_invoice`.', {
      param: 'payment_behavior',
    });
  }
  keepProrations(account, plan);
  const invoice = invoiceOf(account, subscription, plan);
  row.pending = {
    invoiceId: invoice.id,
    items: plan.items,
    anchor: plan.anchor,
    cancelAtPeriodEnd: params.cancel_at_period_end ?? null,
    metadata: params.metadata ?? {},
  };
  finalize(account, invoice);
  if (invoice.amount_due === 0) settle(account, invoice, null);
  else tryQuietly(account, invoice);
  if (row.pending) alter(account, row, () => (subscription.pending_update = pendingUpdate(account, row, plan, params)));
  return subscription;
}

function pendingUpdate(
  account: Account,
  { subscription }: SubscriptionRow,
  plan: Plan,
  params: UpdateParams,
): NonNullable<Subscription['pending_update']> {
  const ends = [nowSeconds(account) + MAX_PENDING_SECONDS, periodOf(subscription).end];
  return {
    billing_cycle_anchor: plan.isNewCycle ? plan.anchor : null,
    cancel_at_period_end: params.cancel_at_period_end ?? null,
    discount: null,
    discounts: null,
    expires_at: Math.min(...ends),
    metadata: params.metadata ?? null,
    subscription_items: plan.items,
    trial_end: null,
    trial_from_plan: null,
  };
}
