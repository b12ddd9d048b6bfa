import { z } from 'zod';
import { formatMinor } from '../kernel/money.ts';
import { newId, nowSeconds, type Account, type SessionRow } from './account.ts';
import { refuseMixed } from './billing/items.ts';
import { refuseOtherCurrency } from './billing/subscribe.ts';
import { cardBy, DEFAULT_CARD, type CardBehaviour } from './cards.ts';
import { isAccepted, setUpBySession, subscribeBySession } from './checkout-modes.ts';
import { createCustomer } from './customers.ts';
import { mergeMetadata } from './merge-metadata.ts';
import { invalidRequest, missing } from './errors.ts';
import { lineItemsOf } from './expand.ts';
import { listOf, metadata, pageParams, read, type StripeRouter } from './http.ts';
import { newLineItems } from './line-items.ts';
import { customerBy, methodBy, type MethodRow } from './lookups.ts';
import type { LineItem, PaymentIntent, Session } from './objects.ts';
import { confirm, createIntent, decline } from './payments.ts';
import { createMethod } from './payment-methods.ts';
import { SessionParams } from './session-params.ts';
import { emit } from './webhooks.ts';

const MINUTE = 60;
const DAY = 24 * 60 * MINUTE;
/** Stripe's minimum charge; other currencies depend on the settlement currency and are not checked. */
const MINIMUM_MINOR: Record<string, number> = { eur: 50, usd: 50, gbp: 30 };

const ListParams = z.strictObject({
  ...pageParams,
  customer: z.string().optional(),
  payment_intent: z.string().optional(),
  subscription: z.string().optional(),
  status: z.enum(['open', 'complete', 'expired']).optional(),
});

export function checkoutSessionRoutes(router: StripeRouter, account: Account): void {
  router.post('/checkout/sessions', (call) => {
    call.body = create(account, read(call, SessionParams)).session;
  });
  router.get('/checkout/sessions', (call) => {
    const params = read(call, ListParams);
    const rows = account.rows.sessions
      .map(({ session }) => session)
      .filter((row) => !params.customer || row.customer === params.customer)
      .filter((row) => !params.payment_intent || row.payment_intent === params.payment_intent)
      .filter((row) => !params.subscription || row.subscription === params.subscription)
      .filter((row) => !params.status || row.status === params.status);
    call.body = listOf('/v1/checkout/sessions', rows, params);
  });
  router.get('/checkout/sessions/:id', (call) => {
    call.body = sessionBy(account, call.params['id']).session;
  });
  router.get('/checkout/sessions/:id/line_items', (call) => {
    call.body = lineItemsOf(account, sessionBy(account, call.params['id']).session.id);
  });
  router.post('/checkout/sessions/:id', (call) => {
    const { session } = sessionBy(account, call.params['id']);
    const params = read(call, z.strictObject({ metadata: metadata.optional() }));
    session.metadata = mergeMetadata(session.metadata, params.metadata);
    call.body = session;
  });
  router.post('/checkout/sessions/:id/expire', (call) => {
    const row = sessionBy(account, call.params['id']);
    expireSession(account, row);
    call.body = row.session;
  });
}

export function sessionBy(account: Account, id: unknown): SessionRow {
  const row = account.rows.sessions.find(({ session }) => session.id === id);
  if (!row) throw missing('checkout.session', String(id), 'session');
  return row;
}

