import { newId, nowSeconds, type Account } from '../account.ts';
import { invalidRequest } from '../errors.ts';
import { customerBy } from '../lookups.ts';
import type { PaymentIntent } from '../objects.ts';
import { cancelIntent, createIntent } from '../payments.ts';
import { emit } from '../webhooks.ts';
import { lineOf } from './lines.ts';
import { listed } from './lookups.ts';
import { constants } from './invoice-constants.ts';
import type { BillingReason, Invoice, InvoiceItem, InvoiceLine, InvoicePayment } from './invoice-objects.ts';
import type { Subscription } from './objects.ts';

const DAY = 86_400;

export interface NewInvoice {
  customer: string;
  currency: string;
  reason: BillingReason;
  lines: InvoiceLine[];
  period: { start: number; end: number };
  subscription?: Subscription | null;
  /** Set on the invoice of a change of items. */
  prorationDate?: number;
  collectionMethod?: Invoice['collection_method'];
  daysUntilDue?: number | null;
  dueDate?: number | null;
  autoAdvance?: boolean;
  defaultPaymentMethod?: string | null;
  description?: string | null;
  metadata?: Record<string, string>;
}

/** A draft that is not kept yet: what a preview shows. */
export function draftOf(account: Account, input: NewInvoice, id = newId('in')): Invoice {
  const customer = customerBy(account, input.customer, 'customer');
  const subtotal = input.lines.reduce((sum, line) => sum + line.amount, 0);
  const owner = input.subscription ?? null;
  const at = nowSeconds(account);
  return {
    ...constants,
    id,
    created: at,
    amount_due: dueOf(subtotal, customer.balance),
    amount_remaining: dueOf(subtotal, customer.balance),
    auto_advance: input.autoAdvance ?? true,
    billing_reason: input.reason,
    collection_method: input.collectionMethod ?? owner?.collection_method ?? 'charge_automatically',
    currency: input.currency,
    customer: customer.id,
    customer_email: customer.email,
    customer_name: customer.name,
    default_payment_method: input.defaultPaymentMethod ?? null,
    description: input.description ?? null,
    due_date: dueDateOf(input, at),
    lines: listed(
      `/v1/invoices/${id}/lines`,
      input.lines.map((line) => ({ ...line, invoice: id })),
    ),
    metadata: input.metadata ?? {},
    parent: owner && parentOf(owner, input.prorationDate),
    period_end: input.period.end,
    period_start: input.period.start,
    starting_balance: customer.balance,
    status_transitions: { finalized_at: null, marked_uncollectible_at: null, paid_at: null, voided_at: null },
    subtotal,
    subtotal_excluding_tax: subtotal,
    total: subtotal,
    total_excluding_tax: subtotal,
  };
}

/** Credit (a negative balance) is used up, debt (a positive one) is added; never less than nothing. */
const dueOf = (total: number, balance: number): number => Math.max(0, total + (total > 0 ? balance : 0));

function dueDateOf(input: NewInvoice, at: number): number | null {
  const method = input.collectionMethod ?? input.subscription?.collection_method;
  if (method !== 'send_invoice') return null;
  return input.dueDate ?? at + (input.daysUntilDue ?? input.subscription?.days_until_due ?? 0) * DAY;
}

/** The subscription's metadata is copied as it is now, and stays. */
const parentOf = (subscription: Subscription, prorationDate?: number): NonNullable<Invoice['parent']> => ({
  type: 'subscription_details',
  quote_details: null,
  subscription_details: {
    metadata: { ...subscription.metadata },
    subscription: subscription.id,
    ...(prorationDate !== undefined && { subscription_proration_date: prorationDate }),
  },
});

/** Keeps a draft, takes the pending items in and makes it the latest of its subscription. */
export function addInvoice(account: Account, input: NewInvoice, items: InvoiceItem[] = []): Invoice {
  const lines = [...items.map(lineOf), ...input.lines];
  const invoice = draftOf(account, { ...input, lines });
  for (const item of items) item.invoice = invoice.id;
  account.rows.invoices.push(invoice);
  if (input.subscription) input.subscription.latest_invoice = invoice.id;
  emit(account, 'invoice.created', invoice);
  return invoice;
}

/** Draft → open with a number and, when there is something to pay, a PaymentIntent; nothing due = paid at once. */
export function finalize(account: Account, invoice: Invoice): void {
  if (invoice.status !== 'draft') {
    throw invalidRequest('This invoice is already finalized, you cannot re-finalize a non-draft invoice.', {
      code: 'invoice_not_editable',
    });
  }
  const before = structuredClone(invoice);
  const customer = customerBy(account, invoice.customer, 'customer');
  const at = nowSeconds(account);
  const count = account.rows.invoices.filter((row) => row.customer === customer.id && row.number !== null).length;
  invoice.starting_balance = customer.balance;
  invoice.amount_due = dueOf(invoice.total, customer.balance);
  invoice.amount_remaining = invoice.amount_due;
  // Less than nothing in total is credit from now on; credit that is there pays as much as it can.
  customer.balance += invoice.total - invoice.amount_due;
  invoice.ending_balance = customer.balance;
  Object.assign(invoice, {
    number: `${customer.invoice_prefix}-${String(count + 1).padStart(4, '0')}`,
    status: 'open',
    effective_at: at,
    automatically_finalizes_at: null,
    hosted_invoice_url: `${account.publicUrl()}/invoice/${invoice.id}`,
    invoice_pdf: `${account.publicUrl()}/invoice/${invoice.id}/pdf`,
  });
  invoice.status_transitions.finalized_at = at;
  customer.currency ??= invoice.currency;
  if (invoice.amount_due > 0) addPayment(account, invoice);
  emit(account, 'invoice.finalized', invoice);
  emit(account, 'invoice.updated', invoice, before);
}

