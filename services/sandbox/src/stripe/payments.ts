import { newId, nowSeconds, type Account } from './account.ts';
import type { Answer } from './cards.ts';
import { openDispute } from './disputes.ts';
import { StripeFailure } from './errors.ts';
import type { Charge, PaymentError, PaymentIntent, PaymentMethod } from './objects.ts';
import { attach } from './payment-methods.ts';
import { emit } from './webhooks.ts';

type MethodRow = Account['rows']['methods'][number];

const MESSAGES = {
  generic_decline: 'Your card was declined.',
  insufficient_funds: 'Your card has insufficient funds.',
  expired_card: 'Your card has expired.',
  authentication_required: 'Your card was declined. This transaction requires authentication.',
};

export interface IntentInput {
  amount: number;
  currency: string;
  customer: string | null;
  description?: string | null;
  metadata?: Record<string, string>;
  receipt_email?: string | null;
  setup_future_usage?: PaymentIntent['setup_future_usage'];
  allowed_payment_method_types?: string[] | null;
  automatic_payment_methods?: PaymentIntent['automatic_payment_methods'];
}

export function createIntent(account: Account, input: IntentInput): PaymentIntent {
  const id = newId('pi');
  const intent: PaymentIntent = {
    id,
    object: 'payment_intent',
    created: nowSeconds(account),
    livemode: false,
    amount: input.amount,
    amount_capturable: 0,
    amount_received: 0,
    currency: input.currency,
    customer: input.customer,
    payment_method: null,
    payment_method_types: ['card'],
    allowed_payment_method_types: input.allowed_payment_method_types ?? null,
    automatic_payment_methods: input.automatic_payment_methods ?? null,
    status: 'requires_payment_method',
    latest_charge: null,
    last_payment_error: null,
    next_action: null,
    setup_future_usage: input.setup_future_usage ?? null,
    capture_method: 'automatic',
    confirmation_method: 'automatic',
    client_secret: `${id}_secret_${newId('s').slice(2)}`,
    description: input.description ?? null,
    receipt_email: input.receipt_email ?? null,
    statement_descriptor: null,
    canceled_at: null,
    cancellation_reason: null,
    metadata: input.metadata ?? {},
  };
  account.rows.intents.push(intent);
  emit(account, 'payment_intent.created', intent);
  return intent;
}

export interface Confirmation {
  /** Nobody is there to answer a 3-D Secure question. */
  offSession: boolean;
  /** The owner has already answered it. */
  isAuthenticated?: boolean;
  returnUrl?: string | null;
}

/** Charges the card. A refusal leaves the intent at `requires_payment_method` and is thrown as a 402. */
export function confirm(account: Account, intent: PaymentIntent, row: MethodRow, how: Confirmation): PaymentIntent {
  const { method, behaviour } = row;
  intent.payment_method = method.id;
  intent.next_action = null;
  intent.last_payment_error = null;
  const answer: Answer = method.customer ? behaviour.kept : behaviour.first;
  if (answer === 'requires_action' && !how.isAuthenticated) {
    if (how.offSession) return refuse(account, intent, method, 'authentication_required');
    return askForAction(account, intent, how.returnUrl ?? null);
  }
  if (answer !== 'succeeds' && answer !== 'requires_action') return refuse(account, intent, method, answer);
  return succeed(account, intent, row);
}

function succeed(account: Account, intent: PaymentIntent, row: MethodRow): PaymentIntent {
  const charge = addCharge(account, intent, row.method, null);
  Object.assign(intent, { status: 'succeeded', amount_received: intent.amount, latest_charge: charge.id });
  if (intent.setup_future_usage && intent.customer) attach(account, row, intent.customer);
  emit(account, 'charge.succeeded', charge);
  emit(account, 'payment_intent.succeeded', intent);
  account.onPayment(intent);
  afterCharge(account, charge, row.behaviour);
  return intent;
}

/** Some test cards are known for what happens later: the owner's bank takes the money back. */
function afterCharge(account: Account, charge: Charge, { dispute }: MethodRow['behaviour']): void {
  if (dispute) openDispute(account, charge, dispute);
}

