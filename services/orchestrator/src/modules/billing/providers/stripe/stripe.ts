import Stripe from 'stripe';
import type { Config } from '#core/config/variables.ts';
import type { Context } from '#core/context.ts';
import { stableUuid } from '#core/ids.ts';
import { PaymentsNotConfigured, ProviderRefused, ProviderUnavailable } from '../errors.ts';

const clients = new WeakMap<Config, Stripe>();

/** The official client, pinned to the version whose fields we read (contracts/billing.md B). */
function client({ config }: Pick<Context, 'config'>): Stripe {
  const key = config.STRIPE_SECRET_KEY;
  if (key === undefined) throw PaymentsNotConfigured();
  let stripe = clients.get(config);
  if (!stripe) {
    const { hostname, port, protocol } = new URL(config.STRIPE_API_URL);
    stripe = new Stripe(key, {
      apiVersion: '2026-10-28.endive',
      host: hostname,
      protocol: protocol === 'http:' ? 'http' : 'https',
      ...(port !== '' && { port }),
      timeout: 10_000,
      // Retries carry the same idempotency key, so a lost answer makes nothing twice.
      maxNetworkRetries: 2,
      telemetry: false,
    });
    clients.set(config, stripe);
  }
  return stripe;
}

export interface CheckoutRequest {
  /** Id of our attempt: idempotency key and proof of whose payment it is. */
  attemptId: string;
  tenantId: string;
  invoiceId: string;
  customerId: string;
  currency: string;
  amountMinor: number;
  title: string;
  successUrl: string;
  cancelUrl: string;
  expiresAt: Date;
}

export interface CheckoutSession {
  id: string;
  status: 'open' | 'complete' | 'expired';
  isPaid: boolean;
  url: string | null;
  amountMinor: number;
  currency: string;
  metadata: Record<string, string>;
  /** The payment behind it, once somebody has tried. */
  paymentId: string | null;
  /** Why the last try failed. */
  failure: string | null;
}

export const stripeGateway = (ctx: Pick<Context, 'config'>) => ({
  createCustomer: async (customer: { tenantId: string; name: string; email: string }): Promise<string> => {
    const { tenantId, name, email } = customer;
    const created = await attempt(() =>
      client(ctx).customers.create(
        { name, email, metadata: { tenant_id: tenantId } },
        // Another name or address is another request: Stripe refuses a key that comes back with another body.
        { idempotencyKey: stableUuid('stripe.customer', tenantId, name, email) },
      ),
    );
    return created.id;
  },

  createCheckout: (request: CheckoutRequest): Promise<CheckoutSession> =>
    attempt(async () =>
      toSession(await client(ctx).checkout.sessions.create(toParams(request), { idempotencyKey: request.attemptId })),
    ),

  readCheckout: (id: string): Promise<CheckoutSession> =>
    attempt(async () => toSession(await client(ctx).checkout.sessions.retrieve(id, { expand: ['payment_intent'] }))),

  /** Closes the payment page; a session that is no longer open is left as it is. */
  expireCheckout: async (id: string): Promise<void> => {
    try {
      await attempt(() => client(ctx).checkout.sessions.expire(id));
    } catch (error) {
      if (!(error instanceof ProviderRefused && error.status === 400)) throw error;
    }
  },
});

function toParams(request: CheckoutRequest): Stripe.Checkout.SessionCreateParams {
  const { attemptId, tenantId, invoiceId, title, currency, amountMinor } = request;
  const metadata = { tenant_id: tenantId, invoice_id: invoiceId, attempt_id: attemptId };
  return {
    mode: 'payment',
    customer: request.customerId,
    client_reference_id: attemptId,
    line_items: [
      {
        quantity: 1,
        price_data: { currency: currency.toLowerCase(), unit_amount: amountMinor, product_data: { name: title } },
      },
    ],
    // The card is kept for renewals, which are charged while nobody is there.
    payment_intent_data: { setup_future_usage: 'off_session', metadata },
    metadata,
    success_url: request.successUrl,
    cancel_url: request.cancelUrl,
    expires_at: Math.floor(request.expiresAt.getTime() / 1000),
  };
}

function toSession(session: Stripe.Checkout.Session): CheckoutSession {
  const intent = session.payment_intent;
  return {
    id: session.id,
    status: statusOf(session.status),
    isPaid: session.payment_status === 'paid',
    url: session.url,
    amountMinor: session.amount_total ?? 0,
    currency: (session.currency ?? '').toUpperCase(),
    metadata: session.metadata ?? {},
    paymentId: typeof intent === 'string' ? intent : (intent?.id ?? null),
    failure: intent === null || typeof intent === 'string' ? null : failureOf(intent),
  };
}

function statusOf(status: Stripe.Checkout.Session['status']): CheckoutSession['status'] {
  return status === 'complete' ? 'complete' : status === 'expired' ? 'expired' : 'open';
}

const failureOf = (intent: Stripe.PaymentIntent): string | null =>
  intent.status === 'succeeded' ? null : (intent.last_payment_error?.message ?? null);

/** Whether there is a payment provider at all. */
export const takesPayments = ({ config }: Pick<Context, 'config'>): boolean => config.STRIPE_SECRET_KEY !== undefined;

/** Undefined when the signature is not ours, or older than five minutes. */
export function verifyStripeEvent(
  ctx: Pick<Context, 'config'>,
  rawBody: Buffer,
  signature: string,
): { id: string; type: string } | undefined {
  const { STRIPE_WEBHOOK_SECRET: secret } = ctx.config;
  if (secret === undefined) throw PaymentsNotConfigured();
  const { webhooks } = client(ctx);
  try {
    return webhooks.constructEvent(rawBody, signature, secret);
  } catch {
    return undefined;
  }
}

async function attempt<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof Stripe.errors.StripeError)) throw error;
    const status = error.statusCode ?? 0;
    if (status === 0 || status >= 500 || status === 409 || status === 429)
      throw ProviderUnavailable('Stripe', error.message, { status, cause: error });
    throw new ProviderRefused('Stripe', status, error.code ?? error.type, error.message);
  }
}
