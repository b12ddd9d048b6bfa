import { z } from 'zod';
import { ChargilyError, invalid, notFound, refused } from './errors.ts';
import { newId, nowSeconds, paginate, read, type ChargilyRouter } from './http.ts';
import type { Checkout, CheckoutStatus, Item, Merchant } from './model.ts';
import { announce } from './webhooks.ts';

const LIFETIME_SECONDS = 30 * 60;

const webUrl = z.url({ protocol: /^https?$/, error: 'The URL must be a valid http or https URL.' });
export const metadata = z.union([z.array(z.unknown()), z.record(z.string(), z.unknown())]).nullable();

const CheckoutInput = z
  .strictObject({
    amount: z
      .number('The amount field must be a number.')
      .int('The amount field must be an integer: whole dinars.')
      .positive('The amount field must be greater than 0.')
      .optional(),
    currency: z.literal('dzd', 'The selected currency is invalid.').optional(),
    items: z
      .array(z.strictObject({ price: z.string(), quantity: z.number().int().positive() }))
      .min(1)
      .optional(),
    payment_method: z.enum(['edahabia', 'cib', 'chargily_app']).optional(),
    success_url: webUrl,
    failure_url: webUrl.nullable().optional(),
    webhook_endpoint: webUrl.nullable().optional(),
    description: z.string().nullable().optional(),
    locale: z.enum(['ar', 'en', 'fr']).default('ar'),
    pass_fees_to_customer: z.boolean().optional(),
    chargily_pay_fees_allocation: z.enum(['customer', 'merchant', 'split']).default('customer'),
    customer_id: z.string().nullable().optional(),
    shipping_address: z.string().nullable().optional(),
    collect_shipping_address: z.boolean().optional(),
    percentage_discount: z.number().optional(),
    amount_discount: z.number().optional(),
    metadata: metadata.optional(),
  })
  .refine((input) => input.amount !== undefined || input.items !== undefined, {
    path: ['amount'],
    message: 'The amount field is required when items is not present.',
  })
  .refine((input) => input.amount === undefined || input.currency !== undefined, {
    path: ['currency'],
    message: 'The currency field is required when amount is present.',
  })
  .refine((input) => input.amount === undefined || input.items === undefined, {
    path: ['items'],
    message: 'The items field is prohibited when amount is present.',
  });

export function checkoutRoutes(router: ChargilyRouter, merchant: Merchant): void {
  router.post('/checkouts', (call) => {
    call.body = create(merchant, read(call, CheckoutInput));
  });
  router.get('/checkouts', (call) => {
    call.body = paginate(call, merchant, merchant.checkouts);
  });
  router.get('/checkouts/:id', (call) => {
    call.body = checkoutBy(merchant, call.params['id']);
  });
  router.get('/checkouts/:id/items', (call) => {
    const checkout = checkoutBy(merchant, call.params['id']);
    const items = merchant.items.get(checkout.id) ?? [];
    call.body = paginate(
      call,
      merchant,
      items.map((item) => ({ ...priceBy(merchant, item), quantity: item.quantity })),
    );
  });
  router.post('/checkouts/:id/expire', (call) => {
    const checkout = checkoutBy(merchant, call.params['id']);
    if (checkout.status === 'expired') throw refused(400, 'The checkout is already expired.');
    if (checkout.status !== 'pending') throw refused(403, 'Only a pending checkout can be expired.');
    settle(merchant, checkout, 'expired');
    call.body = checkout;
  });
}

export function checkoutBy(merchant: Merchant, id: unknown): Checkout {
  const checkout = merchant.checkouts.find((row) => row.id === id);
  if (!checkout) throw notFound('checkout');
  return checkout;
}

function create(merchant: Merchant, input: z.output<typeof CheckoutInput>): Checkout {
  const items = input.items ?? [];
  const amount = input.amount ?? items.reduce((sum, item) => sum + priceBy(merchant, item).amount * item.quantity, 0);
  if (merchant.minimumAmount !== null && amount < merchant.minimumAmount) {
    throw invalid({ amount: [`The amount must be at least ${merchant.minimumAmount} dzd.`] });
  }
  if (input.customer_id && !merchant.customers.some((row) => row.id === input.customer_id)) {
    throw invalid({ customer_id: ['The selected customer id is invalid.'] });
  }
  const id = newId(merchant);
  const at = nowSeconds(merchant);
  const checkout: Checkout = {
    id,
    entity: 'checkout',
    livemode: merchant.livemode,
    amount,
    fees: 0,
    fees_on_merchant: 0,
    fees_on_customer: 0,
    currency: 'dzd',
    status: 'pending',
    metadata: input.metadata ?? null,
    locale: input.locale,
    description: input.description ?? null,
    success_url: input.success_url,
    failure_url: input.failure_url ?? null,
    webhook_endpoint: input.webhook_endpoint ?? null,
    payment_method: input.payment_method ?? null,
    invoice_id: null,
    customer_id: input.customer_id ?? null,
    payment_link_id: null,
    chargily_pay_fees_allocation: input.chargily_pay_fees_allocation,
    created_at: at,
    updated_at: at,
    checkout_url: `${merchant.publicUrl()}/pay/${id}`,
  };
  merchant.checkouts.push(checkout);
  merchant.items.set(id, items);
  return checkout;
}

function priceBy(merchant: Merchant, item: Item) {
  const price = merchant.prices.find((row) => row.id === item.price);
  if (!price) throw invalid({ 'items.price': ['The selected price is invalid.'] });
  return price;
}

/** The end of a checkout, told to its own webhook endpoint. */
export function settle(merchant: Merchant, checkout: Checkout, status: CheckoutStatus): void {
  if (checkout.status !== 'pending' && checkout.status !== 'processing') {
    throw new ChargilyError(403, { message: `The checkout is already ${checkout.status}.` });
  }
  checkout.status = status;
  checkout.updated_at = nowSeconds(merchant);
  announce(merchant, checkout, `checkout.${status}`);
}

/** Half an hour after it was made a checkout that nobody finished is over. */
export function expireDue(merchant: Merchant): void {
  const limit = nowSeconds(merchant) - LIFETIME_SECONDS;
  for (const checkout of merchant.checkouts) {
    if (checkout.status === 'pending' && checkout.created_at <= limit) settle(merchant, checkout, 'expired');
  }
}
