import { z } from 'zod';
import { newCustomer } from './customers.ts';
import { forbidden, invalid, notFound } from './errors.ts';
import { check, paginate, queryListOf, queryOf, read, type LagoRouter } from './http.ts';
import { activate, activateInPast, cancel, isUpgrade, markCanceled, notify, terminate } from './lifecycle.ts';
import type { Customer, Plan, Subscription, SubscriptionStatus } from './model.ts';
import { newId, now, type Organization } from './organization.ts';
import { startOfDay } from './periods.ts';
import { planBy } from './plan-rows.ts';
import { nextOf, presentSubscription } from './present.ts';

const moment = z.iso.datetime({ offset: true, error: 'invalid_date' }).transform((value) => new Date(value));

const SubscriptionInput = z.strictObject({
  external_customer_id: z.string().trim().min(1, 'value_is_mandatory'),
  plan_code: z.string(),
  external_id: z.string().trim().min(1, 'value_is_mandatory'),
  name: z.string().nullable().optional(),
  billing_time: z.enum(['calendar', 'anniversary']).default('calendar'),
  subscription_at: moment.nullable().optional(),
  ending_at: moment.nullable().optional(),
  billing_entity_code: z.string().optional(),
  consolidate_invoice: z.boolean().optional(),
  plan_overrides: z.unknown().optional(),
  activation_rules: z.array(z.unknown()).optional(),
});
type SubscriptionInput = z.output<typeof SubscriptionInput>;

const SubscriptionChange = z.strictObject({
  name: z.string().nullable().optional(),
  ending_at: moment.nullable().optional(),
  plan_overrides: z.unknown().optional(),
});

const Termination = z.object({
  on_termination_credit_note: z.enum(['credit', 'refund', 'offset', 'skip'], 'invalid_value').optional(),
  on_termination_invoice: z.enum(['generate', 'skip'], 'invalid_value').optional(),
});

const STATUSES: readonly SubscriptionStatus[] = ['pending', 'active', 'terminated', 'canceled', 'incomplete'];

export function subscriptionRoutes(router: LagoRouter, org: Organization): void {
  router.post('/subscriptions', (call) => {
    const subscription = subscribe(org, read(call, 'subscription', SubscriptionInput));
    call.body = { subscription: presentSubscription(org, subscription, ['plan']) };
  });
  // Lago reads the list form `status[]=…`; a plain `status=` is ignored, and without any only active ones come.
  router.get('/subscriptions', (call) => {
    const statuses = queryListOf(call, 'status');
    const wanted: string[] = statuses.length > 0 ? statuses : ['active'];
    const customerId = queryOf(call, 'external_customer_id');
    const planCode = queryOf(call, 'plan_code');
    const externalId = queryOf(call, 'external_id');
    const rows = org.rows.subscriptions
      .filter((row) => wanted.includes(row.status))
      .filter((row) => !customerId || row.customer.externalId === customerId)
      .filter((row) => !planCode || row.plan.code === planCode)
      .filter((row) => !externalId || row.externalId === externalId);
    call.body = paginate(call, 'subscriptions', rows.toReversed(), (row) => presentSubscription(org, row));
  });
  router.get('/subscriptions/:externalId', (call) => {
    const subscription = subscriptionBy(org, call.params['externalId'], queryOf(call, 'status'));
    call.body = { subscription: presentSubscription(org, subscription, ['plan']) };
  });
  router.put('/subscriptions/:externalId', (call) => {
    const subscription = subscriptionBy(org, call.params['externalId'], queryOf(call, 'status'));
    const change = read(call, 'subscription', SubscriptionChange);
    if (change.plan_overrides !== undefined) throw forbidden();
    if (change.name !== undefined) subscription.name = change.name;
    if (change.ending_at !== undefined) subscription.endingAt = checkEnd(org, change.ending_at);
    notify(org, 'updated', subscription);
    call.body = { subscription: presentSubscription(org, subscription, ['plan']) };
  });
  router.delete('/subscriptions/:externalId', (call) => {
    const status = queryOf(call, 'status') === 'pending' ? 'pending' : 'active';
    const subscription = subscriptionBy(org, call.params['externalId'], status);
    end(org, subscription, check(Termination, call.query));
    call.body = { subscription: presentSubscription(org, subscription, ['plan']) };
  });
}

/** Only the active row unless another status is asked for: an external id may have many rows. */
function subscriptionBy(org: Organization, externalId: string | undefined, status = 'active'): Subscription {
  const wanted = STATUSES.find((known) => known === status) ?? 'active';
  const row = org.rows.subscriptions.findLast((one) => one.externalId === externalId && one.status === wanted);
  if (!row) throw notFound('subscription');
  return row;
}

