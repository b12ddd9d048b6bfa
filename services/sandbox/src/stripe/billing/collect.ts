import type { Account } from '../account.ts';
import { invalidRequest, StripeFailure } from '../errors.ts';
import { methodBy, type MethodRow } from '../lookups.ts';
import type { PaymentIntent } from '../objects.ts';
import { confirm } from '../payments.ts';
import { emit } from '../webhooks.ts';
import { finalize, intentOf, markPaid } from './invoices.ts';
import { rowOf } from './lookups.ts';
import type { Invoice } from './invoice-objects.ts';
import { onFailed, onPaid } from './standing.ts';

export const NO_METHOD =
  'There is no `default_payment_method` set on this Customer or Invoice. ' +
  'Please provide a valid default payment method or an explicit payment method when paying the invoice.';

export interface Payment {
  /** Left out = the default of the invoice, else of its subscription, else of the customer. */
  method?: MethodRow | undefined;
  /** The owner has answered a 3-D Secure question on the page where they pay. */
  isAuthenticated?: boolean;
}

export function defaultMethod(account: Account, invoice: Invoice): MethodRow | undefined {
  const customer = account.rows.customers.find(({ id }) => id === invoice.customer);
  const id =
    invoice.default_payment_method ??
    rowOf(account, invoice)?.subscription.default_payment_method ??
    customer?.invoice_settings.default_payment_method;
  return id ? methodBy(account, id) : undefined;
}

/** Finalises, and charges the card when there is something to charge and Stripe does it by itself. */
export function finalizeAndCollect(account: Account, invoice: Invoice, { isTried = true } = {}): void {
  finalize(account, invoice);
  if (invoice.amount_due === 0) return settle(account, invoice, null);
  if (invoice.collection_method === 'send_invoice') {
    emit(account, 'invoice.sent', invoice);
    return;
  }
  if (isTried && invoice.auto_advance) tryQuietly(account, invoice);
}

/** What Stripe does by itself tells of a refusal by events only. */
export function tryQuietly(account: Account, invoice: Invoice, payment: Payment = {}): void {
  try {
    attempt(account, invoice, payment);
  } catch (error) {
    if (!(error instanceof StripeFailure)) throw error;
  }
}

/** Charges the invoice once. A refusal is a 402, after everything about it was noted and told. */
export function attempt(account: Account, invoice: Invoice, { method, isAuthenticated = false }: Payment = {}): void {
  if (invoice.amount_due === 0) return settle(account, invoice, null);
  const row = method ?? defaultMethod(account, invoice);
  const intent = intentOf(account, invoice);
  if (!row || !intent) {
    noteAttempt(account, invoice);
    failed(account, invoice);
    throw invalidRequest(NO_METHOD, { code: 'resource_missing' });
  }
  confirm(account, intent, row, { offSession: false, isAuthenticated });
  if (intent.status === 'requires_action') throw requiresAction(intent, 'invoice');
}

export const requiresAction = (intent: PaymentIntent, of: 'invoice' | 'subscription'): StripeFailure =>
  new StripeFailure(402, {
    type: 'card_error',
    code: `${of}_payment_intent_requires_action`,
    message:
      `This payment requires additional user action before it can be completed successfully. ` +
      `Payment can be completed using the PaymentIntent associated with ${of === 'invoice' ? 'the invoice' : '`subscription.latest_invoice`'}.`,
    payment_intent: structuredClone(intent),
  });

/** Whoever confirmed the PaymentIntent, we or the customer's browser: its invoice follows. */
export function followPayment(account: Account, intent: PaymentIntent): void {
  const link = account.rows.invoicePayments.find((row) => row.payment.payment_intent === intent.id);
  const invoice = account.rows.invoices.find(({ id }) => id === link?.invoice);
  if (!invoice || (invoice.status !== 'open' && invoice.status !== 'uncollectible')) return;
  noteAttempt(account, invoice);
  if (intent.status === 'succeeded') return settle(account, invoice, intent.payment_method);
  if (intent.status === 'requires_action') emit(account, 'invoice.payment_action_required', invoice);
  failed(account, invoice);
}

function noteAttempt(account: Account, invoice: Invoice): void {
  invoice.attempted = true;
  invoice.attempt_count += 1;
  invoice.next_payment_attempt = null;
}

function failed(account: Account, invoice: Invoice): void {
  onFailed(account, invoice);
  emit(account, 'invoice.payment_failed', invoice);
  const customer = account.rows.customers.find(({ id }) => id === invoice.customer);
  if (customer) customer.delinquent = true;
}

/** `isOutside`: the money came another way. */
export function settle(account: Account, invoice: Invoice, method: string | null, isOutside = false): void {
  markPaid(account, invoice, { isOutside });
  onPaid(account, invoice, method);
  const customer = account.rows.customers.find(({ id }) => id === invoice.customer);
  if (customer) customer.delinquent = false;
}
