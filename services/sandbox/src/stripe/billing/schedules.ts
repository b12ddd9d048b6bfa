import { z } from 'zod';
import { newId, nowSeconds, type Account, type SubscriptionRow } from '../account.ts';
import { mergeMetadata } from '../merge-metadata.ts';
import { invalidRequest } from '../errors.ts';
import { boolean, listOf, metadata, notSimulated, pageParams, read, type StripeRouter } from '../http.ts';
import { emit } from '../webhooks.ts';
import { applyPlan } from './change.ts';
import { finalizeAndCollect } from './collect.ts';
import { newItem, periodOf } from './items.ts';
import { scheduleBy, subscriptionBy } from './lookups.ts';
import type { Price, SchedulePhase, Subscription, SubscriptionItem, SubscriptionSchedule } from './objects.ts';
import { isSameCycle } from './periods.ts';
import { phasesOf, UpdateParams } from './phases.ts';
import { prorations } from './proration.ts';
import { alter, endSubscription } from './standing.ts';

const CreateParams = z.strictObject({
  billing_mode: notSimulated,
  customer: notSimulated,
  default_settings: notSimulated,
  end_behavior: notSimulated,
  from_subscription: z.string(),
  metadata: metadata.optional(),
  pause_schedules: notSimulated,
  phases: z.undefined('cannot be set with `from_subscription`').optional(),
  start_date: notSimulated,
});

const ListParams = z.strictObject({
  ...pageParams,
  customer: z.string().optional(),
  scheduled: boolean.optional(),
});
const CancelParams = z.strictObject({ invoice_now: boolean.optional(), prorate: boolean.optional() });
const ReleaseParams = z.strictObject({ preserve_cancel_date: boolean.default(false) });

/** Changes of a subscription that are set for later: a cheaper plan from the next period on, for instance. */
export function scheduleRoutes(router: StripeRouter, account: Account): void {
  router.post('/subscription_schedules', (call) => {
    call.body = fromSubscription(account, read(call, CreateParams));
  });
  router.get('/subscription_schedules', (call) => {
    const params = read(call, ListParams);
    const rows = account.rows.schedules
      .filter((row) => !params.customer || row.customer === params.customer)
      .filter((row) => !params.scheduled || row.status === 'not_started');
    call.body = listOf('/v1/subscription_schedules', rows, params);
  });
  router.get('/subscription_schedules/:id', (call) => {
    call.body = scheduleBy(account, call.params['id']);
  });
  router.post('/subscription_schedules/:id', (call) => {
    const schedule = scheduleBy(account, call.params['id']);
    call.body = change(account, schedule, read(call, UpdateParams));
  });
  router.post('/subscription_schedules/:id/release', (call) => {
    const schedule = active(account, call.params['id'], 'release');
    const params = read(call, ReleaseParams);
    const row = subscriptionBy(account, schedule.subscription ?? undefined);
    if (!params.preserve_cancel_date && row.subscription.cancel_at !== null) {
      alter(account, row, (one) => Object.assign(one, { cancel_at: null, cancel_at_period_end: false }));
    }
    call.body = release(account, schedule);
  });
  router.post('/subscription_schedules/:id/cancel', (call) => {
    const schedule = active(account, call.params['id'], 'cancel');
    read(call, CancelParams);
    endSubscription(account, subscriptionBy(account, schedule.subscription ?? undefined), 'cancellation_requested');
    call.body = schedule;
  });
}

function active(account: Account, id: string | undefined, verb: string): SubscriptionSchedule {
  const schedule = scheduleBy(account, id);
  if (schedule.status === 'active' || schedule.status === 'not_started') return schedule;
  throw invalidRequest(
    `You cannot ${verb} a subscription schedule that is currently in the \`${schedule.status}\` status.`,
  );
}

function fromSubscription(account: Account, params: z.output<typeof CreateParams>): SubscriptionSchedule {
  const { subscription } = subscriptionBy(account, params.from_subscription, 'from_subscription');
  if (subscription.schedule) {
    throw invalidRequest(
      `You cannot migrate a subscription that is already attached to a schedule: \`${subscription.schedule}\`.`,
      { param: 'from_subscription' },
    );
  }
  if (subscription.status !== 'active' && subscription.status !== 'trialing' && subscription.status !== 'past_due') {
    throw invalidRequest(`You cannot migrate a subscription that is ${subscription.status}.`, {
      param: 'from_subscription',
    });
  }
  const { start, end } = periodOf(subscription);
  const schedule: SubscriptionSchedule = {
    id: newId('sub_sched'),
    object: 'subscription_schedule',
    created: nowSeconds(account),
    livemode: false,
    application: null,
    billing_mode: subscription.billing_mode,
    canceled_at: null,
    completed_at: null,
    current_phase: { start_date: start, end_date: end },
    customer: subscription.customer,
    customer_account: null,
    default_settings: settingsOf(subscription),
    end_behavior: 'release',
    metadata: params.metadata ?? {},
    pause_schedules: [],
    phases: [presentPhase(subscription, start, end)],
    released_at: null,
    released_subscription: null,
    status: 'active',
    subscription: subscription.id,
    test_clock: null,
  };
  account.rows.schedules.push(schedule);
  subscription.schedule = schedule.id;
  emit(account, 'subscription_schedule.created', schedule);
  return schedule;
}

