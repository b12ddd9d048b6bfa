import { z } from 'zod';
import { newId, nowSeconds, type Account } from '../account.ts';
import { invalidRequest, StripeFailure } from '../errors.ts';
import { boolean, currency, integer, metadata, notSimulated } from '../http.ts';
import { customerBy } from '../lookups.ts';
import { planChange, type Plan } from './change.ts';
import { draftOf } from './invoices.ts';
import { ItemChange, newItem, periodOf, recurringPrice, withPeriod } from './items.ts';
import { cycleLine, lineOf } from './lines.ts';
import { subscriptionBy } from './lookups.ts';
import type { Invoice } from './invoice-objects.ts';
import type { Subscription, SubscriptionItem } from './objects.ts';
import { periodAt } from './periods.ts';
import { pendingItems, prorations } from './proration.ts';
import { phaseItems } from './schedules.ts';
import { billingMode, prorationBehavior } from './subscription-params.ts';

export const PreviewParams = z.strictObject({
  automatic_tax: z.strictObject({ enabled: z.literal('false') }).optional(),
  currency: currency.optional(),
  customer: z.string().optional(),
  customer_details: notSimulated,
  discounts: notSimulated,
  invoice_items: notSimulated,
  preview_mode: z.enum(['next', 'recurring']).default('next'),
  schedule: notSimulated,
  schedule_details: notSimulated,
  subscription: z.string().optional(),
  subscription_details: z
    .strictObject({
      billing_cycle_anchor: z.strictObject({ type: z.enum(['now', 'unchanged']) }).optional(),
      billing_mode: billingMode.optional(),
      cancel_at: notSimulated,
      cancel_at_period_end: boolean.optional(),
      cancel_now: boolean.optional(),
      default_tax_rates: notSimulated,
      items: z.array(ItemChange).max(20).optional(),
      metadata: metadata.optional(),
      proration_behavior: prorationBehavior.optional(),
      proration_date: integer.optional(),
      resume_at: notSimulated,
      start_date: notSimulated,
      trial_end: notSimulated,
    })
    .optional(),
});
export type PreviewParams = z.input<typeof PreviewParams>;
type Parsed = z.output<typeof PreviewParams>;

/** What would be billed: nothing of it is kept. `customer` alone previews the next invoice of its only subscription. */
export function preview(account: Account, params: Partial<Parsed>): Invoice {
  const id = newId('upcoming_in');
  if (!params.subscription) return previewNew(account, params, id);
  const { subscription } = subscriptionBy(account, params.subscription, 'subscription');
  if (params.customer && params.customer !== subscription.customer) {
    throw invalidRequest('The customer of the subscription is another one.', { param: 'customer' });
  }
  const details = params.subscription_details ?? {};
  const at = details.proration_date ?? nowSeconds(account);
  if (details.cancel_now) return previewEnd(account, subscription, id, details.proration_behavior !== 'none');
  const isAnchoredNow = details.billing_cycle_anchor?.type === 'now';
  const behavior = details.proration_behavior ?? 'create_prorations';
  const plan = planChange(account, subscription, { items: details.items, behavior, isAnchoredNow, at });
  if (plan.isInvoiced) return previewChange(account, subscription, plan, id);
  const isEnding = details.cancel_at_period_end ?? subscription.cancel_at !== null;
  return previewCycle(account, subscription, { plan, id, isEnding, isRecurring: params.preview_mode === 'recurring' });
}

const noneUpcoming = (customer: string) =>
  new StripeFailure(404, {
    type: 'invalid_request_error',
    code: 'invoice_upcoming_none',
    message: `No upcoming invoices for customer: ${customer}`,
  });

function draft(
  account: Account,
  subscription: Subscription,
  fields: { id: string; lines: Invoice['lines']['data']; period: Invoice['lines']['data'][number]['period'] },
  prorationDate?: number,
): Invoice {
  const invoice = draftOf(
    account,
    {
      customer: subscription.customer,
      currency: subscription.currency,
      reason: 'upcoming',
      lines: fields.lines,
      period: fields.period,
      subscription,
      ...(prorationDate !== undefined && { prorationDate }),
    },
    fields.id,
  );
  const { balance } = customerBy(account, subscription.customer, 'customer');
  return { ...invoice, ending_balance: balance + invoice.total - invoice.amount_due };
}

