import { z } from 'zod';
import { newId, nowSeconds, type Account } from '../account.ts';
import { mergeMetadata } from '../merge-metadata.ts';
import { invalidRequest, missing } from '../errors.ts';
import { boolean, currency, integer, metadata, notSimulated } from '../http.ts';
import type { Price, Subscription, SubscriptionItem } from './objects.ts';
import { isSameCycle, type Period } from './periods.ts';
import { addPrice, priceBy, RecurringParams } from './prices.ts';
import { productBy } from './products.ts';

const quantity = integer.pipe(z.number().nonnegative());

const PriceData = z.strictObject({
  currency,
  product: z.string(),
  recurring: RecurringParams,
  unit_amount: integer.pipe(z.number().nonnegative()),
  tax_behavior: z.enum(['unspecified', 'inclusive', 'exclusive']).optional(),
});

const notOfItems = {
  billing_thresholds: notSimulated,
  current_trial: notSimulated,
  discounts: notSimulated,
  tax_rates: notSimulated,
};

export const NewItemParams = z.strictObject({
  ...notOfItems,
  price: z.string().optional(),
  price_data: PriceData.optional(),
  quantity: quantity.optional(),
  metadata: metadata.optional(),
});

export const ItemChange = NewItemParams.extend({ id: z.string().optional(), deleted: boolean.optional() });

type NewItem = z.output<typeof NewItemParams>;

const planOf = (price: Price): SubscriptionItem['plan'] => ({
  id: price.id,
  object: 'plan',
  active: price.active,
  amount: price.unit_amount,
  amount_decimal: price.unit_amount_decimal,
  billing_scheme: 'per_unit',
  created: price.created,
  currency: price.currency,
  interval: price.recurring?.interval ?? 'month',
  interval_count: price.recurring?.interval_count ?? 1,
  livemode: false,
  metadata: price.metadata,
  meter: null,
  nickname: price.nickname,
  product: price.product,
  tiers_mode: null,
  transform_usage: null,
  trial_period_days: null,
  usage_type: 'licensed',
});

/** The price an item names or brings along; only an active one that recurs will do. */
export function recurringPrice(account: Account, item: NewItem, param: string): Price {
  if (!item.price === !item.price_data) {
    throw invalidRequest('You must pass exactly one of `price` or `price_data`.', { param: `${param}[price]` });
  }
  const price = item.price_data
    ? addPrice(account, { ...item.price_data, product: productBy(account, item.price_data.product, param).id }, false)
    : priceBy(account, item.price, `${param}[price]`);
  if (item.price && !price.active) {
    throw invalidRequest(`The price specified is inactive. This field only accepts active prices.`, {
      param: `${param}[price]`,
    });
  }
  if (price.recurring) return price;
  throw invalidRequest(
    `The price specified is set to \`type=one_time\` but this field only accepts prices with \`type=recurring\`.`,
    { param: `${param}[price]` },
  );
}

export function newItem(
  account: Account,
  subscriptionId: string,
  fields: { price: Price; quantity: number; metadata?: Record<string, string> | undefined },
  period: Period,
): SubscriptionItem {
  return {
    id: newId('si'),
    object: 'subscription_item',
    created: nowSeconds(account),
    current_period_start: period.start,
    current_period_end: period.end,
    current_trial: null,
    billing_thresholds: null,
    discounts: [],
    plan: planOf(fields.price),
    price: fields.price,
    quantity: fields.quantity,
    subscription: subscriptionId,
    tax_rates: [],
    metadata: fields.metadata ?? {},
  };
}

export const withPrice = (item: SubscriptionItem, price: Price): SubscriptionItem => ({
  ...item,
  price,
  plan: planOf(price),
});

export const withPeriod = (item: SubscriptionItem, period: Period): SubscriptionItem => ({
  ...item,
  current_period_start: period.start,
  current_period_end: period.end,
});

/** The items as they would be after the change; those it does not name stay. */
export function changedItems(
  account: Account,
  subscription: Subscription,
  changes: readonly z.output<typeof ItemChange>[],
): SubscriptionItem[] {
  const items = [...subscription.items.data];
  const period = periodOf(subscription);
  changes.forEach((change, index) => {
    const param = `items[${index}]`;
    if (change.id === undefined) {
      const price = recurringPrice(account, change, param);
      if (items.some((item) => item.price.id === price.id)) {
        throw invalidRequest(`Cannot add multiple subscription items with the same plan: ${price.id}`, { param });
      }
      items.push(newItem(account, subscription.id, { ...change, price, quantity: change.quantity ?? 1 }, period));
      return;
    }
    const at = items.findIndex(({ id }) => id === change.id);
    const item = items[at];
    if (!item) throw missing('subscription item', change.id, `${param}[id]`, 400);
    if (change.deleted) {
      items.splice(at, 1);
      return;
    }
    const price = change.price || change.price_data ? recurringPrice(account, change, param) : item.price;
    items[at] = {
      ...withPrice(item, price),
      quantity: change.quantity ?? item.quantity,
      metadata: mergeMetadata(item.metadata, change.metadata),
    };
  });
  if (items.length === 0) {
    throw invalidRequest('A subscription must have at least one active plan.', { param: 'items' });
  }
  refuseMixed(
    items.map(({ price }) => price),
    subscription.currency,
  );
  return items;
}

/** One currency and one rhythm for all items of a subscription. */
export function refuseMixed(prices: Price[], currencyWanted: string): void {
  const [first] = prices;
  for (const price of prices) {
    if (price.currency !== currencyWanted) {
      throw invalidRequest(
        `The price specified only supports \`${price.currency}\`. This doesn't match the expected currency: \`${currencyWanted}\`.`,
        { param: 'items' },
      );
    }
    if (first?.recurring && price.recurring && !isSameCycle(first.recurring, price.recurring)) {
      throw invalidRequest(
        'The sandbox bills all items of a subscription in one interval; mixed intervals are not simulated.',
        { param: 'items' },
      );
    }
  }
}

/** Of all items alike. */
export function periodOf(subscription: Subscription): Period {
  const [item] = subscription.items.data;
  return { start: item?.current_period_start ?? 0, end: item?.current_period_end ?? 0 };
}
