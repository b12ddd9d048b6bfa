import type { z } from 'zod';
import { newId, type Account } from './account.ts';
import type { Price } from './billing/objects.ts';
import { addPrice, priceBy } from './billing/prices.ts';
import { addProduct } from './billing/products.ts';
import { invalidRequest } from './errors.ts';
import type { LineItem } from './objects.ts';
import type { SessionParams } from './session-params.ts';

type Params = z.output<typeof SessionParams>;
type Input = NonNullable<Params['line_items']>[number];

/** The lines of a session, all in one currency and each with a price that its mode can charge. */
export function newLineItems(account: Account, params: Params): LineItem[] {
  if (params.mode === 'setup') {
    if (!params.line_items) return [];
    throw invalidRequest('You cannot pass `line_items` in `setup` mode.', { param: 'line_items' });
  }
  if (!params.line_items) {
    throw invalidRequest('Missing required param: line_items.', { code: 'parameter_missing', param: 'line_items' });
  }
  const lines = params.line_items.map((item, index) => newLineItem(account, item, `line_items[${index}]`));
  const currency = lines[0]?.currency;
  if (lines.some((line) => line.currency !== currency)) {
    throw invalidRequest('All line items must be in the same currency.', { param: 'line_items' });
  }
  refuseWrongKind(lines, params.mode);
  return lines;
}

function refuseWrongKind(lines: LineItem[], mode: 'payment' | 'subscription'): void {
  if (mode === 'payment' && lines.some(({ price }) => price.recurring)) {
    throw invalidRequest(
      'You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use only one-time prices.',
      { param: 'mode' },
    );
  }
  if (mode === 'subscription' && lines.some(({ price }) => !price.recurring)) {
    const hasNone = lines.every(({ price }) => !price.recurring);
    throw invalidRequest(
      hasNone
        ? 'You must provide at least one recurring price in `subscription` mode when using prices.'
        : 'The sandbox does not simulate one-time prices in `subscription` mode.',
      { param: 'line_items' },
    );
  }
}

function newLineItem(account: Account, item: Input, param: string): LineItem {
  const price = priceOf(account, item, param);
  const total = price.unit_amount * item.quantity;
  const product = account.rows.products.find(({ id }) => id === price.product);
  return {
    id: newId('li'),
    object: 'item',
    amount_subtotal: total,
    amount_total: total,
    amount_discount: 0,
    amount_tax: 0,
    currency: price.currency,
    description: product?.name ?? price.product,
    quantity: item.quantity,
    price,
  };
}

function priceOf(account: Account, { price: id, price_data: data }: Input, param: string): Price {
  if (!id === !data) {
    throw invalidRequest('You must specify either `price` or `price_data`.', { param: `${param}[price]` });
  }
  if (data) return priceFrom(account, data, param);
  const price = priceBy(account, id, `${param}[price]`);
  if (price.active) return price;
  throw invalidRequest('The price specified is inactive. This field only accepts active prices.', {
    param: `${param}[price]`,
  });
}

function priceFrom(account: Account, data: NonNullable<Input['price_data']>, param: string): Price {
  const { product: id, product_data: of, currency, unit_amount, recurring } = data;
  if (!id === !of) {
    throw invalidRequest('You must specify either `product` or `product_data`.', { param: `${param}[price_data]` });
  }
  // An unknown product is let through: the sandbox forgets what an earlier process made.
  const product = of
    ? addProduct(account, { name: of.name, description: of.description, metadata: of.metadata }).id
    : id;
  return addPrice(account, { currency, unit_amount, recurring, product: product ?? '' }, false);
}