const settingsOf = (subscription: Subscription): SubscriptionSchedule['default_settings'] => ({
  application_fee_percent: null,
  billing_cycle_anchor: 'automatic',
  billing_thresholds: null,
  collection_method: subscription.collection_method,
  default_payment_method: subscription.default_payment_method,
  description: null,
  invoice_settings: { ...subscription.invoice_settings, days_until_due: null },
  on_behalf_of: null,
  transfer_data: null,
});

const presentPhase = (subscription: Subscription, start: number, end: number): SchedulePhase => ({
  add_invoice_items: [],
  application_fee_percent: null,
  billing_cycle_anchor: null,
  billing_thresholds: null,
  collection_method: null,
  currency: subscription.currency,
  default_payment_method: null,
  default_tax_rates: [],
  description: null,
  discounts: [],
  end_date: end,
  invoice_settings: null,
  items: subscription.items.data.map(({ price, quantity, metadata: data }) => ({
    billing_thresholds: null,
    discounts: [],
    metadata: data,
    plan: price.id,
    price: price.id,
    quantity,
    tax_rates: [],
  })),
  metadata: {},
  on_behalf_of: null,
  proration_behavior: 'create_prorations',
  start_date: start,
  transfer_data: null,
  trial_end: null,
});

function change(
  account: Account,
  schedule: SubscriptionSchedule,
  params: z.output<typeof UpdateParams>,
): SubscriptionSchedule {
  active(account, schedule.id, 'update');
  const before = structuredClone(schedule);
  if (params.phases) schedule.phases = phasesOf(account, schedule, params.phases);
  const now = nowSeconds(account);
  const current = schedule.phases.find((phase) => phase.start_date <= now && now < phase.end_date);
  schedule.current_phase = current ? { start_date: current.start_date, end_date: current.end_date } : null;
  schedule.end_behavior = params.end_behavior ?? schedule.end_behavior;
  schedule.metadata = mergeMetadata(schedule.metadata, params.metadata);
  emit(account, 'subscription_schedule.updated', schedule, before);
  return schedule;
}

function release(account: Account, schedule: SubscriptionSchedule): SubscriptionSchedule {
  const row = subscriptionBy(account, schedule.subscription ?? undefined);
  Object.assign(schedule, {
    status: 'released',
    released_at: nowSeconds(account),
    released_subscription: schedule.subscription,
    subscription: null,
    current_phase: null,
  });
  alter(account, row, (subscription) => (subscription.schedule = null));
  emit(account, 'subscription_schedule.released', schedule);
  return schedule;
}

/** The end of the phase that runs. */
export function scheduleDue(account: Account, schedule: SubscriptionSchedule): { at: number; run: () => void } | null {
  const { current_phase: phase } = schedule;
  if (schedule.status !== 'active' || !phase) return null;
  return { at: phase.end_date, run: () => advance(account, schedule, phase.end_date) };
}

function advance(account: Account, schedule: SubscriptionSchedule, at: number): void {
  const next = schedule.phases.find((phase) => phase.start_date === at);
  const row = subscriptionBy(account, schedule.subscription ?? undefined);
  if (next) {
    const before = structuredClone(schedule);
    schedule.current_phase = { start_date: next.start_date, end_date: next.end_date };
    emit(account, 'subscription_schedule.updated', schedule, before);
    enter(account, row, next);
    return;
  }
  if (schedule.end_behavior === 'release') {
    release(account, schedule);
    return;
  }
  Object.assign(schedule, { status: 'completed', completed_at: at, current_phase: null });
  emit(account, 'subscription_schedule.completed', schedule);
  endSubscription(account, row, 'cancellation_requested');
}

function enter(account: Account, row: SubscriptionRow, phase: SchedulePhase): void {
  const { subscription } = row;
  const at = phase.start_date;
  const items = phaseItems(account, subscription, phase);
  const [old, fresh] = [subscription.items.data[0]?.price.recurring, items[0]?.price.recurring];
  // At the very end of a period the renewal that follows bills the new one.
  const isBoundary = periodOf(subscription).end === at;
  const isOtherCycle = old && fresh ? !isSameCycle(old, fresh) : false;
  const isProrated = !isBoundary && phase.proration_behavior !== 'none';
  const prorated = isProrated ? prorations(account, subscription, items, { at, isNewCycle: false }) : [];
  const before = structuredClone(subscription);
  const invoice = applyPlan(account, row, {
    items,
    anchor: isOtherCycle ? at : subscription.billing_cycle_anchor,
    isNewCycle: false,
    prorations: prorated,
    lines: [],
    isInvoiced: phase.proration_behavior === 'always_invoice' && prorated.length > 0,
    at,
  });
  subscription.metadata = mergeMetadata(subscription.metadata, phase.metadata);
  emit(account, 'customer.subscription.updated', subscription, before);
  if (invoice) finalizeAndCollect(account, invoice);
}

/** Items of a phase carry no id: one with the same price goes on, any other takes the place of what was there. */
export function phaseItems(account: Account, subscription: Subscription, phase: SchedulePhase): SubscriptionItem[] {
  return phase.items.map((item) => {
    const known = subscription.items.data.find(({ price }) => price.id === item.price);
    if (known) return { ...known, quantity: item.quantity };
    const price = account.rows.prices.find(({ id }) => id === item.price) as Price;
    const fields = { price, quantity: item.quantity, metadata: item.metadata };
    return newItem(account, subscription.id, fields, periodOf(subscription));
  });
}
