import { z } from 'zod';
import type { Account } from './account.ts';
import { mergeMetadata } from './merge-metadata.ts';
import { customerBy, methodBy } from './lookups.ts';
import { invalidRequest, missing } from './errors.ts';
import {
  boolean,
  currency,
  ignored,
  integer,
  listOf,
  metadata,
  pageParams,
  read,
  webUrl,
  type StripeRouter,
} from './http.ts';
import type { PaymentIntent } from './objects.ts';
import { cancelIntent, confirm, createIntent } from './payments.ts';
import { resolveMethod } from './payment-methods.ts';
import { emit } from './webhooks.ts';

const confirmation = {
  payment_method: z.string().optional(),
  off_session: boolean.optional(),
  return_url: webUrl.optional(),
  error_on_requires_action: boolean.optional(),
  use_stripe_sdk: ignored,
  mandate_data: ignored,
};

// `payment_method_types` is no longer a parameter as of this version, so it is refused like any unknown one.
const CreateParams = z.strictObject({
  amount: integer,
  currency,
  customer: z.string().optional(),
  confirm: boolean.default(false),
  description: z.string().optional(),
  receipt_email: z.string().optional(),
  setup_future_usage: z.enum(['off_session', 'on_session']).optional(),
  allowed_payment_method_types: z.array(z.string()).optional(),
  automatic_payment_methods: z.strictObject({ enabled: boolean, allow_redirects: ignored }).optional(),
  capture_method: z.enum(['automatic', 'automatic_async']).optional(),
  metadata: metadata.optional(),
  payment_method_options: ignored,
  statement_descriptor_suffix: ignored,
  shipping: ignored,
  ...confirmation,
});

const ListParams = z.strictObject({ ...pageParams, customer: z.string().optional() });
const ChargesParams = ListParams.extend({ payment_intent: z.string().optional() });
const UpdateParams = z.strictObject({ metadata: metadata.optional(), description: z.string().optional() });

export function paymentIntentRoutes(router: StripeRouter, account: Account): void {
  router.post('/payment_intents', (call) => {
    call.body = create(account, read(call, CreateParams));
  });
  router.get('/payment_intents', (call) => {
    const params = read(call, ListParams);
    const rows = account.rows.intents.filter((row) => !params.customer || row.customer === params.customer);
    call.body = listOf('/v1/payment_intents', rows, params);
  });
  router.get('/payment_intents/:id', (call) => {
    call.body = intentBy(account, call.params['id']);
  });
  router.post('/payment_intents/:id', (call) => {
    const intent = intentBy(account, call.params['id']);
    const params = read(call, UpdateParams);
    intent.metadata = mergeMetadata(intent.metadata, params.metadata);
    if (params.description !== undefined) intent.description = params.description || null;
    call.body = intent;
  });
  router.post('/payment_intents/:id/confirm', (call) => {
    call.body = confirmWith(account, intentBy(account, call.params['id']), read(call, z.strictObject(confirmation)));
  });
  router.post('/payment_intents/:id/cancel', (call) => {
    const params = read(call, z.strictObject({ cancellation_reason: z.string().optional() }));
    call.body = cancel(account, intentBy(account, call.params['id']), params.cancellation_reason ?? null);
  });
  router.get('/charges', (call) => {
    const params = read(call, ChargesParams);
    const rows = account.rows.charges
      .filter((row) => !params.customer || row.customer === params.customer)
      .filter((row) => !params.payment_intent || row.payment_intent === params.payment_intent);
    call.body = listOf('/v1/charges', rows, params);
  });
  router.get('/charges/:id', (call) => {
    const charge = account.rows.charges.find((row) => row.id === call.params['id']);
    if (!charge) throw missing('charge', call.params['id'] ?? '');
    call.body = charge;
  });
}

export function intentBy(account: Account, id: unknown): PaymentIntent {
  const intent = account.rows.intents.find((row) => row.id === id);
  if (!intent) throw missing('payment_intent', String(id), 'intent');
  return intent;
}

