import { z } from 'zod';
import { metadata } from './checkouts.ts';
import { invalid, notFound } from './errors.ts';
import { newId, nowSeconds, paginate, read, type ChargilyRouter } from './http.ts';
import type { Customer, Merchant, Price, Product } from './model.ts';

const text = z.string().nullable();

const CustomerInput = z.strictObject({
  name: text.optional(),
  email: z.email().nullable().optional(),
  phone: text.optional(),
  address: z.record(z.string(), z.unknown()).nullable().optional(),
  metadata: metadata.optional(),
});

const ProductInput = z.strictObject({
  name: z.string().min(1),
  description: text.optional(),
  images: z.array(z.string()).max(8).optional(),
  metadata: metadata.optional(),
});

const PriceInput = z.strictObject({
  amount: z.number().int('The amount field must be an integer: whole dinars.').positive(),
  currency: z.literal('dzd'),
  product_id: z.string(),
  metadata: metadata.optional(),
});

/** Customers, and the products and prices that a checkout's items refer to. */
export function catalogueRoutes(router: ChargilyRouter, merchant: Merchant): void {
  const common = () => {
    const at = nowSeconds(merchant);
    return { id: newId(merchant), livemode: merchant.livemode, created_at: at, updated_at: at };
  };
  router.post('/customers', (call) => {
    const input = read(call, CustomerInput);
    const customer: Customer = { ...common(), entity: 'customer', ...blank, ...input } as Customer;
    merchant.customers.push(customer);
    call.body = customer;
  });
  router.get('/customers', (call) => {
    call.body = paginate(call, merchant, merchant.customers);
  });
  router.get('/customers/:id', (call) => {
    call.body = rowBy(merchant.customers, call.params['id'], 'customer');
  });
  router.patch('/customers/:id', (call) => {
    const customer = rowBy(merchant.customers, call.params['id'], 'customer');
    call.body = Object.assign(customer, read(call, CustomerInput), { updated_at: nowSeconds(merchant) });
  });
  router.delete('/customers/:id', (call) => {
    const customer = rowBy(merchant.customers, call.params['id'], 'customer');
    merchant.customers = merchant.customers.filter((row) => row !== customer);
    call.body = { id: customer.id, entity: 'customer', livemode: merchant.livemode, deleted: true };
  });
  router.post('/products', (call) => {
    const { name, description = null, images = [], metadata: data = null } = read(call, ProductInput);
    const product: Product = { ...common(), entity: 'product', name, description, images, metadata: data };
    merchant.products.push(product);
    call.body = product;
  });
  router.get('/products', (call) => {
    call.body = paginate(call, merchant, merchant.products);
  });
  router.get('/products/:id/prices', (call) => {
    const product = rowBy(merchant.products, call.params['id'], 'product');
    call.body = paginate(
      call,
      merchant,
      merchant.prices.filter((row) => row.product_id === product.id),
    );
  });
  router.get('/products/:id', (call) => {
    call.body = rowBy(merchant.products, call.params['id'], 'product');
  });
  router.post('/prices', (call) => {
    const { metadata: data = null, ...input } = read(call, PriceInput);
    if (!merchant.products.some((row) => row.id === input.product_id)) {
      throw invalid({ product_id: ['The selected product id is invalid.'] });
    }
    const price: Price = { ...common(), entity: 'price', ...input, metadata: data };
    merchant.prices.push(price);
    call.body = price;
  });
  router.get('/prices/:id', (call) => {
    call.body = rowBy(merchant.prices, call.params['id'], 'price');
  });
}

const blank = { name: null, email: null, phone: null, address: null, metadata: null };

function rowBy<T extends { id: string }>(rows: T[], id: string | undefined, entity: string): T {
  const row = rows.find((one) => one.id === id);
  if (!row) throw notFound(entity);
  return row;
}
