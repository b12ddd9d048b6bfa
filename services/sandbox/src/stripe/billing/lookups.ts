import type { Account, SubscriptionRow } from '../account.ts';
import { missing } from '../errors.ts';
import type { Invoice } from './invoice-objects.ts';
import type { Listed, SubscriptionSchedule } from './objects.ts';

/** `param` names the parameter that carried the id; left out = the path. */
export function subscriptionBy(account: Account, id: string | undefined, param?: string): SubscriptionRow {
  const row = account.rows.subscriptions.find(({ subscription }) => subscription.id === id);
  if (!row) throw missing('subscription', id ?? '', param ?? 'id', param ? 400 : 404);
  return row;
}

export function invoiceBy(account: Account, id: string | undefined): Invoice {
  const invoice = account.rows.invoices.find((row) => row.id === id);
  if (!invoice) throw missing('invoice', id ?? '', 'invoice');
  return invoice;
}

export function scheduleBy(account: Account, id: string | undefined): SubscriptionSchedule {
  const schedule = account.rows.schedules.find((row) => row.id === id);
  if (!schedule) throw missing('subscription_schedule', id ?? '', 'schedule');
  return schedule;
}

/** The subscription that an invoice bills; undefined for one made by hand. */
export function rowOf(account: Account, invoice: Invoice): SubscriptionRow | undefined {
  const id = invoice.parent?.subscription_details.subscription;
  return account.rows.subscriptions.find(({ subscription }) => subscription.id === id);
}

export const listed = <T>(url: string, data: T[]): Listed<T> => ({
  object: 'list',
  url,
  has_more: false,
  total_count: data.length,
  data,
});
