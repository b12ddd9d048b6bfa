import { nowSeconds, type Account, type SubscriptionRow } from '../account.ts';
import { emit } from '../webhooks.ts';
import { finalizeAndCollect, tryQuietly } from './collect.ts';
import { addInvoice } from './invoices.ts';
import { periodOf, withPeriod } from './items.ts';
import { cycleLine } from './lines.ts';
import { rowOf } from './lookups.ts';
import type { Invoice } from './invoice-objects.ts';
import { periodAt } from './periods.ts';
import { preview } from './preview.ts';
import { pendingItems } from './proration.ts';
import { scheduleDue } from './schedules.ts';
import { alter, endSubscription, expireIncomplete, expirePending, isOver, setItems } from './standing.ts';

interface Due {
  at: number;
  run: () => void;
}

const HOUR = 3600;
const DAY = 24 * HOUR;
const INCOMPLETE_SECONDS = 23 * HOUR;
const UPCOMING_SECONDS = 7 * DAY;
const TRIAL_WARNING_SECONDS = 3 * DAY;

/** Does, in the order of time and dated as it was due, what Stripe would have done until now. */
export function runDue(account: Account): void {
  // A webhook's receiver may call back, and the call must not begin the work anew.
  if (account.at !== null) return;
  const now = nowSeconds(account);
  try {
    for (let due = earliest(account); due && due.at <= now; due = earliest(account)) {
      account.at = due.at;
      due.run();
      account.at = null;
    }
  } finally {
    account.at = null;
  }
}

function earliest(account: Account): Due | undefined {
  let first: Due | undefined;
  for (const due of candidates(account)) if (!first || due.at < first.at) first = due;
  return first;
}

function* candidates(account: Account): Generator<Due> {
  for (const schedule of account.rows.schedules) {
    const due = scheduleDue(account, schedule);
    if (due) yield due;
  }
  for (const row of account.rows.subscriptions) if (!isOver(row.subscription)) yield* ofSubscription(account, row);
  for (const invoice of account.rows.invoices) yield* ofInvoice(account, invoice);
}

function* ofSubscription(account: Account, row: SubscriptionRow): Generator<Due> {
  const { subscription } = row;
  if (subscription.status === 'incomplete') {
    yield { at: subscription.created + INCOMPLETE_SECONDS, run: () => expireIncomplete(account, row) };
    return;
  }
  if (subscription.pending_update) {
    yield { at: subscription.pending_update.expires_at, run: () => expirePending(account, row) };
  }
  if (subscription.cancel_at !== null) {
    yield { at: subscription.cancel_at, run: () => endSubscription(account, row, 'cancellation_requested') };
  }
  if (subscription.status === 'paused') return;
  const { end } = periodOf(subscription);
  if (row.announcedPeriodEnd !== end && subscription.cancel_at === null) {
    const at = Math.max(end - UPCOMING_SECONDS, periodOf(subscription).start + 1);
    yield { at, run: () => announceUpcoming(account, row) };
  }
  if (subscription.status === 'trialing' && !row.isTrialEndAnnounced) {
    const at = Math.max(end - TRIAL_WARNING_SECONDS, subscription.created);
    yield { at, run: () => announceTrialEnd(account, row) };
  }
  yield { at: end, run: () => renew(account, row) };
}

function announceUpcoming(account: Account, row: SubscriptionRow): void {
  row.announcedPeriodEnd = periodOf(row.subscription).end;
  const { id: _none, ...upcoming } = preview(account, { subscription: row.subscription.id });
  emit(account, 'invoice.upcoming', upcoming);
}

function announceTrialEnd(account: Account, row: SubscriptionRow): void {
  row.isTrialEndAnnounced = true;
  emit(account, 'customer.subscription.trial_will_end', row.subscription);
}

/** A new period: its invoice is a draft for an hour, in which whoever listens may still add to it. */
export function renew(account: Account, row: SubscriptionRow): void {
  const { subscription } = row;
  const recurring = subscription.items.data[0]?.price.recurring;
  if (!recurring) return;
  const past = periodOf(subscription);
  const next = periodAt(subscription.billing_cycle_anchor, recurring, past.end);
  const before = structuredClone(subscription);
  const items = subscription.items.data.map((item) => withPeriod(item, next));
  setItems(subscription, items);
  if (subscription.status === 'trialing') subscription.status = 'active';
  const { customer, currency } = subscription;
  const lines = items.map((item) => cycleLine(account, item, next));
  const fields = { customer, currency, reason: 'subscription_cycle' as const, lines, period: past, subscription };
  // Of one that is given up invoices are still made, and nobody collects them.
  const isCollected = subscription.status !== 'unpaid';
  const invoice = addInvoice(account, { ...fields, autoAdvance: isCollected }, pendingItems(account, subscription));
  if (isCollected) {
    invoice.automatically_finalizes_at = nowSeconds(account) + HOUR;
    if (invoice.collection_method === 'charge_automatically') {
      invoice.next_payment_attempt = invoice.automatically_finalizes_at;
    }
    row.failures = 0;
  }
  emit(account, 'customer.subscription.updated', subscription, before);
}

function* ofInvoice(account: Account, invoice: Invoice): Generator<Due> {
  if (invoice.status === 'draft' && invoice.automatically_finalizes_at !== null) {
    yield { at: invoice.automatically_finalizes_at, run: () => finalizeAndCollect(account, invoice) };
  }
  if (invoice.status !== 'open') return;
  if (invoice.next_payment_attempt !== null && invoice.auto_advance) {
    yield { at: invoice.next_payment_attempt, run: () => tryQuietly(account, invoice) };
  }
  if (invoice.due_date !== null && !account.overdue.has(invoice.id)) {
    yield { at: invoice.due_date, run: () => markOverdue(account, invoice) };
  }
}

/** Of invoices that were sent: the day is over and nobody paid. */
function markOverdue(account: Account, invoice: Invoice): void {
  account.overdue.add(invoice.id);
  emit(account, 'invoice.overdue', invoice);
  const row = rowOf(account, invoice);
  if (row?.subscription.status === 'active' && row.subscription.latest_invoice === invoice.id) {
    alter(account, row, (subscription) => (subscription.status = 'past_due'));
  }
}
