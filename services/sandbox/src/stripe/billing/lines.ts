import { formatMinor } from '../../kernel/money.ts';
import { newId, nowSeconds, type Account } from '../account.ts';
import type { CreditedItems, InvoiceItem, InvoiceLine } from './invoice-objects.ts';
import type { Price, Subscription, SubscriptionItem } from './objects.ts';
import type { Period } from './periods.ts';

export const pricingOf = (price: Price): NonNullable<InvoiceLine['pricing']> => ({
  type: 'price_details',
  price_details: { price: price.id, product: price.product },
  unit_amount_decimal: price.unit_amount_decimal,
});

const nameOf = (account: Account, price: Price): string =>
  account.rows.products.find(({ id }) => id === price.product)?.name ?? price.product;

/** `1 × Pro (at 29.00 EUR / month)`: one period of an item. */
export function cycleLine(account: Account, item: SubscriptionItem, period: Period, isTrial = false): InvoiceLine {
  const { price, quantity } = item;
  const amount = isTrial ? 0 : price.unit_amount * quantity;
  const name = nameOf(account, price);
  const rate = `${formatMinor(price.unit_amount, price.currency)} / ${price.recurring?.interval ?? ''}`;
  return {
    ...commonLine(price.currency, amount, quantity),
    description: isTrial ? `Trial period for ${name}` : `${quantity} × ${name} (at ${rate})`,
    parent: {
      type: 'subscription_item_details',
      invoice_item_details: null,
      subscription_item_details: {
        invoice_item: null,
        proration: false,
        proration_details: null,
        subscription: item.subscription,
        subscription_item: item.id,
      },
    },
    period: { start: period.start, end: period.end },
    pricing: pricingOf(price),
    subscription: item.subscription,
  };
}

const commonLine = (currency: string, amount: number, quantity: number) => ({
  id: newId('il'),
  object: 'line_item' as const,
  livemode: false as const,
  amount,
  currency,
  discount_amounts: [] as [],
  discountable: true,
  discounts: [] as [],
  invoice: null,
  metadata: {},
  pretax_credit_amounts: [] as [],
  quantity,
  quantity_decimal: String(quantity),
  subtotal: amount,
  taxes: [] as [],
});

/** A pending item's line on the invoice that takes it in. */
export function lineOf(item: InvoiceItem): InvoiceLine {
  const details = item.parent?.subscription_details;
  const credited = item.proration_details
    ? { credited_items: item.proration_details.credited_items?.invoice_line_item_details ?? null }
    : null;
  const proration = { proration: item.proration, proration_details: credited };
  return {
    ...commonLine(item.currency, item.amount, item.quantity),
    description: item.description,
    discountable: item.discountable,
    metadata: { ...item.metadata },
    parent: details
      ? {
          type: 'subscription_item_details',
          invoice_item_details: null,
          subscription_item_details: { ...details, ...proration, invoice_item: item.id },
        }
      : {
          type: 'invoice_item_details',
          invoice_item_details: { ...proration, invoice_item: item.id, subscription: null },
          subscription_item_details: null,
        },
    period: { ...item.period },
    pricing: item.pricing,
    subscription: details?.subscription ?? null,
  };
}

type NewItem = Pick<
  InvoiceItem,
  'amount' | 'currency' | 'customer' | 'description' | 'period' | 'pricing' | 'quantity'
>;

/** Not yet kept: a preview makes some and throws them away. */
export function newInvoiceItem(
  account: Account,
  item: NewItem,
  of: { subscription: Subscription; itemId: string; credited: CreditedItems | null } | null,
): InvoiceItem {
  return {
    id: newId('ii'),
    object: 'invoiceitem',
    livemode: false,
    customer_account: null,
    date: nowSeconds(account),
    discountable: of === null,
    discounts: [],
    invoice: null,
    metadata: {},
    net_amount: item.amount,
    parent: of && {
      type: 'subscription_details',
      subscription_details: { subscription: of.subscription.id, subscription_item: of.itemId },
    },
    quantity_decimal: String(item.quantity),
    proration: of !== null,
    tax_rates: [],
    test_clock: null,
    ...item,
    ...(of && { proration_details: { credited_items: asCredited(of.credited), discount_amounts: [] } }),
  };
}

const asCredited = (credited: CreditedItems | null) =>
  credited && { type: 'invoice_line_items' as const, invoice_line_item_details: credited };