const DESCRIPTIONS: Partial<Record<BillingReason, string>> = {
  subscription_create: 'Subscription creation',
  subscription_update: 'Subscription update',
};

function addPayment(account: Account, invoice: Invoice): void {
  const intent = createIntent(account, {
    amount: invoice.amount_due,
    currency: invoice.currency,
    customer: invoice.customer,
    description: DESCRIPTIONS[invoice.billing_reason] ?? null,
    automatic_payment_methods: { enabled: true, allow_redirects: 'always' },
    // The card of a subscription's first payment is kept for the renewals.
    setup_future_usage: invoice.billing_reason === 'subscription_create' ? 'off_session' : null,
  });
  account.rows.invoicePayments.push({
    id: newId('inpay'),
    object: 'invoice_payment',
    created: nowSeconds(account),
    livemode: false,
    amount_paid: null,
    amount_requested: invoice.amount_due,
    currency: invoice.currency,
    invoice: invoice.id,
    is_default: true,
    payment: { type: 'payment_intent', payment_intent: intent.id },
    status: 'open',
    status_transitions: { canceled_at: null, paid_at: null },
  });
}

export const paymentsOf = (account: Account, invoice: Invoice): InvoicePayment[] =>
  account.rows.invoicePayments.filter((row) => row.invoice === invoice.id);

export function intentOf(account: Account, invoice: Invoice): PaymentIntent | undefined {
  const payment = paymentsOf(account, invoice).find((row) => row.is_default);
  return account.rows.intents.find((row) => row.id === payment?.payment.payment_intent);
}

/** `isOutside`: paid by other means, so that its PaymentIntent is cancelled. */
export function markPaid(account: Account, invoice: Invoice, { isOutside = false } = {}): void {
  const before = structuredClone(invoice);
  const at = nowSeconds(account);
  Object.assign(invoice, {
    status: 'paid',
    attempted: true,
    auto_advance: false,
    amount_paid: invoice.amount_due,
    amount_remaining: 0,
    next_payment_attempt: null,
  });
  delete invoice.status_details;
  invoice.status_transitions.paid_at = at;
  if (isOutside) closePayments(account, invoice);
  for (const payment of paymentsOf(account, invoice).filter((row) => row.status === 'open')) {
    Object.assign(payment, { status: 'paid', amount_paid: payment.amount_requested });
    payment.status_transitions.paid_at = at;
    emit(account, 'invoice_payment.paid', payment);
  }
  emit(account, 'invoice.updated', invoice, before);
  emit(account, 'invoice.paid', invoice);
  emit(account, 'invoice.payment_succeeded', invoice);
}

export function voidInvoice(account: Account, invoice: Invoice): void {
  if (invoice.status !== 'open' && invoice.status !== 'uncollectible') {
    throw invalidRequest(`You can only void open or uncollectible invoices. This invoice is ${invoice.status}.`, {
      code: 'invoice_not_editable',
    });
  }
  const before = structuredClone(invoice);
  Object.assign(invoice, { status: 'void', auto_advance: false, next_payment_attempt: null });
  delete invoice.status_details;
  invoice.status_transitions.voided_at = nowSeconds(account);
  // Credit that it used comes back to the customer.
  const customer = account.rows.customers.find(({ id }) => id === invoice.customer);
  if (customer) customer.balance -= invoice.total - invoice.amount_due;
  closePayments(account, invoice);
  emit(account, 'invoice.updated', invoice, before);
  emit(account, 'invoice.voided', invoice);
}

export function markUncollectible(account: Account, invoice: Invoice, reason: string): void {
  if (invoice.status !== 'open') {
    throw invalidRequest(`You can only mark an open invoice as uncollectible. This invoice is ${invoice.status}.`, {
      code: 'invoice_not_editable',
    });
  }
  const before = structuredClone(invoice);
  Object.assign(invoice, { status: 'uncollectible', auto_advance: false, next_payment_attempt: null });
  invoice.status_details = { uncollectible: { reason } };
  invoice.status_transitions.marked_uncollectible_at = nowSeconds(account);
  emit(account, 'invoice.updated', invoice, before);
  emit(account, 'invoice.marked_uncollectible', invoice);
}

function closePayments(account: Account, invoice: Invoice): void {
  const intent = intentOf(account, invoice);
  if (intent && intent.status !== 'succeeded' && intent.status !== 'canceled') {
    cancelIntent(account, intent, 'void_invoice');
  }
  for (const payment of paymentsOf(account, invoice).filter((row) => row.status === 'open')) {
    payment.status = 'canceled';
    payment.status_transitions.canceled_at = nowSeconds(account);
  }
}