function create(account: Account, params: z.output<typeof SessionParams>): SessionRow {
  refuseOfOtherModes(params);
  const lineItems = newLineItems(account, params);
  const currency = params.mode === 'setup' ? (params.currency ?? null) : (lineItems[0]?.currency ?? null);
  const amount = amountOf(params, lineItems);
  if (amount !== null) refuseTooSmall(amount, currency ?? '');
  if (params.customer && params.customer_email) {
    throw invalidRequest('You may only specify one of these parameters: customer, customer_email.');
  }
  const customer = params.customer ? customerBy(account, params.customer, 'customer') : null;
  if (params.mode === 'subscription' && customer) refuseOtherCurrency(account, customer.id, currency ?? '');
  const created = nowSeconds(account);
  const { expiresAt, closesAt } = expiryOf(params.expires_at, created);
  const id = newId('cs_test');
  const row: SessionRow = {
    lineItems,
    closesAt,
    intent: intentData(params),
    subscription: subscriptionData(params, lineItems),
    session: {
      id,
      object: 'checkout.session',
      created,
      expires_at: expiresAt,
      livemode: false,
      mode: params.mode,
      ui_mode: 'hosted_page',
      status: 'open',
      payment_status: amount === 0 || amount === null ? 'no_payment_required' : 'unpaid',
      url: `${account.publicUrl()}/pay/${id}`,
      success_url: params.success_url,
      cancel_url: params.cancel_url ?? null,
      amount_subtotal: amount,
      amount_total: amount,
      currency,
      customer: customer?.id ?? null,
      customer_creation: customer ? null : (params.customer_creation ?? DEFAULT_CREATION[params.mode]),
      customer_email: params.customer_email ?? null,
      customer_details: detailsOf(customer?.email ?? params.customer_email ?? null, customer?.name ?? null),
      client_reference_id: params.client_reference_id ?? null,
      payment_intent: null,
      payment_method_types: ['card'],
      allowed_payment_method_types: params.allowed_payment_method_types ?? null,
      payment_method_collection: params.payment_method_collection ?? DEFAULT_COLLECTION[params.mode],
      payment_link: null,
      setup_intent: null,
      subscription: null,
      invoice: null,
      locale: params.locale ?? null,
      submit_type: params.submit_type ?? null,
      total_details: amount === null ? null : { amount_discount: 0, amount_shipping: 0, amount_tax: 0 },
      consent: params.consent_collection ? { promotions: null, terms_of_service: null } : null,
      consent_collection: params.consent_collection ?? null,
      metadata: params.metadata ?? {},
    },
  };
  account.rows.sessions.push(row);
  return row;
}

const detailsOf = (email: string | null, name: string | null): Session['customer_details'] =>
  email || name ? { email, name, phone: null, address: null, tax_ids: [] } : null;

const DEFAULT_CREATION = { payment: 'if_required', setup: 'if_required', subscription: 'always' } as const;
const DEFAULT_COLLECTION = { payment: 'if_required', setup: 'always', subscription: 'always' } as const;

/** Parameters that belong to one mode only. */
function refuseOfOtherModes(params: z.output<typeof SessionParams>): void {
  const owners = {
    payment_intent_data: 'payment',
    customer_creation: 'payment',
    submit_type: 'payment',
    subscription_data: 'subscription',
    setup_intent_data: 'setup',
  } as const;
  for (const [param, mode] of Object.entries(owners)) {
    if (params[param as keyof typeof owners] === undefined || params.mode === mode) continue;
    throw invalidRequest(`You can not pass \`${param}\` in \`${params.mode}\` mode.`, { param });
  }
}

/** A trial costs nothing at first; setup has no amount at all. */
function amountOf(params: z.output<typeof SessionParams>, lineItems: LineItem[]): number | null {
  if (params.mode === 'setup') return null;
  const { trial_end: end, trial_period_days: days } = params.subscription_data ?? {};
  if (end !== undefined || days !== undefined) return 0;
  return lineItems.reduce((sum, item) => sum + item.amount_total, 0);
}

function subscriptionData(params: z.output<typeof SessionParams>, lineItems: LineItem[]): SessionRow['subscription'] {
  if (params.mode !== 'subscription') return null;
  const data = params.subscription_data;
  const prices = lineItems.map(({ price }) => price);
  refuseMixed(prices, prices[0]?.currency ?? '');
  return {
    items: lineItems.map(({ price, quantity }) => ({ price, quantity })),
    metadata: data?.metadata ?? {},
    description: data?.description ?? null,
    trialEnd: data?.trial_end ?? null,
    trialDays: data?.trial_period_days ?? null,
  };
}

function refuseTooSmall(amount: number, currency: string): void {
  const minimum = MINIMUM_MINOR[currency] ?? 0;
  if (amount === 0 || amount >= minimum) return;
  const message = `The Checkout Session's total amount due must add up to at least ${formatMinor(minimum, currency)}`;
  throw invalidRequest(message, { code: 'amount_too_small' });
}

function intentData({
  payment_intent_data: data,
  setup_intent_data: setup,
}: z.output<typeof SessionParams>): SessionRow['intent'] {
  return {
    setup_future_usage: data?.setup_future_usage ?? null,
    description: data?.description ?? setup?.description ?? null,
    metadata: data?.metadata ?? setup?.metadata ?? {},
    receipt_email: data?.receipt_email ?? null,
  };
}

/** A caller knows real time only, so a moment is right by either clock; the page closes as much later as was asked. */
function expiryOf(asked: number | undefined, created: number): { expiresAt: number; closesAt: number } {
  if (asked === undefined) return { expiresAt: created + DAY, closesAt: created + DAY };
  const lifetimes = [asked - created, asked - Math.floor(Date.now() / 1000)];
  // Some seconds of slack for the time a request takes.
  const lifetime = lifetimes.find((seconds) => seconds >= 30 * MINUTE - 5 && seconds <= DAY + 5);
  if (lifetime !== undefined) return { expiresAt: asked, closesAt: created + lifetime };
  const message = 'The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.';
  throw invalidRequest(message, { param: 'expires_at' });
}

