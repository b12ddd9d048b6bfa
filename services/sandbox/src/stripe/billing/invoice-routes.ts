import { z } from 'zod';
import { nowSeconds, type Account } from '../account.ts';
import { mergeMetadata } from '../merge-metadata.ts';
import { invalidRequest } from '../errors.ts';
import {
  boolean,
  currency,
  ignored,
  integer,
  listOf,
  metadata,
  pageParams,
  read,
  type Call,
  type StripeRouter,
} from '../http.ts';
import { customerBy } from '../lookups.ts';
import { resolveMethod } from '../payment-methods.ts';
import { emit } from '../webhooks.ts';
import { attempt, finalizeAndCollect, settle } from './collect.ts';
import { addInvoice, finalize, markUncollectible, voidInvoice } from './invoices.ts';
import { invoiceBy, subscriptionBy } from './lookups.ts';
import type { Invoice } from './invoice-objects.ts';
import { preview, PreviewParams } from './preview.ts';
import { onClosed } from './standing.ts';
import { methodOf } from './subscribe.ts';

const day = integer.pipe(z.number().positive());

const CreateParams = z.strictObject({
  auto_advance: boolean.default(false),
  collection_method: z.enum(['charge_automatically', 'send_invoice']).optional(),
  currency: currency.optional(),
  customer: z.string(),
  days_until_due: day.optional(),
  default_payment_method: z.string().optional(),
  description: z.string().optional(),
  due_date: integer.optional(),
  metadata: metadata.optional(),
  pending_invoice_items_behavior: z.enum(['include', 'exclude']).default('exclude'),
  subscription: z.string().optional(),
});

const UpdateParams = z.strictObject({
  auto_advance: boolean.optional(),
  default_payment_method: z.string().optional(),
  description: z.string().optional(),
  metadata: metadata.optional(),
});

const ListParams = z.strictObject({
  ...pageParams,
  collection_method: z.enum(['charge_automatically', 'send_invoice']).optional(),
  customer: z.string().optional(),
  status: z.enum(['draft', 'open', 'paid', 'uncollectible', 'void']).optional(),
  subscription: z.string().optional(),
});

const PayParams = z.strictObject({
  forgive: boolean.optional(),
  mandate: ignored,
  off_session: boolean.optional(),
  paid_out_of_band: boolean.default(false),
  payment_method: z.string().optional(),
});

export function invoiceRoutes(router: StripeRouter, account: Account): void {
  const of = (call: Call): Invoice => invoiceBy(account, call.params['id']);
  router.post('/invoices/create_preview', (call) => {
    call.body = preview(account, read(call, PreviewParams));
  });
  router.post('/invoices', (call) => {
    call.body = create(account, read(call, CreateParams));
  });
  router.get('/invoices', (call) => {
    const params = read(call, ListParams);
    call.body = listOf('/v1/invoices', found(account, params), params);
  });
  router.get('/invoices/:id', (call) => {
    call.body = of(call);
  });
  router.get('/invoices/:id/lines', (call) => {
    read(call, z.strictObject(pageParams));
    call.body = of(call).lines;
  });
  router.post('/invoices/:id', (call) => {
    call.body = update(account, of(call), read(call, UpdateParams));
  });
  router.delete('/invoices/:id', (call) => {
    const invoice = of(call);
    if (invoice.status !== 'draft' || invoice.parent) {
      throw invalidRequest('You can only delete draft invoices that belong to no subscription.', {
        code: 'invoice_not_editable',
      });
    }
    account.rows.invoices = account.rows.invoices.filter((row) => row !== invoice);
    for (const item of account.rows.invoiceItems) if (item.invoice === invoice.id) item.invoice = null;
    emit(account, 'invoice.deleted', invoice);
    call.body = { id: invoice.id, object: 'invoice', deleted: true };
  });
  invoiceSteps(router, account);
}

