import Stripe from 'stripe';
import { createStripe } from '../src/stripe/stripe.ts';
import { receive, type Delivery, type Receiver } from './receiver.ts';
import { serve, type Served } from './serve.ts';

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

export async function startStripe(): Promise<StripeUnderTest> {
  const hooks = await receive();
  const served = await serve((world, url) =>
    createStripe(world, {
      secretKey: SECRET_KEY,
      webhookSecret: WEBHOOK_SECRET,
      webhookUrl: hooks.url,
      publicUrl: () => url,
    }),
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