function previewChange(account: Account, subscription: Subscription, plan: Plan, id: string): Invoice {
  const items = [...pendingItems(account, subscription), ...plan.prorations];
  const lines = [...items.map(lineOf), ...plan.lines];
  return draft(
    account,
    subscription,
    { id, lines, period: { start: periodOf(subscription).start, end: plan.at } },
    plan.at,
  );
}

function previewEnd(account: Account, subscription: Subscription, id: string, isProrated: boolean): Invoice {
  const at = nowSeconds(account);
  const credits = isProrated ? prorations(account, subscription, [], { at, isNewCycle: true }) : [];
  const lines = [...pendingItems(account, subscription), ...credits].map(lineOf);
  return draft(account, subscription, { id, lines, period: { start: periodOf(subscription).start, end: at } }, at);
}

interface Cycle {
  plan: Plan;
  id: string;
  /** Nothing is billed after its end but what waits already. */
  isEnding: boolean;
  isRecurring: boolean;
}

function previewCycle(
  account: Account,
  subscription: Subscription,
  { plan, id, isEnding, isRecurring }: Cycle,
): Invoice {
  const past = periodOf(subscription);
  const waiting = isRecurring ? [] : [...pendingItems(account, subscription), ...plan.prorations];
  if (subscription.status === 'canceled' || (isEnding && waiting.length === 0)) {
    throw noneUpcoming(subscription.customer);
  }
  const items = isEnding ? [] : nextItems(account, subscription, plan.items);
  const recurring = items[0]?.price.recurring;
  const next = recurring ? periodAt(anchorOf(subscription, items, past.end), recurring, past.end) : past;
  const lines = [...waiting.map(lineOf), ...items.map((item) => cycleLine(account, withPeriod(item, next), next))];
  return draft(account, subscription, { id, lines, period: past }, plan.prorations.length > 0 ? plan.at : undefined);
}

/** A schedule may have other items from the next period on. */
function nextItems(account: Account, subscription: Subscription, items: SubscriptionItem[]): SubscriptionItem[] {
  const schedule = account.rows.schedules.find((row) => row.id === subscription.schedule);
  const phase = schedule?.phases.find((one) => one.start_date === periodOf(subscription).end);
  return phase ? phaseItems(account, subscription, phase) : items;
}

const anchorOf = (subscription: Subscription, items: SubscriptionItem[], end: number): number =>
  items[0]?.price.recurring?.interval === subscription.items.data[0]?.price.recurring?.interval
    ? subscription.billing_cycle_anchor
    : end;

function previewNew(account: Account, params: Partial<Parsed>, id: string): Invoice {
  if (!params.customer) {
    throw invalidRequest('You must pass a `customer` or a `subscription`.', { param: 'customer' });
  }
  const customer = customerBy(account, params.customer, 'customer');
  const wanted = params.subscription_details?.items;
  if (!wanted) {
    const own = account.rows.subscriptions.filter(({ subscription: one }) => one.customer === customer.id);
    const [only] = own.filter(
      ({ subscription: one }) => one.status !== 'canceled' && one.status !== 'incomplete_expired',
    );
    if (!only) throw noneUpcoming(customer.id);
    return preview(account, { ...params, subscription: only.subscription.id });
  }
  const at = nowSeconds(account);
  const items = wanted.map((item, index) => {
    const price = recurringPrice(account, item, `subscription_details[items][${index}]`);
    const period = price.recurring ? periodAt(at, price.recurring, at) : { start: at, end: at };
    return newItem(account, 'sub_upcoming', { price, quantity: item.quantity ?? 1 }, period);
  });
  const lines = items.map((item) =>
    cycleLine(account, item, { start: item.current_period_start, end: item.current_period_end }),
  );
  const code = items[0]?.price.currency ?? '';
  const period = { start: at, end: at };
  return draftOf(account, { customer: customer.id, currency: code, reason: 'upcoming', lines, period }, id);
}
