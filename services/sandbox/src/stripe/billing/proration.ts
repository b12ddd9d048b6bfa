import { nowSeconds, type Account } from '../account.ts';
import { newInvoiceItem, pricingOf } from './lines.ts';
import type { CreditedItems, InvoiceItem, InvoiceLine } from './invoice-objects.ts';
import type { Price, Subscription, SubscriptionItem } from './objects.ts';

interface Debit {
  amount: number;
  start: number;
  end: number;
  line: CreditedItems | null;
}

const round = (amount: number): number => Math.sign(amount) * Math.round(Math.abs(amount));

/**
 * What a change of items at `at` gives back and charges for the rest of the period, to the second.
 * `isNewCycle`: the period starts anew with the change, so that only the unused time comes back here.
 */
export function prorations(
  account: Account,
  subscription: Subscription,
  after: SubscriptionItem[],
  { at, isNewCycle }: { at: number; isNewCycle: boolean },
): InvoiceItem[] {
  if (subscription.trial_end !== null && subscription.trial_end > at) return [];
  const before = subscription.items.data;
  const isKept = (one: SubscriptionItem, all: SubscriptionItem[]) =>
    !isNewCycle &&
    all.some(({ id, price, quantity }) => id === one.id && price.id === one.price.id && quantity === one.quantity);
  const credits = before.filter((item) => !isKept(item, after)).map((item) => credit(account, subscription, item, at));
  const debits = isNewCycle
    ? []
    : after.filter((item) => !isKept(item, before)).map((item) => debit(account, subscription, item, at));
  return [...credits, ...debits].filter((item) => item.amount !== 0);
}

const nameOf = (account: Account, price: Price): string =>
  account.rows.products.find(({ id }) => id === price.product)?.name ?? price.product;

const dayOf = (at: number): string =>
  new Date(at * 1000).toLocaleDateString('en-GB', { day: '2-digit', month: 'short', year: 'numeric', timeZone: 'UTC' });

function credit(account: Account, subscription: Subscription, item: SubscriptionItem, at: number): InvoiceItem {
  const { start, end, amount, line } = debitedFor(account, subscription, item, at);
  const share = end > start ? (end - at) / (end - start) : 0;
  return prorated(account, subscription, item, {
    amount: -round(amount * share),
    at,
    words: `Unused time on ${nameOf(account, item.price)} after ${dayOf(at)}`,
    credited: line,
  });
}

function debit(account: Account, subscription: Subscription, item: SubscriptionItem, at: number): InvoiceItem {
  const { current_period_start: start, current_period_end: end } = subscription.items.data[0] ?? item;
  return prorated(account, subscription, item, {
    amount: round((item.price.unit_amount * item.quantity * (end - at)) / (end - start)),
    at,
    words: `Remaining time on ${nameOf(account, item.price)} after ${dayOf(at)}`,
    credited: null,
  });
}

function prorated(
  account: Account,
  subscription: Subscription,
  item: SubscriptionItem,
  { amount, at, words, credited }: { amount: number; at: number; words: string; credited: CreditedItems | null },
): InvoiceItem {
  const end = subscription.items.data[0]?.current_period_end ?? item.current_period_end;
  const { currency, customer } = subscription;
  const fields = {
    amount,
    currency,
    customer,
    description: words,
    period: { start: at, end },
    pricing: pricingOf(item.price),
    quantity: item.quantity,
  };
  return newInvoiceItem(account, fields, { subscription, itemId: item.id, credited });
}

/** Flexible billing mode gives back a share of what was charged; the classic one a share of the price as it is now. */
function debitedFor(account: Account, subscription: Subscription, item: SubscriptionItem, at: number): Debit {
  const { current_period_start: start, current_period_end: end } = item;
  const byPrice = { amount: item.price.unit_amount * item.quantity, start, end, line: null };
  if (subscription.billing_mode.type === 'classic') return byPrice;
  return lastDebit(account, item, at) ?? { ...byPrice, amount: 0 };
}

function lastDebit(account: Account, item: SubscriptionItem, at: number): Debit | undefined {
  const covers = (one: { amount: number; period: { start: number; end: number } }) =>
    one.amount > 0 && one.period.start <= at && one.period.end > at;
  const pending = account.rows.invoiceItems.findLast(
    (one) => one.invoice === null && covers(one) && one.parent?.subscription_details.subscription_item === item.id,
  );
  if (pending) return { amount: pending.amount, ...pending.period, line: null };
  // What a pending update would charge was not charged yet.
  const notYet = account.rows.subscriptions.map(({ pending: change }) => change?.invoiceId);
  for (const invoice of account.rows.invoices.toReversed()) {
    if (invoice.status === 'void' || notYet.includes(invoice.id)) continue;
    const line = invoice.lines.data.findLast((one) => covers(one) && itemIdOf(one) === item.id);
    if (line) {
      return { amount: line.amount, ...line.period, line: { invoice: invoice.id, invoice_line_items: [line.id] } };
    }
  }
  return undefined;
}

const itemIdOf = (line: InvoiceLine): string | undefined =>
  line.parent.type === 'subscription_item_details'
    ? line.parent.subscription_item_details.subscription_item
    : undefined;

/** The items that wait for the next invoice of a subscription. */
export const pendingItems = (account: Account, subscription: Subscription): InvoiceItem[] =>
  account.rows.invoiceItems.filter(
    (item) =>
      item.invoice === null &&
      item.customer === subscription.customer &&
      item.currency === subscription.currency &&
      item.date <= nowSeconds(account) &&
      (item.parent === null || item.parent.subscription_details.subscription === subscription.id),
  );
