import { newId, nowSeconds, type Account, type SessionRow } from './account.ts';
import { attempt, settle } from './billing/collect.ts';
import { finalize } from './billing/invoices.ts';
import { addSubscription, firstInvoice } from './billing/subscribe.ts';
import { StripeFailure } from './errors.ts';
import type { MethodRow } from './lookups.ts';
import type { SetupIntent } from './objects.ts';
import { attach } from './payment-methods.ts';
import { createIntent, decline, refusalOf } from './payments.ts';
import { emit } from './webhooks.ts';

const DAY = 86_400;

/** A card that is refused leaves no subscription behind, only a payment that failed; true = it went through. */
export function subscribeBySession(account: Account, row: SessionRow, method: MethodRow): boolean {
  const { session, subscription: wanted } = row;
  const refusal = refusalOf(method);
  const customer = session.customer ?? '';
  if (session.amount_total !== 0 && refusal && refusal !== 'requires_action') {
    const fields = { amount: session.amount_total ?? 0, currency: session.currency ?? '', customer };
    decline(account, createIntent(account, fields), method.method, refusal);
    return false;
  }
  const trialEnd = wanted?.trialDays ? nowSeconds(account) + wanted.trialDays * DAY : (wanted?.trialEnd ?? null);
  const params = { metadata: wanted?.metadata ?? {}, ...(wanted?.description && { description: wanted.description }) };
  const owner = addSubscription(account, { customer, items: wanted?.items ?? [], params, trialEnd });
  const invoice = firstInvoice(account, owner);
  emit(account, 'customer.subscription.created', owner.subscription);
  finalize(account, invoice);
  // The page itself asks the 3-D Secure question, and who presses "Pay" has answered it.
  if (invoice.amount_due > 0) attempt(account, invoice, { method, isAuthenticated: true });
  else settle(account, invoice, null);
  attach(account, method, customer);
  const before = structuredClone(owner.subscription);
  owner.subscription.default_payment_method = method.method.id;
  emit(account, 'customer.subscription.updated', owner.subscription, before);
  Object.assign(session, {
    subscription: owner.subscription.id,
    invoice: invoice.id,
    payment_status: invoice.amount_due > 0 ? 'paid' : 'no_payment_required',
  });
  return true;
}

/** Keeps a card and charges nothing. */
export function setUpBySession(account: Account, { session, intent }: SessionRow, method: MethodRow): boolean {
  const refusal = refusalOf(method);
  const id = newId('seti');
  const setup: SetupIntent = {
    id,
    object: 'setup_intent',
    created: nowSeconds(account),
    livemode: false,
    customer: session.customer,
    payment_method: method.method.id,
    payment_method_types: ['card'],
    status: 'succeeded',
    usage: 'off_session',
    client_secret: `${id}_secret_${newId('s').slice(2)}`,
    description: intent.description,
    last_setup_error: null,
    latest_attempt: null,
    mandate: null,
    next_action: null,
    metadata: intent.metadata,
  };
  account.rows.setupIntents.push(setup);
  emit(account, 'setup_intent.created', setup);
  session.setup_intent = id;
  if (refusal && refusal !== 'requires_action') {
    Object.assign(setup, { status: 'requires_payment_method', payment_method: null });
    emit(account, 'setup_intent.setup_failed', setup);
    return false;
  }
  if (session.customer) attach(account, method, session.customer);
  emit(account, 'setup_intent.succeeded', setup);
  return true;
}

/** Runs what may be refused; true = it went through. */
export function isAccepted(act: () => unknown): boolean {
  try {
    act();
    return true;
  } catch (error) {
    if (error instanceof StripeFailure && error.status === 402) return false;
    throw error;
  }
}