function askForAction(account: Account, intent: PaymentIntent, returnUrl: string | null): PaymentIntent {
  intent.status = 'requires_action';
  intent.next_action = returnUrl
    ? {
        type: 'redirect_to_url',
        redirect_to_url: { url: `${account.publicUrl()}/authenticate/${intent.id}`, return_url: returnUrl },
      }
    : { type: 'use_stripe_sdk', use_stripe_sdk: { type: 'three_d_secure_redirect' } };
  emit(account, 'payment_intent.requires_action', intent);
  account.onPayment(intent);
  return intent;
}

/** Notes the refusal on the intent and tells the world; the caller decides whether it is thrown. */
export function decline(account: Account, intent: PaymentIntent, method: PaymentMethod, reason: keyof typeof MESSAGES) {
  const charge = addCharge(account, intent, method, reason);
  const error: PaymentError = {
    type: 'card_error',
    code: codeOf(reason),
    decline_code: reason,
    message: MESSAGES[reason],
    charge: charge.id,
    payment_method: structuredClone(method),
  };
  Object.assign(intent, {
    status: 'requires_payment_method',
    payment_method: null,
    next_action: null,
    last_payment_error: error,
    latest_charge: charge.id,
  });
  emit(account, 'charge.failed', charge);
  emit(account, 'payment_intent.payment_failed', intent);
  account.onPayment(intent);
  return error;
}

/** The intent of a void invoice, or one that nobody wants any more. */
export function cancelIntent(account: Account, intent: PaymentIntent, reason: string | null): PaymentIntent {
  Object.assign(intent, {
    status: 'canceled',
    next_action: null,
    canceled_at: nowSeconds(account),
    cancellation_reason: reason,
  });
  emit(account, 'payment_intent.canceled', intent);
  return intent;
}

/** Why the card would not go through right now; undefined = it would. */
export function refusalOf({ method, behaviour }: MethodRow): Exclude<Answer, 'succeeds'> | undefined {
  const answer = method.customer ? behaviour.kept : behaviour.first;
  return answer === 'succeeds' ? undefined : answer;
}

/** Some reasons are codes of their own; the bank's others are told by `decline_code`. */
const codeOf = (reason: string): string =>
  reason === 'authentication_required' || reason === 'expired_card' ? reason : 'card_declined';

function refuse(
  account: Account,
  intent: PaymentIntent,
  method: PaymentMethod,
  reason: keyof typeof MESSAGES,
): PaymentIntent {
  const error = decline(account, intent, method, reason);
  throw new StripeFailure(402, { ...error, payment_intent: structuredClone(intent) });
}

function addCharge(account: Account, intent: PaymentIntent, method: PaymentMethod, failure: string | null): Charge {
  const isPaid = failure === null;
  const charge: Charge = {
    id: newId('ch'),
    object: 'charge',
    created: nowSeconds(account),
    livemode: false,
    amount: intent.amount,
    amount_captured: isPaid ? intent.amount : 0,
    amount_refunded: 0,
    currency: intent.currency,
    customer: intent.customer,
    payment_intent: intent.id,
    payment_method: method.id,
    balance_transaction: null,
    captured: isPaid,
    paid: isPaid,
    refunded: false,
    disputed: false,
    status: isPaid ? 'succeeded' : 'failed',
    failure_code: failure === null ? null : codeOf(failure),
    failure_message: failure === null ? null : (MESSAGES[failure as keyof typeof MESSAGES] ?? null),
    outcome: isPaid
      ? { type: 'authorized', network_status: 'approved_by_network', reason: null }
      : { type: 'issuer_declined', network_status: 'declined_by_network', reason: failure },
    billing_details: { ...method.billing_details, address: null, phone: null, tax_id: null },
    payment_method_details: { type: 'card', card: method.card },
    description: intent.description,
    receipt_email: intent.receipt_email,
    receipt_number: null,
    receipt_url: null,
    metadata: intent.metadata,
  };
  account.rows.charges.push(charge);
  return charge;
}