/** The external id decides: unknown = new, same plan = nothing, dearer plan = at once, cheaper = at the period's end. */
function subscribe(org: Organization, input: SubscriptionInput): Subscription {
  const plan = planBy(org, input.plan_code);
  checkEnd(org, input.ending_at ?? null);
  if (input.plan_overrides !== undefined) throw forbidden();
  // A rule needs a payment provider with a saved card, and none is connected to this organisation.
  if (input.activation_rules?.length) throw invalid({ activation_rules: ['no_linked_payment_provider'] });
  const customer = findOrCreateCustomer(org, input.external_customer_id, plan.currency);
  const running = org.rows.subscriptions.find(
    (row) => row.externalId === input.external_id && (row.status === 'active' || isFuture(row)),
  );
  if (!running) return start(org, customer, plan, input);
  if (running.customer !== customer) {
    if (running.status === 'active') throw invalid({ external_id: ['value_already_exist'] });
    return start(org, customer, plan, input);
  }
  return running.plan === plan ? running : changePlan(org, running, plan, input);
}

const isFuture = (row: Subscription): boolean => row.status === 'pending' && row.previous === null;

function start(org: Organization, customer: Customer, plan: Plan, input: SubscriptionInput): Subscription {
  const at = now(org);
  const subscription = newRow(org, customer, plan, input);
  org.rows.subscriptions.push(subscription);
  const [today, day] = [startOfDay(at), startOfDay(subscription.subscriptionAt)];
  if (day < today) activateInPast(org, subscription, at);
  else if (day.getTime() === today.getTime()) activate(org, subscription, subscription.subscriptionAt);
  return subscription;
}

function changePlan(org: Organization, current: Subscription, plan: Plan, input: SubscriptionInput): Subscription {
  if (current.status === 'pending') {
    current.plan = plan;
    if (input.name) current.name = input.name;
    return current;
  }
  const waiting = nextOf(org, current);
  if (waiting) markCanceled(waiting, now(org));
  const fresh: Subscription = {
    ...newRow(org, current.customer, plan, input),
    subscriptionAt: current.subscriptionAt,
    billingTime: current.billingTime,
    endingAt: input.ending_at === undefined ? current.endingAt : input.ending_at,
    previous: current,
  };
  org.rows.subscriptions.push(fresh);
  if (isUpgrade(current, fresh)) {
    activate(org, fresh, now(org));
    return fresh;
  }
  notify(org, 'updated', current);
  return current;
}

function newRow(org: Organization, customer: Customer, plan: Plan, input: SubscriptionInput): Subscription {
  const at = now(org);
  return {
    id: newId(),
    externalId: input.external_id,
    customer,
    plan,
    name: input.name ?? null,
    status: 'pending',
    billingTime: input.billing_time,
    subscriptionAt: input.subscription_at ?? at,
    startedAt: null,
    activatedAt: null,
    endingAt: input.ending_at ?? null,
    terminatedAt: null,
    canceledAt: null,
    trialEndedAt: null,
    createdAt: at,
    previous: null,
    onTerminationCreditNote: plan.payInAdvance ? 'credit' : null,
    onTerminationInvoice: 'generate',
    nextBillingAt: null,
  };
}

function end(org: Organization, subscription: Subscription, options: z.output<typeof Termination>): void {
  if (subscription.status === 'pending') return cancel(org, subscription, now(org));
  const creditNote = options.on_termination_credit_note;
  if (creditNote && !subscription.plan.payInAdvance) throw invalid({ on_termination_credit_note: ['invalid_value'] });
  const invoice = options.on_termination_invoice ?? 'generate';
  terminate(org, subscription, { creditNote: creditNote ?? 'credit', invoice }, now(org));
}

function checkEnd(org: Organization, endingAt: Date | null): Date | null {
  if (endingAt && startOfDay(endingAt) <= startOfDay(now(org))) throw invalid({ ending_at: ['invalid_date'] });
  return endingAt;
}

/** Lago lets a subscription bring its customer along; the first plan gives the customer its currency. */
function findOrCreateCustomer(org: Organization, externalId: string, currency: string): Customer {
  let customer = org.rows.customers.find((row) => row.externalId === externalId);
  if (!customer) {
    customer = newCustomer(org, externalId);
    org.rows.customers.push(customer);
  }
  customer.currency ??= currency;
  return customer;
}
