import Stripe from 'stripe';
import { createStripe } from '../src/stripe/stripe.ts';
import { receive, type Delivery, type Receiver } from './receiver.ts';
import { Clock } from '../src/kernel/clock.ts';
import { serve, StoppedClock, type Served } from './serve.ts';

export const SECRET_KEY = 'sk_test_sandbox_1234567890';
export const WEBHOOK_SECRET = 'whsec_sandbox';

export interface StripeUnderTest extends Served {
  /** The official client, without retries of its own. */
  stripe: Stripe;
  hooks: Receiver;
  /** Any request with the key, as the client would never send it. */
  raw: (method: string, path: string, body?: string, headers?: Record<string, string>) => Promise<Response>;
  /** The browser of a customer on a hosted page; gives the status and where it is sent. */
  submit: (url: string | null, form: Record<string, string>) => Promise<{ status: number; location: string | null }>;
  /** The verified event of a delivery, as an honest receiver reads it. */
  verify: (delivery: Delivery | undefined) => Stripe.Event;
  stop: () => Promise<void>;
}

/** `start`: the moment the clock stands at until it is advanced, for tests that name dates. */
export async function startStripe(start?: string): Promise<StripeUnderTest> {
  const hooks = await receive();
  const served = await serve(
    (world, url) =>
      createStripe(world, {
        secretKey: SECRET_KEY,
        webhookSecret: WEBHOOK_SECRET,
        webhookUrl: hooks.url,
        publicUrl: () => url,
      }),
    start ? new StoppedClock(start) : new Clock(),
  );
  const stripe = clientOf(served.port);
  return {
    ...served,
    stripe,
    hooks,
    raw: (method, path, body, headers) =>
      fetch(`${served.url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${SECRET_KEY}`,
          'content-type': 'application/x-www-form-urlencoded',
          ...headers,
        },
        ...(body !== undefined && { body }),
      }),
    submit: async (url, form) => {
      const response = await fetch(url ?? '', { method: 'POST', body: new URLSearchParams(form), redirect: 'manual' });
      return { status: response.status, location: response.headers.get('location') };
    },
    verify: (delivery) =>
      stripe.webhooks.constructEvent(delivery?.raw ?? '', delivery?.headers['stripe-signature'] ?? '', WEBHOOK_SECRET),
    stop: async () => {
      await served.standIn.stop?.();
      await Promise.all([served.close(), hooks.close()]);
    },
  };
}

export const clientOf = (port: number, maxNetworkRetries = 0): Stripe =>
  new Stripe(SECRET_KEY, {
    apiVersion: '2026-10-28.endive',
    host: '127.0.0.1',
    port,
    protocol: 'http',
    maxNetworkRetries,
  });

export const ofEvent = (type: string) => (delivery: Delivery) => delivery.json['type'] === type;

export const checkout = (more: Partial<Stripe.Checkout.SessionCreateParams> = {}) => ({
  mode: 'payment' as const,
  line_items: [
    { price_data: { currency: 'EUR', unit_amount: 2500, product_data: { name: 'Pro, November' } }, quantity: 1 },
  ],
  success_url: 'https://app.test/billing/return?session={CHECKOUT_SESSION_ID}',
  cancel_url: 'https://app.test/billing',
  ...more,
});

/** A subscription's world: two plans in two rhythms, and a customer whose card is kept. */
export async function shop({ stripe }: StripeUnderTest, card = 'pm_card_visa', currency = 'eur') {
  const product = await stripe.products.create({ name: 'Pro' });
  const price = (unit_amount: number, lookup_key: string, interval: 'month' | 'year' = 'month') =>
    stripe.prices.create({ product: product.id, currency, unit_amount, lookup_key, recurring: { interval } });
  const starter = await price(2900, 'starter-m-eur-v1');
  const business = await price(9900, 'business-m-eur-v1');
  const yearly = await price(29_000, 'starter-y-eur-v1', 'year');
  const customer = await stripe.customers.create({
    email: 'a@acme.dz',
    payment_method: card,
    metadata: { tenant_id: 'ten_1' },
  });
  const kept = await stripe.customers.listPaymentMethods(customer.id);
  await stripe.customers.update(customer.id, {
    invoice_settings: { default_payment_method: kept.data[0]?.id ?? '' },
  });
  return { product, starter, business, yearly, customer, methodId: kept.data[0]?.id ?? '' };
}

export const DAY_MS = 86_400_000;

/** Moves the sandbox's clock to a moment. */
export async function advanceTo({ world }: StripeUnderTest, moment: string): Promise<void> {
  await world.clock.advance(new Date(moment).getTime() - world.clock.now().getTime());
}

/** The types of the events so far, oldest first. */
export async function eventTypes({ stripe }: StripeUnderTest): Promise<string[]> {
  const events = await stripe.events.list({ limit: 100 });
  return events.data.map(({ type }) => type).toReversed();
}

/** When something happened, as a test names it. */
export const at = (seconds: number | null | undefined): string | null =>
  seconds === null || seconds === undefined ? null : new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
