import { z } from 'zod';
import { customerBy } from './customers.ts';
import { forbidden, invalid, notAllowed, notFound } from './errors.ts';
import { check, paginate, queryListOf, queryOf, read, type Call, type LagoRouter } from './http.ts';
import { metadataOf, newMetadata } from './metadata.ts';
import type { Invoice, PaymentStatus } from './model.ts';
import { now, type Organization } from './organization.ts';
import { isoDate } from './present.ts';
import { presentFullInvoice, presentInvoice } from './present-invoice.ts';

const InvoiceChange = z.strictObject({
  payment_status: z.enum(['pending', 'succeeded', 'failed']).optional(),
  metadata: metadataOf(140).optional(),
});

const Void = z.object({ generate_credit_note: z.boolean().optional() });

export function invoiceRoutes(router: LagoRouter, org: Organization): void {
  router.get('/invoices', (call) => {
    call.body = paginate(call, 'invoices', listInvoices(org, call), presentInvoice);
  });
  router.get('/customers/:externalId/invoices', (call) => {
    const customer = customerBy(org, call.params['externalId']);
    const rows = listInvoices(org, call).filter((row) => row.customer === customer);
    call.body = paginate(call, 'invoices', rows, presentInvoice);
  });
  router.get('/invoices/:id', (call) => {
    call.body = present(org, invoiceBy(org, call.params['id']));
  });
  router.put('/invoices/:id', (call) => {
    const invoice = invoiceBy(org, call.params['id']);
    if (invoice.status === 'voided') throw notAllowed('update_on_voided_invoice');
    const change = read(call, 'invoice', InvoiceChange);
    const metadata = change.metadata && newMetadata(change.metadata);
    if (change.payment_status) setPaymentStatus(org, invoice, change.payment_status);
    if (metadata) invoice.metadata = metadata;
    invoice.updatedAt = now(org);
    call.body = present(org, invoice);
  });
  router.post('/invoices/:id/void', (call) => {
    const invoice = invoiceBy(org, call.params['id']);
    if (check(Void, call.state.body ?? {}).generate_credit_note) throw forbidden();
    voidInvoice(org, invoice);
    call.body = present(org, invoice);
  });
  for (const path of ['/invoices/:id/download', '/invoices/:id/download_pdf']) {
    router.post(path, (call) => {
      const invoice = invoiceBy(org, call.params['id']);
      if (invoice.fileUrl) call.body = present(org, invoice);
      else generateFile(org, invoice, call);
    });
  }
  router.post('/invoices/:id/payment_url', (call) => {
    invoiceBy(org, call.params['id']);
    throw invalid({ base: ['no_linked_payment_provider'] });
  });
  router.post('/invoices/:id/retry_payment', (call) => {
    const invoice = invoiceBy(org, call.params['id']);
    if (invoice.status === 'voided' || invoice.paymentStatus === 'succeeded') throw notAllowed('invalid_status');
    call.status = 200;
  });
}

const present = (org: Organization, invoice: Invoice) => ({ invoice: presentFullInvoice(org, invoice) });

export function invoiceBy(org: Organization, id: unknown): Invoice {
  const invoice = org.rows.invoices.find((row) => row.id === id);
  if (!invoice) throw notFound('invoice');
  return invoice;
}

/** Newest first. Filters may come once or as Rails lists. */
function listInvoices(org: Organization, call: Call): Invoice[] {
  const wanted = (name: string) => [queryOf(call, name) ?? [], queryListOf(call, name)].flat();
  const matches = (name: string, value: string) => wanted(name).length === 0 || wanted(name).includes(value);
  const dateFrom = queryOf(call, 'issuing_date_from') ?? '';
  const dateTo = queryOf(call, 'issuing_date_to') ?? '9999';
  return org.rows.invoices
    .filter((row) => matches('external_customer_id', row.customer.externalId))
    .filter((row) => matches('customer_external_id', row.customer.externalId))
    .filter((row) => matches('status', row.status) && matches('payment_status', row.paymentStatus))
    .filter((row) => matches('payment_overdue', String(row.paymentOverdue)) && matches('currency', row.currency))
    .filter(() => matches('invoice_type', 'subscription'))
    .filter((row) => isoDate(row.issuingDate) >= dateFrom && isoDate(row.issuingDate) <= dateTo)
    .toReversed();
}

/** The webhook goes out only if the value changed; the due amount stays, for no payment is recorded. */
export function setPaymentStatus(org: Organization, invoice: Invoice, status: PaymentStatus): void {
  const before = invoice.paymentStatus;
  invoice.paymentStatus = status;
  invoice.updatedAt = now(org);
  if (status === 'succeeded') invoice.paymentOverdue = false;
  if (status !== before) announce(org, 'payment_status_updated', invoice);
}

export function voidInvoice(org: Organization, invoice: Invoice): void {
  if (invoice.status === 'voided') throw notAllowed('not_voidable');
  invoice.status = 'voided';
  invoice.voidedAt = now(org);
  invoice.updatedAt = now(org);
  invoice.paymentOverdue = false;
  for (const { note, amountCents } of invoice.credits ?? []) if (!note.voidedAt) note.balanceCents += amountCents;
  announce(org, 'voided', invoice);
}

export function markOverdue(org: Organization, invoice: Invoice): void {
  if (invoice.status === 'voided') throw notAllowed('invoice_not_finalized');
  if (invoice.paymentStatus === 'succeeded') throw notAllowed('invoice_payment_already_succeeded');
  invoice.paymentOverdue = true;
  announce(org, 'payment_overdue', invoice);
}

/** Lago answers 200 with nothing and makes the PDF on the side; `invoice.generated` says when it is there. */
function generateFile(org: Organization, invoice: Invoice, call: Call): void {
  call.status = 200;
  call.body = '';
  invoice.fileUrl = `http://${call.host}/files/${invoice.id}.pdf`;
  announce(org, 'generated', invoice);
}

function announce(org: Organization, type: string, invoice: Invoice): void {
  org.webhooks.send(org, `invoice.${type}`, 'invoice', presentFullInvoice(org, invoice));
}