/** What takes an invoice from one status to the next. */
function invoiceSteps(router: StripeRouter, account: Account): void {
  const of = (call: Call): Invoice => invoiceBy(account, call.params['id']);
  router.post('/invoices/:id/finalize', (call) => {
    const invoice = of(call);
    const { auto_advance: auto } = read(call, z.strictObject({ auto_advance: boolean.optional() }));
    if (auto !== undefined) invoice.auto_advance = auto;
    finalizeAndCollect(account, invoice);
    call.body = invoice;
  });
  router.post('/invoices/:id/pay', (call) => {
    call.body = pay(account, of(call), read(call, PayParams));
  });
  router.post('/invoices/:id/send', (call) => {
    read(call, z.strictObject({}));
    const invoice = of(call);
    if (invoice.status === 'draft') finalize(account, invoice);
    emit(account, 'invoice.sent', invoice);
    call.body = invoice;
  });
  router.post('/invoices/:id/void', (call) => {
    const invoice = of(call);
    read(call, z.strictObject({}));
    voidInvoice(account, invoice);
    onClosed(account, invoice);
    call.body = invoice;
  });
  router.post('/invoices/:id/mark_uncollectible', (call) => {
    const invoice = of(call);
    read(call, z.strictObject({}));
    markUncollectible(account, invoice, 'user_forgiven');
    onClosed(account, invoice);
    call.body = invoice;
  });
}

function found(account: Account, params: z.output<typeof ListParams>): Invoice[] {
  return account.rows.invoices
    .filter((row) => !params.customer || row.customer === params.customer)
    .filter((row) => !params.status || row.status === params.status)
    .filter((row) => !params.collection_method || row.collection_method === params.collection_method)
    .filter((row) => !params.subscription || row.parent?.subscription_details.subscription === params.subscription);
}

/** An invoice by hand: a draft of the customer's pending items, or an empty one to which items are added. */
function create(account: Account, params: z.output<typeof CreateParams>): Invoice {
  const customer = customerBy(account, params.customer, 'customer');
  const owner = params.subscription ? subscriptionBy(account, params.subscription, 'subscription').subscription : null;
  const code = params.currency ?? owner?.currency ?? customer.currency ?? 'eur';
  const isOurs = (subscription: string | undefined) => !owner || !subscription || subscription === owner.id;
  const pending = account.rows.invoiceItems.filter(
    (item) =>
      item.invoice === null &&
      item.customer === customer.id &&
      item.currency === code &&
      isOurs(item.parent?.subscription_details.subscription),
  );
  if (params.default_payment_method) methodOf(account, customer.id, params.default_payment_method);
  const at = nowSeconds(account);
  return addInvoice(
    account,
    {
      customer: customer.id,
      currency: code,
      reason: 'manual',
      lines: [],
      period: { start: at, end: at },
      subscription: owner,
      collectionMethod: params.collection_method ?? 'charge_automatically',
      daysUntilDue: params.days_until_due ?? null,
      dueDate: params.due_date ?? null,
      autoAdvance: params.auto_advance,
      defaultPaymentMethod: params.default_payment_method ?? null,
      description: params.description ?? null,
      metadata: params.metadata ?? {},
    },
    params.pending_invoice_items_behavior === 'include' ? pending : [],
  );
}

function update(account: Account, invoice: Invoice, params: z.output<typeof UpdateParams>): Invoice {
  const before = structuredClone(invoice);
  if (params.auto_advance !== undefined) invoice.auto_advance = params.auto_advance;
  if (params.default_payment_method) {
    invoice.default_payment_method =
      methodOf(account, invoice.customer, params.default_payment_method)?.method.id ?? null;
  }
  if (params.description !== undefined) invoice.description = params.description || null;
  invoice.metadata = mergeMetadata(invoice.metadata, params.metadata);
  emit(account, 'invoice.updated', invoice, before);
  return invoice;
}

function pay(account: Account, invoice: Invoice, params: z.output<typeof PayParams>): Invoice {
  if (invoice.status === 'paid') throw invalidRequest('Invoice is already paid');
  if (invoice.status === 'void') throw invalidRequest('You cannot pay an invoice that is void.');
  if (invoice.status === 'draft') finalize(account, invoice);
  if (params.paid_out_of_band) {
    settle(account, invoice, null, true);
    return invoice;
  }
  const method = params.payment_method ? resolveMethod(account, params.payment_method, null) : undefined;
  if (method?.method.customer && method.method.customer !== invoice.customer) {
    methodOf(account, invoice.customer, method.method.id);
  }
  attempt(account, invoice, { method });
  return invoice;
}
