import { nowSeconds, type Account, type SubscriptionRow } from '../account.ts';
import { emit } from '../webhooks.ts';
import { markUncollectible, voidInvoice } from './invoices.ts';
import { rowOf } from './lookups.ts';
import type { Invoice } from './invoice-objects.ts';
import type { Subscription, SubscriptionItem } from './objects.ts';

const DAY = 86_400;

/** Changes a subscription and tells what changed. */
export function alter(account: Account, row: SubscriptionRow, act: (subscription: Subscription) => void): void {
  const before = structuredClone(row.subscription);
  act(row.subscription);
  emit(account, 'customer.subscription.updated', row.subscription, before);
}

export const isOver = ({ status }: Subscription): boolean => status === 'canceled' || status === 'incomplete_expired';

/** A paid invoice makes its subscription good again, and what waited for it happens. */
export function onPaid(account: Account, invoice: Invoice, paymentMethod: string | null): void {
  const row = rowOf(account, invoice);
  if (!row || isOver(row.subscription)) return;
  if (row.pending?.invoiceId === invoice.id) return applyPending(account, row);
  const { subscription } = row;
  if (subscription.latest_invoice !== invoice.id) return;
  row.failures = 0;
  alter(account, row, () => {
    if (['incomplete', 'past_due', 'unpaid', 'paused'].includes(subscription.status)) {
      subscription.status = 'active';
    }
    if (paymentMethod && subscription.payment_settings.save_default_payment_method === 'on_subscription') {
      subscription.default_payment_method = paymentMethod;
    }
  });
}

/** A try in vain: the first invoice leaves it incomplete, a pending update waits, anything else is dunned. */
export function onFailed(account: Account, invoice: Invoice): void {
  const row = rowOf(account, invoice);
  if (!row || isOver(row.subscription) || row.pending?.invoiceId === invoice.id) return;
  const { subscription } = row;
  if (subscription.status === 'incomplete') return;
  row.failures += 1;
  const waitDays = account.dunning.retryDays[row.failures - 1];
  if (waitDays !== undefined) {
    const before = structuredClone(invoice);
    invoice.next_payment_attempt = nowSeconds(account) + waitDays * DAY;
    emit(account, 'invoice.updated', invoice, before);
    if (subscription.status === 'active' || subscription.status === 'trialing') {
      alter(account, row, () => (subscription.status = 'past_due'));
    }
    return;
  }
  giveUp(account, row, invoice);
}

/** Every try was in vain: what the account's settings say. */
function giveUp(account: Account, row: SubscriptionRow, invoice: Invoice): void {
  const { subscription: what, invoice: whatOfInvoice } = account.dunning;
  invoice.next_payment_attempt = null;
  if (whatOfInvoice === 'uncollectible') markUncollectible(account, invoice, 'max_payment_attempts');
  if (what === 'cancel') endSubscription(account, row, 'payment_failed');
  else alter(account, row, (subscription) => (subscription.status = what));
}

/** Void or written off: what it was for is not done, and nothing is owed for it any more. */
export function onClosed(account: Account, invoice: Invoice): void {
  const row = rowOf(account, invoice);
  if (!row || isOver(row.subscription)) return;
  if (row.pending?.invoiceId === invoice.id) return discardPending(account, row);
  const { subscription } = row;
  if (subscription.latest_invoice !== invoice.id) return;
  if (subscription.status === 'incomplete') return expireIncomplete(account, row);
  if (subscription.status === 'past_due' || subscription.status === 'unpaid') {
    row.failures = 0;
    alter(account, row, () => (subscription.status = 'active'));
  }
}

/** Nobody paid the first invoice within 23 hours, or it is void: the subscription never was. */
export function expireIncomplete(account: Account, row: SubscriptionRow): void {
  alter(account, row, (subscription) => {
    subscription.status = 'incomplete_expired';
    subscription.ended_at = nowSeconds(account);
  });
  const first = account.rows.invoices.find(({ id }) => id === row.subscription.latest_invoice);
  if (first?.status === 'open') voidInvoice(account, first);
}

export function endSubscription(
  account: Account,
  row: SubscriptionRow,
  reason: Subscription['cancellation_details']['reason'],
): void {
  if (row.pending) dropPending(account, row);
  const { subscription } = row;
  const at = nowSeconds(account);
  Object.assign(subscription, { status: 'canceled', ended_at: at, canceled_at: subscription.canceled_at ?? at });
  subscription.cancellation_details.reason ??= reason;
  // What is owed stays owed, but nobody collects it any more.
  for (const invoice of account.rows.invoices) {
    if (rowOf(account, invoice) !== row || (invoice.status !== 'open' && invoice.status !== 'draft')) continue;
    Object.assign(invoice, { auto_advance: false, next_payment_attempt: null, automatically_finalizes_at: null });
  }
  const schedule = account.rows.schedules.find(({ id }) => id === subscription.schedule);
  if (schedule && schedule.status === 'active') {
    Object.assign(schedule, { status: 'canceled', canceled_at: at, current_phase: null });
    emit(account, 'subscription_schedule.canceled', schedule);
  }
  subscription.schedule = null;
  emit(account, 'customer.subscription.deleted', subscription);
}

/** Puts other items in the place of the present ones. */
export function setItems(subscription: Subscription, items: SubscriptionItem[]): void {
  subscription.items.data = items;
  subscription.items.total_count = items.length;
}

function applyPending(account: Account, row: SubscriptionRow): void {
  const { pending, subscription } = row;
  if (!pending) return;
  const before = structuredClone(subscription);
  const hadToWait = subscription.pending_update !== null;
  row.pending = null;
  subscription.pending_update = null;
  setItems(subscription, pending.items);
  subscription.billing_cycle_anchor = pending.anchor;
  Object.assign(subscription.metadata, pending.metadata);
  if (pending.cancelAtPeriodEnd !== null) subscription.cancel_at_period_end = pending.cancelAtPeriodEnd;
  emit(account, 'customer.subscription.updated', subscription, before);
  if (hadToWait) emit(account, 'customer.subscription.pending_update_applied', subscription);
}

function discardPending(account: Account, row: SubscriptionRow): void {
  row.pending = null;
  alter(account, row, (subscription) => (subscription.pending_update = null));
}

/** Takes a pending update back with its invoice. */
export function dropPending(account: Account, row: SubscriptionRow): void {
  const invoice = account.rows.invoices.find(({ id }) => id === row.pending?.invoiceId);
  discardPending(account, row);
  if (invoice?.status === 'open') voidInvoice(account, invoice);
}

/** Nobody paid within its time. */
export function expirePending(account: Account, row: SubscriptionRow): void {
  dropPending(account, row);
  emit(account, 'customer.subscription.pending_update_expired', row.subscription);
}