/** The customer pays on the hosted page with a card. A declined card leaves the page open; true = it went through. */
export function paySession(account: Account, row: SessionRow, card: CardBehaviour = DEFAULT_CARD): boolean {
  const { session } = row;
  requireOpen(row);
  keepCustomer(account, row);
  const method = createMethod(account, card, session.customer_details?.email ?? null);
  if (!isPaidBy(account, row, method)) return false;
  Object.assign(session, { status: 'complete', url: null });
  emit(account, 'checkout.session.completed', session);
  return true;
}

/** The page itself asks the 3-D Secure question, and who presses "Pay" has answered it. */
function isPaidBy(account: Account, row: SessionRow, method: MethodRow): boolean {
  const { session } = row;
  if (session.mode === 'subscription') return subscribeBySession(account, row, method);
  if (session.mode === 'setup') return setUpBySession(account, row, method);
  if (session.payment_status === 'no_payment_required') return true;
  const how = { offSession: false, isAuthenticated: true };
  if (!isAccepted(() => confirm(account, intentOf(account, row), method, how))) return false;
  session.payment_status = 'paid';
  return true;
}

/** Bank debits and the like: the page is done with, the money comes or fails days later. */
export function paySlowly(account: Account, row: SessionRow): void {
  const { session } = row;
  requireOpen(row);
  keepCustomer(account, row);
  const intent = intentOf(account, row);
  intent.payment_method = createMethod(account, DEFAULT_CARD, session.customer_details?.email ?? null).method.id;
  intent.status = 'processing';
  emit(account, 'payment_intent.processing', intent);
  Object.assign(session, { status: 'complete', url: null });
  emit(account, 'checkout.session.completed', session);
}

export function settleSlowly(account: Account, row: SessionRow, isPaid: boolean): void {
  const { session } = row;
  const intent = intentOf(account, row);
  if (intent.status !== 'processing') throw invalidRequest('No payment of this session is under way.');
  const method = methodBy(account, intent.payment_method ?? '');
  if (isPaid) {
    confirm(account, intent, method, { offSession: false, isAuthenticated: true });
    session.payment_status = 'paid';
  } else decline(account, intent, method.method, 'generic_decline');
  emit(account, `checkout.session.async_payment_${isPaid ? 'succeeded' : 'failed'}`, session);
}

export function declineSession(account: Account, row: SessionRow): void {
  requireOpen(row);
  if (row.session.mode !== 'payment') return void paySession(account, row, cardBy('pm_card_chargeDeclined'));
  const { method } = createMethod(account, DEFAULT_CARD, row.session.customer_details?.email ?? null);
  decline(account, intentOf(account, row), method, 'generic_decline');
}

/** One PaymentIntent per session, made at the first attempt and used again after a declined card. */
function intentOf(account: Account, { session, intent }: SessionRow): PaymentIntent {
  const known = account.rows.intents.find((one) => one.id === session.payment_intent);
  if (known) return known;
  const { amount_total: amount, currency, customer } = session;
  const fields = { ...intent, amount: amount ?? 0, currency: currency ?? '', customer };
  const created = createIntent(account, fields);
  session.payment_intent = created.id;
  return created;
}

/** A card that is to be kept needs a customer to keep it. */
function keepCustomer(account: Account, { session, intent }: SessionRow): void {
  const email = session.customer_email ?? 'customer@example.test';
  session.customer_details ??= detailsOf(email, null);
  const isNeeded = session.customer_creation === 'always' || intent.setup_future_usage || session.mode === 'setup';
  if (session.customer || !isNeeded) return;
  session.customer = createCustomer(account, { email }).id;
}

function requireOpen({ session }: SessionRow): void {
  if (session.status !== 'open') throw invalidRequest(`This Checkout Session is ${String(session.status)}.`);
}

export function expireSession(account: Account, { session }: SessionRow): void {
  if (session.status !== 'open') {
    throw invalidRequest(
      `Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of "${session.status}".`,
    );
  }
  Object.assign(session, { status: 'expired', url: null });
  emit(account, 'checkout.session.expired', session);
}

export function expireDue(account: Account): void {
  const now = nowSeconds(account);
  for (const row of account.rows.sessions) {
    if (row.session.status === 'open' && row.closesAt <= now) expireSession(account, row);
  }
}
