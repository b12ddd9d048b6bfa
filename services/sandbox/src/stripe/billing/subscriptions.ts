import type { z } from 'zod';
import { nowSeconds, type Account, type SubscriptionRow } from '../account.ts';
import { invalidRequest, missing } from '../errors.ts';
import { listOf, read, type StripeRouter } from '../http.ts';
import { emit } from '../webhooks.ts';
import { updateSubscription } from './change.ts';
import { finalizeAndCollect } from './collect.ts';
import { addInvoice } from './invoices.ts';
import { periodOf, withPeriod } from './items.ts';
import { cycleLine } from './lines.ts';
import { subscriptionBy } from './lookups.ts';
import type { Subscription } from './objects.ts';
import { periodAt } from './periods.ts';
import { pendingItems, prorations } from './proration.ts';
import { alter, endSubscription, expireIncomplete, isOver, setItems } from './standing.ts';
import { createSubscription } from './subscribe.ts';
import {
  CancelParams,
  CreateParams,
  ListParams,
  PauseParams,
  ResumeParams,
  UpdateParams,
} from './subscription-params.ts';

export function subscriptionRoutes(router: StripeRouter, account: Account): void {
  router.post('/subscriptions', (call) => {
    call.body = createSubscription(account, read(call, CreateParams));
  });
  router.get('/subscriptions', (call) => {
    const params = read(call, ListParams);
    call.body = listOf('/v1/subscriptions', found(account, params), params);
  });
  router.get('/subscriptions/:id', (call) => {
    call.body = subscriptionBy(account, call.params['id']).subscription;
  });
  router.post('/subscriptions/:id', (call) => {
    const row = subscriptionBy(account, call.params['id']);
    call.body = updateSubscription(account, row, read(call, UpdateParams));
  });
  router.delete('/subscriptions/:id', (call) => {
    const row = subscriptionBy(account, call.params['id']);
    call.body = cancelNow(account, row, read(call, CancelParams));
  });
  router.post('/subscriptions/:id/pause', (call) => {
    const row = subscriptionBy(account, call.params['id']);
    read(call, PauseParams);
    call.body = pause(account, row);
  });
  router.post('/subscriptions/:id/resume', (call) => {
    const row = subscriptionBy(account, call.params['id']);
    call.body = resume(account, row, read(call, ResumeParams));
  });
}

/** Without a status those that are over are left out. */
function found(account: Account, params: z.output<typeof ListParams>): Subscription[] {
  const isWanted = (one: Subscription) => {
    if (params.status === 'all') return true;
    if (params.status === 'ended') return isOver(one);
    return params.status ? one.status === params.status : one.status !== 'canceled';
  };
  const { current_period_end: end } = params;
  const endsWithin = (one: Subscription) => {
    if (end === undefined) return true;
    const at = periodOf(one).end;
    if (typeof end === 'number') return at === end;
    const { gt = -Infinity, gte = -Infinity, lt = Infinity, lte = Infinity } = end;
    return at > gt && at >= gte && at < lt && at <= lte;
  };
  return account.rows.subscriptions
    .map(({ subscription }) => subscription)
    .filter((one) => !params.customer || one.customer === params.customer)
    .filter((one) => !params.price || one.items.data.some(({ price }) => price.id === params.price))
    .filter((one) => !params.collection_method || one.collection_method === params.collection_method)
    .filter((one) => isWanted(one) && endsWithin(one));
}

function cancelNow(account: Account, row: SubscriptionRow, params: z.output<typeof CancelParams>): Subscription {
  const { subscription } = row;
  if (isOver(subscription)) throw missing('subscription', subscription.id);
  const at = nowSeconds(account);
  if (params.prorate && subscription.status !== 'incomplete') {
    for (const item of prorations(account, subscription, [], { at, isNewCycle: true })) {
      account.rows.invoiceItems.push(item);
      emit(account, 'invoiceitem.created', item);
    }
  }
  const { comment, feedback } = params.cancellation_details ?? {};
  if (comment) subscription.cancellation_details.comment = comment;
  if (feedback) subscription.cancellation_details.feedback = feedback;
  if (params.invoice_now) invoiceRest(account, subscription, at);
  // One that never began expires, and nothing of it is owed.
  if (subscription.status === 'incomplete') expireIncomplete(account, row);
  else endSubscription(account, row, 'cancellation_requested');
  return subscription;
}

function invoiceRest(account: Account, subscription: Subscription, at: number): void {
  const items = pendingItems(account, subscription);
  if (items.length === 0) return;
  const { customer, currency } = subscription;
  const period = { start: periodOf(subscription).start, end: at };
  const fields = { customer, currency, reason: 'subscription_update' as const, lines: [], period, subscription };
  finalizeAndCollect(account, addInvoice(account, fields, items));
}

function pause(account: Account, row: SubscriptionRow): Subscription {
  const { subscription } = row;
  if (subscription.schedule) throw invalidRequest('You cannot pause a subscription with an attached schedule.');
  if (subscription.status !== 'active' && subscription.status !== 'trialing') {
    throw invalidRequest(`You cannot pause a subscription that is ${subscription.status}.`);
  }
  alter(account, row, () => (subscription.status = 'paused'));
  emit(account, 'customer.subscription.paused', subscription);
  return subscription;
}

/** By default a new period begins with the resumption and is billed; `unchanged` goes on with one that still runs. */
function resume(account: Account, row: SubscriptionRow, params: z.output<typeof ResumeParams>): Subscription {
  const { subscription } = row;
  if (subscription.status !== 'paused') {
    throw invalidRequest(`You can only resume subscriptions that are paused. This one is ${subscription.status}.`);
  }
  const at = nowSeconds(account);
  const recurring = subscription.items.data[0]?.price.recurring;
  const isUnchanged = params.billing_cycle_anchor?.type === 'unchanged' && periodOf(subscription).end > at;
  if (!isUnchanged && recurring) {
    const anchor = params.billing_cycle_anchor?.type === 'unchanged' ? subscription.billing_cycle_anchor : at;
    const period = periodAt(anchor, recurring, at);
    const { customer, currency } = subscription;
    const items = subscription.items.data.map((item) => withPeriod(item, period));
    const before = structuredClone(subscription);
    setItems(subscription, items);
    subscription.billing_cycle_anchor = anchor;
    const lines = items.map((item) => cycleLine(account, item, period));
    const fields = { customer, currency, reason: 'subscription_cycle' as const, lines, period, subscription };
    const invoice = addInvoice(account, fields, pendingItems(account, subscription));
    emit(account, 'customer.subscription.updated', subscription, before);
    finalizeAndCollect(account, invoice);
    if (invoice.status !== 'paid') return subscription;
  }
  if (subscription.status === 'paused') alter(account, row, () => (subscription.status = 'active'));
  emit(account, 'customer.subscription.resumed', subscription);
  return subscription;
}
