import { z } from 'zod';
import { newId, nowSeconds, type Account } from '../account.ts';
import { invalidRequest, missing } from '../errors.ts';
import { currency, integer, listOf, metadata, pageParams, read, type StripeRouter } from '../http.ts';
import { customerBy } from '../lookups.ts';
import { emit } from '../webhooks.ts';
import { lineOf, newInvoiceItem, pricingOf } from './lines.ts';
import { invoiceBy } from './lookups.ts';
import type { Invoice, InvoiceItem, InvoicePayment } from './invoice-objects.ts';
import { priceBy } from './prices.ts';

const CreateParams = z.strictObject({
  amount: integer.optional(),
  currency: currency.optional(),
  customer: z.string(),
  description: z.string().optional(),
  invoice: z.string().optional(),
  metadata: metadata.optional(),
  period: z.strictObject({ start: integer, end: integer }).optional(),
  pricing: z.strictObject({ price: z.string() }).optional(),
  quantity: integer.pipe(z.number().positive()).default(1),
});

const ListParams = z.strictObject({
  ...pageParams,
  customer: z.string().optional(),
  invoice: z.string().optional(),
});

const PaymentsParams = z.strictObject({
  ...pageParams,
  invoice: z.string().optional(),
  payment: z.strictObject({ type: z.literal('payment_intent'), payment_intent: z.string() }).optional(),
  status: z.enum(['open', 'paid', 'canceled']).optional(),
});

/** What is put on an invoice by hand, and what paid an invoice. */
export function invoiceItemRoutes(router: StripeRouter, account: Account): void {
  router.post('/invoiceitems', (call) => {
    call.body = create(account, read(call, CreateParams));
  });
  router.get('/invoiceitems', (call) => {
    const params = read(call, ListParams);
    const rows = account.rows.invoiceItems
      .filter((row) => !params.customer || row.customer === params.customer)
      .filter((row) => !params.invoice || row.invoice === params.invoice)
      .map((row) => ({ ...row, created: row.date }));
    const { data, ...list } = listOf('/v1/invoiceitems', rows, params);
    call.body = { ...list, data: data.map(({ created: _created, ...row }) => row) };
  });
  router.get('/invoiceitems/:id', (call) => {
    call.body = itemBy(account, call.params['id']);
  });
  router.delete('/invoiceitems/:id', (call) => {
    const item = itemBy(account, call.params['id']);
    if (item.invoice) throw invalidRequest('This invoice item is on an invoice already.');
    account.rows.invoiceItems = account.rows.invoiceItems.filter((row) => row !== item);
    emit(account, 'invoiceitem.deleted', item);
    call.body = { id: item.id, object: 'invoiceitem', deleted: true };
  });
  router.get('/invoice_payments', (call) => {
    const params = read(call, PaymentsParams);
    call.body = listOf('/v1/invoice_payments', found(account, params), params);
  });
  router.get('/invoice_payments/:id', (call) => {
    const row = account.rows.invoicePayments.find(({ id }) => id === call.params['id']);
    if (!row) throw missing('invoice_payment', call.params['id'] ?? '');
    call.body = row;
  });
}

function found(account: Account, params: z.output<typeof PaymentsParams>): InvoicePayment[] {
  return account.rows.invoicePayments
    .filter((row) => !params.invoice || row.invoice === params.invoice)
    .filter((row) => !params.payment || row.payment.payment_intent === params.payment.payment_intent)
    .filter((row) => !params.status || row.status === params.status);
}

function itemBy(account: Account, id: string | undefined): InvoiceItem {
  const item = account.rows.invoiceItems.find((row) => row.id === id);
  if (!item) throw missing('invoiceitem', id ?? '');
  return item;
}

function create(account: Account, params: z.output<typeof CreateParams>): InvoiceItem {
  const customer = customerBy(account, params.customer, 'customer');
  const price = params.pricing && priceBy(account, params.pricing.price, 'pricing[price]');
  const amount = price ? price.unit_amount * params.quantity : params.amount;
  if (amount === undefined || !price === (params.amount === undefined)) {
    throw invalidRequest('You must pass exactly one of `amount` or `pricing`.', { param: 'amount' });
  }
  const invoice = params.invoice ? invoiceBy(account, params.invoice) : undefined;
  if (invoice && invoice.status !== 'draft') {
    throw invalidRequest('This invoice is no longer editable', { code: 'invoice_not_editable', param: 'invoice' });
  }
  const code = price?.currency ?? params.currency ?? customer.currency;
  if (!code)
    throw invalidRequest('Missing required param: currency.', { code: 'parameter_missing', param: 'currency' });
  const at = nowSeconds(account);
  const item: InvoiceItem = {
    ...newInvoiceItem(
      account,
      {
        amount,
        currency: code,
        customer: customer.id,
        description: params.description ?? null,
        period: params.period ?? { start: at, end: at },
        pricing: price ? pricingOf(price) : pricingByHand(amount, params.quantity),
        quantity: params.quantity,
      },
      null,
    ),
    metadata: params.metadata ?? {},
  };
  account.rows.invoiceItems.push(item);
  if (invoice) addTo(account, invoice, item);
  emit(account, 'invoiceitem.created', item);
  return item;
}

const pricingByHand = (amount: number, quantity: number): InvoiceItem['pricing'] => ({
  type: 'price_details',
  price_details: { price: newId('price'), product: newId('prod') },
  unit_amount_decimal: String(amount / quantity),
});

function addTo(account: Account, invoice: Invoice, item: InvoiceItem): void {
  const before = structuredClone(invoice);
  item.invoice = invoice.id;
  invoice.lines.data.push({ ...lineOf(item), invoice: invoice.id });
  invoice.lines.total_count += 1;
  const total = invoice.total + item.amount;
  const due = Math.max(0, total + (total > 0 ? invoice.starting_balance : 0));
  Object.assign(invoice, {
    subtotal: total,
    subtotal_excluding_tax: total,
    total,
    total_excluding_tax: total,
    amount_due: due,
    amount_remaining: due,
  });
  emit(account, 'invoice.updated', invoice, before);
}
