import { createHash } from 'node:crypto';
import { z } from 'zod';
import { newId, nowSeconds, type Account } from './account.ts';
import { cardBy, type CardBehaviour } from './cards.ts';
import { invalidRequest, missing } from './errors.ts';
import { ignored, listOf, metadata, pageParams, read, type StripeRouter } from './http.ts';
import { customerBy, methodBy, type MethodRow } from './lookups.ts';
import type { PaymentMethod } from './objects.ts';
import { emit } from './webhooks.ts';

const Change = z.strictObject({
  allow_redisplay: z.enum(['always', 'limited', 'unspecified']).optional(),
  billing_details: z.strictObject({ email: z.string().optional(), name: z.string().optional() }).optional(),
  metadata: metadata.optional(),
});
const Attach = z.strictObject({ customer: z.string() });
const Create = z.strictObject({
  type: z.literal('card'),
  card: z.union([
    z.strictObject({ token: z.string() }),
    z.strictObject({ number: z.string(), exp_month: ignored, exp_year: ignored, cvc: ignored }),
  ]),
});

export function paymentMethodRoutes(router: StripeRouter, account: Account): void {
  router.post('/payment_methods', (call) => {
    const { card } = read(call, Create);
    const token = 'token' in card ? card.token.replace(/^tok_/, 'pm_card_') : card.number;
    call.body = createMethod(account, cardBy(token) ?? refuseCard(token), null).method;
  });
  router.get('/payment_methods', (call) => {
    const params = read(call, z.strictObject({ ...pageParams, customer: z.string().optional(), type: ignored }));
    call.body = listOf('/v1/payment_methods', methodsOf(account, params.customer ?? null), params);
  });
  router.get('/customers/:id/payment_methods', (call) => {
    const customer = customerBy(account, call.params['id']);
    const params = read(call, z.strictObject({ ...pageParams, type: ignored, allow_redisplay: ignored }));
    call.body = listOf(`/v1/customers/${customer.id}/payment_methods`, methodsOf(account, customer.id), params);
  });
  router.get('/payment_methods/:id', (call) => {
    call.body = methodBy(account, call.params['id'] ?? '', 404).method;
  });
  router.get('/customers/:id/payment_methods/:method', (call) => {
    const customer = customerBy(account, call.params['id']);
    const { method } = methodBy(account, call.params['method'] ?? '', 404);
    if (method.customer !== customer.id) throw missing('PaymentMethod', method.id, 'payment_method');
    call.body = method;
  });
  router.get('/setup_intents/:id', (call) => {
    const setup = account.rows.setupIntents.find((row) => row.id === call.params['id']);
    if (!setup) throw missing('setupintent', call.params['id'] ?? '', 'intent');
    call.body = setup;
  });
  router.post('/payment_methods/:id', (call) => {
    const { method } = methodBy(account, call.params['id'] ?? '', 404);
    const before = structuredClone(method);
    const params = read(call, Change);
    if (params.allow_redisplay) method.allow_redisplay = params.allow_redisplay;
    Object.assign(method.billing_details, params.billing_details);
    Object.assign(method.metadata, params.metadata);
    emit(account, 'payment_method.updated', method, before);
    call.body = method;
  });
  router.post('/payment_methods/:id/attach', (call) => {
    const customer = customerBy(account, read(call, Attach).customer, 'customer');
    call.body = attach(account, resolveMethod(account, call.params['id'] ?? '', null), customer.id).method;
  });
  router.post('/payment_methods/:id/detach', (call) => {
    const row = methodBy(account, call.params['id'] ?? '', 404);
    if (!row.method.customer) {
      throw invalidRequest(
        'The payment method you provided is not attached to a customer so detachment is impossible.',
      );
    }
    forget(account, row.method.customer, row.method.id);
    row.method.customer = null;
    emit(account, 'payment_method.detached', row.method);
    call.body = row.method;
  });
}

/** A kept method by its id, or a fresh one from one of Stripe's test tokens. */
export function resolveMethod(account: Account, idOrToken: string, email: string | null): MethodRow {
  const card = cardBy(idOrToken);
  return card ? createMethod(account, card, email) : methodBy(account, idOrToken);
}

export function createMethod(account: Account, card: CardBehaviour, email: string | null): MethodRow {
  const method: PaymentMethod = {
    id: newId('pm'),
    object: 'payment_method',
    type: 'card',
    created: nowSeconds(account),
    livemode: false,
    customer: null,
    allow_redisplay: 'unspecified',
    billing_details: { email, name: null },
    card: {
      brand: card.brand,
      last4: card.number.slice(-4),
      exp_month: 12,
      exp_year: new Date(account.world.clock.now()).getUTCFullYear() + 3,
      country: 'US',
      funding: 'credit',
      fingerprint: createHash('sha256').update(card.number).digest('hex').slice(0, 16),
    },
    metadata: {},
  };
  const row = { method, behaviour: card };
  account.rows.methods.push(row);
  return row;
}

export function attach(account: Account, row: MethodRow, customerId: string): MethodRow {
  if (row.method.customer === customerId) return row;
  if (row.method.customer)
    throw invalidRequest('The payment method you provided has already been attached to a customer.');
  row.method.customer = customerId;
  emit(account, 'payment_method.attached', row.method);
  return row;
}

/** A card that is taken away is nobody's default any more. */
function forget(account: Account, customerId: string, id: string): void {
  const customer = account.rows.customers.find((row) => row.id === customerId);
  if (customer?.invoice_settings.default_payment_method === id) customer.invoice_settings.default_payment_method = null;
  for (const { subscription } of account.rows.subscriptions) {
    if (subscription.default_payment_method === id) subscription.default_payment_method = null;
  }
}

const methodsOf = (account: Account, customerId: string | null): PaymentMethod[] =>
  account.rows.methods.map(({ method }) => method).filter((method) => method.customer === customerId);

function refuseCard(token: string): never {
  throw invalidRequest(`The sandbox knows Stripe's test cards only, not '${token}'.`, { param: 'card' });
}