function create(account: Account, params: z.output<typeof CreateParams>): PaymentIntent {
  if (params.amount < 1) {
    throw invalidRequest('This value must be greater than or equal to 1.', {
      code: 'parameter_invalid_integer',
      param: 'amount',
    });
  }
  if (params.off_session && !params.confirm) {
    throw invalidRequest('You cannot set `off_session` without setting `confirm` to true.', { param: 'off_session' });
  }
  const customer = params.customer ? customerBy(account, params.customer, 'customer').id : null;
  if (params.payment_method) refuseForeign(account, params.payment_method, customer);
  const intent = createIntent(account, {
    amount: params.amount,
    currency: params.currency,
    customer,
    description: params.description ?? null,
    metadata: params.metadata ?? {},
    receipt_email: params.receipt_email ?? null,
    setup_future_usage: params.setup_future_usage ?? null,
    allowed_payment_method_types: params.allowed_payment_method_types ?? null,
    automatic_payment_methods: { enabled: true, allow_redirects: 'always' },
  });
  if (params.confirm) return confirmWith(account, intent, params);
  if (params.payment_method) {
    intent.payment_method = resolveMethod(account, params.payment_method, null).method.id;
    intent.status = 'requires_confirmation';
  }
  return intent;
}

interface ConfirmParams {
  payment_method?: string | undefined;
  off_session?: boolean | undefined;
  return_url?: string | undefined;
}

function confirmWith(account: Account, intent: PaymentIntent, params: ConfirmParams): PaymentIntent {
  if (intent.status === 'succeeded' || intent.status === 'canceled') {
    throw invalidRequest(`You cannot confirm this PaymentIntent because it has a status of ${intent.status}.`, {
      code: 'payment_intent_unexpected_state',
    });
  }
  const methodId = params.payment_method ?? intent.payment_method;
  if (!methodId) {
    throw invalidRequest('You cannot confirm this PaymentIntent because it is missing a payment method.', {
      code: 'payment_intent_unexpected_state',
    });
  }
  refuseForeign(account, methodId, intent.customer);
  const row = resolveMethod(account, methodId, null);
  return confirm(account, intent, row, {
    offSession: params.off_session ?? false,
    returnUrl: params.return_url ?? null,
  });
}

/** A kept method works only for the customer it is attached to. */
function refuseForeign(account: Account, methodId: string, customer: string | null): void {
  const row = account.rows.methods.find(({ method }) => method.id === methodId);
  const owner = row ? row.method.customer : null;
  if (owner === null || owner === customer) return;
  const message = customer
    ? `The customer does not have a payment method with the ID ${methodId}. The payment method must be attached to the customer.`
    : `The provided PaymentMethod is attached to a customer, so the request must name that customer.`;
  throw invalidRequest(message, { code: 'payment_method_invalid_parameter', param: 'payment_method' });
}

function cancel(account: Account, intent: PaymentIntent, reason: string | null): PaymentIntent {
  if (intent.status === 'succeeded' || intent.status === 'canceled') {
    throw invalidRequest(`You cannot cancel this PaymentIntent because it has a status of ${intent.status}.`, {
      code: 'payment_intent_unexpected_state',
    });
  }
  return cancelIntent(account, intent, reason);
}

/** The owner's answer to a 3-D Secure question. */
export function authenticate(account: Account, intent: PaymentIntent, isGranted: boolean): void {
  if (intent.status !== 'requires_action' || !intent.payment_method) return;
  const row = methodBy(account, intent.payment_method);
  if (isGranted) {
    confirm(account, intent, row, { offSession: false, isAuthenticated: true });
    return;
  }
  const message =
    'We are unable to authenticate your payment method. Please choose a different payment method and try again.';
  Object.assign(intent, {
    status: 'requires_payment_method',
    payment_method: null,
    next_action: null,
    last_payment_error: {
      type: 'card_error',
      code: 'payment_intent_authentication_failure',
      message,
      payment_method: structuredClone(row.method),
    },
  });
  emit(account, 'payment_intent.payment_failed', intent);
  account.onPayment(intent);
}
