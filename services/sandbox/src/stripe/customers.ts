import { z } from 'zod';
import { newId, nowSeconds, type Account } from './account.ts';
import { endSubscription, isOver } from './billing/standing.ts';
import { invalidRequest } from './errors.ts';
import { ignored, integer, listOf, metadata, pageParams, read, type StripeRouter } from './http.ts';
import { customerBy, methodBy } from './lookups.ts';
import { mergeMetadata } from './merge-metadata.ts';
import type { Customer } from './objects.ts';
import { attach, resolveMethod } from './payment-methods.ts';
import { emit } from './webhooks.ts';

const CustomerParams = z.strictObject({
  email: z.string().optional(),
  name: z.string().optional(),
  phone: z.string().optional(),
  description: z.string().optional(),
  address: z.record(z.string(), z.string()).optional(),
  preferred_locales: z.array(z.string()).optional(),
  invoice_settings: z.strictObject({ default_payment_method: z.string().optional() }).optional(),
  metadata: metadata.optional(),
  shipping: ignored,
  tax: ignored,
  tax_exempt: ignored,
  payment_method: z.string().optional(),
  balance: integer.optional(),
});

export function customerRoutes(router: StripeRouter, account: Account): void {
  router.post('/customers', (call) => {
    call.body = createCustomer(account, read(call, CustomerParams));
  });
  router.get('/customers', (call) => {
    const params = read(call, z.strictObject({ ...pageParams, email: z.string().optional() }));
    const rows = account.rows.customers.filter((row) => !params.email || row.email === params.email);
    call.body = listOf('/v1/customers', rows, params);
  });
  router.get('/customers/:id', (call) => {
    const id = call.params['id'] ?? '';
    const isGone = account.rows.deletedCustomers.includes(id);
    call.body = isGone ? { id, object: 'customer', deleted: true } : customerBy(account, id);
  });
  router.post('/customers/:id', (call) => {
    const customer = customerBy(account, call.params['id']);
    const before = structuredClone(customer);
    apply(account, customer, read(call, CustomerParams));
    emit(account, 'customer.updated', customer, before);
    call.body = customer;
  });
  router.delete('/customers/:id', (call) => {
    const customer = customerBy(account, call.params['id']);
    for (const row of account.rows.subscriptions) {
      const isTheirs = row.subscription.customer === customer.id;
      if (isTheirs && !isOver(row.subscription)) endSubscription(account, row, 'cancellation_requested');
    }
    account.rows.customers = account.rows.customers.filter((row) => row !== customer);
    account.rows.deletedCustomers.push(customer.id);
    emit(account, 'customer.deleted', customer);
    call.body = { id: customer.id, object: 'customer', deleted: true };
  });
}

export function createCustomer(account: Account, params: z.output<typeof CustomerParams>): Customer {
  const id = newId('cus');
  const customer: Customer = {
    id,
    object: 'customer',
    created: nowSeconds(account),
    livemode: false,
    email: null,
    name: null,
    phone: null,
    description: null,
    address: null,
    balance: 0,
    currency: null,
    default_source: null,
    delinquent: false,
    invoice_prefix: id.slice(-8).toUpperCase(),
    invoice_settings: { default_payment_method: null },
    preferred_locales: [],
    metadata: {},
  };
  account.rows.customers.push(customer);
  if (params.payment_method) attach(account, resolveMethod(account, params.payment_method, null), id);
  try {
    apply(account, customer, params);
  } catch (error) {
    account.rows.customers.pop();
    throw error;
  }
  emit(account, 'customer.created', customer);
  return customer;
}

function apply(account: Account, customer: Customer, params: z.output<typeof CustomerParams>): void {
  const { email, name, phone, description, address, preferred_locales: locales, invoice_settings: settings } = params;
  if (email !== undefined) customer.email = email || null;
  if (name !== undefined) customer.name = name || null;
  if (phone !== undefined) customer.phone = phone || null;
  if (description !== undefined) customer.description = description || null;
  if (address) customer.address = address;
  if (locales) customer.preferred_locales = locales;
  if (settings?.default_payment_method) {
    customer.invoice_settings.default_payment_method = ownMethod(account, customer, settings.default_payment_method);
  }
  if (params.balance !== undefined) customer.balance = params.balance;
  customer.metadata = mergeMetadata(customer.metadata, params.metadata);
}

function ownMethod(account: Account, customer: Customer, id: string): string {
  const { method } = methodBy(account, id);
  if (method.customer === customer.id) return method.id;
  throw invalidRequest(
    `The customer does not have a payment method with the ID ${id}. The payment method must be attached to the customer.`,
    { code: 'resource_missing', param: 'invoice_settings[default_payment_method]' },
  );
}
