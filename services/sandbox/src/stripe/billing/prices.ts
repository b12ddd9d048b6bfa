import { z } from 'zod';
import { newId, nowSeconds, type Account } from '../account.ts';
import { mergeMetadata } from '../merge-metadata.ts';
import { invalidRequest, missing } from '../errors.ts';
import { boolean, currency, integer, listOf, metadata, pageParams, read, type StripeRouter } from '../http.ts';
import { emit } from '../webhooks.ts';
import type { Price, Recurring } from './objects.ts';
import { addProduct, productBy } from './products.ts';

const interval = z.enum(['day', 'week', 'month', 'year']);

/** Of metered prices and tiers the sandbox knows nothing: Lago meters. */
export const RecurringParams = z.strictObject({
  interval,
  interval_count: integer.pipe(z.number().positive()).default(1),
  usage_type: z.literal('licensed').optional(),
});

const amount = {
  unit_amount: integer.pipe(z.number().nonnegative()).optional(),
  unit_amount_decimal: z
    .string()
    .regex(/^\d+$/, 'the sandbox takes whole minor units only')
    .transform(Number)
    .optional(),
};

const PriceParams = z.strictObject({
  currency,
  ...amount,
  recurring: RecurringParams.optional(),
  tax_behavior: z.enum(['unspecified', 'inclusive', 'exclusive']).optional(),
  metadata: metadata.optional(),
  active: boolean.optional(),
  billing_scheme: z.literal('per_unit').optional(),
  lookup_key: z.string().max(200).optional(),
  nickname: z.string().optional(),
  product: z.string().optional(),
  product_data: z
    .strictObject({
      id: z.string().optional(),
      name: z.string().min(1),
      active: boolean.optional(),
      metadata: metadata.optional(),
      statement_descriptor: z.string().optional(),
      unit_label: z.string().optional(),
    })
    .optional(),
  transfer_lookup_key: boolean.optional(),
});

/** A price's amount, currency, product and interval never change: a new price takes its place. */
const PriceChange = z.strictObject({
  active: boolean.optional(),
  lookup_key: z.string().max(200).optional(),
  nickname: z.string().optional(),
  tax_behavior: z.enum(['unspecified', 'inclusive', 'exclusive']).optional(),
  transfer_lookup_key: boolean.optional(),
  metadata: metadata.optional(),
});

const ListParams = z.strictObject({
  ...pageParams,
  active: boolean.optional(),
  currency: currency.optional(),
  lookup_keys: z.array(z.string()).max(10).optional(),
  product: z.string().optional(),
  recurring: z.strictObject({ interval: interval.optional(), usage_type: z.literal('licensed').optional() }).optional(),
  type: z.enum(['one_time', 'recurring']).optional(),
});

export function priceRoutes(router: StripeRouter, account: Account): void {
  router.post('/prices', (call) => {
    const { product_data: data, ...params } = read(call, PriceParams);
    if (!params.product === !data) {
      throw invalidRequest('You must specify exactly one of `product` or `product_data`.', { param: 'product' });
    }
    const product = data ? addProduct(account, data) : productBy(account, params.product, 'product');
    call.body = addPrice(account, { ...params, product: product.id });
  });
  router.get('/prices', (call) => {
    call.body = listOf('/v1/prices', found(account, read(call, ListParams)), read(call, ListParams));
  });
  router.get('/prices/:id', (call) => {
    call.body = priceBy(account, call.params['id']);
  });
  router.post('/prices/:id', (call) => {
    const price = priceBy(account, call.params['id']);
    call.body = change(account, price, read(call, PriceChange));
  });
}

function found(account: Account, params: z.output<typeof ListParams>): Price[] {
  return account.rows.prices
    .filter((row) => params.active === undefined || row.active === params.active)
    .filter((row) => !params.currency || row.currency === params.currency)
    .filter((row) => !params.lookup_keys || params.lookup_keys.includes(row.lookup_key ?? ''))
    .filter((row) => !params.product || row.product === params.product)
    .filter((row) => !params.recurring?.interval || row.recurring?.interval === params.recurring.interval)
    .filter((row) => !params.type || row.type === params.type);
}

/** `param` names the parameter that carried the id; left out = the path. */
export function priceBy(account: Account, id: string | undefined, param?: string): Price {
  const price = account.rows.prices.find((row) => row.id === id);
  if (!price) throw missing('price', id ?? '', param ?? 'price', param ? 400 : 404);
  return price;
}

type NewPrice = Omit<z.output<typeof PriceParams>, 'product_data'> & { product: string };

/** `isListed`: false for the price of a `price_data`, which is kept but inactive and cannot be used again. */
export function addPrice(account: Account, params: NewPrice, isListed = true): Price {
  const unitAmount = params.unit_amount ?? params.unit_amount_decimal;
  if (unitAmount === undefined) {
    throw invalidRequest('You must pass either `unit_amount` or `unit_amount_decimal`.', { param: 'unit_amount' });
  }
  claimLookupKey(account, params.lookup_key, params.transfer_lookup_key);
  const recurring: Recurring | null = params.recurring
    ? {
        interval: params.recurring.interval,
        interval_count: params.recurring.interval_count,
        meter: null,
        trial_period_days: null,
        usage_type: 'licensed',
      }
    : null;
  const price: Price = {
    id: newId('price'),
    object: 'price',
    created: nowSeconds(account),
    livemode: false,
    active: isListed && (params.active ?? true),
    billing_scheme: 'per_unit',
    currency: params.currency,
    custom_unit_amount: null,
    lookup_key: params.lookup_key ?? null,
    nickname: params.nickname ?? null,
    product: params.product,
    recurring,
    tax_behavior: params.tax_behavior ?? 'unspecified',
    tiers_mode: null,
    transform_quantity: null,
    type: recurring ? 'recurring' : 'one_time',
    unit_amount: unitAmount,
    unit_amount_decimal: String(unitAmount),
    metadata: params.metadata ?? {},
  };
  account.rows.prices.push(price);
  if (isListed) emit(account, 'price.created', price);
  return price;
}

/** One price of an account holds a lookup key; `transfer_lookup_key` takes it from the one that has it. */
function claimLookupKey(account: Account, key: string | undefined, isTransfer = false, self?: Price): void {
  const holder = key ? account.rows.prices.find((row) => row.lookup_key === key && row !== self) : undefined;
  if (!holder) return;
  if (!isTransfer) {
    throw invalidRequest(`A price (\`${holder.id}\`) already uses that lookup key.`, { param: 'lookup_key' });
  }
  const before = structuredClone(holder);
  holder.lookup_key = null;
  emit(account, 'price.updated', holder, before);
}

function change(account: Account, price: Price, params: z.output<typeof PriceChange>): Price {
  const before = structuredClone(price);
  claimLookupKey(account, params.lookup_key, params.transfer_lookup_key, price);
  if (params.active !== undefined) price.active = params.active;
  if (params.lookup_key !== undefined) price.lookup_key = params.lookup_key || null;
  if (params.nickname !== undefined) price.nickname = params.nickname || null;
  if (params.tax_behavior) price.tax_behavior = params.tax_behavior;
  price.metadata = mergeMetadata(price.metadata, params.metadata);
  emit(account, 'price.updated', price, before);
  return price;
}
