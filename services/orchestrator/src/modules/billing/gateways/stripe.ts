import type Stripe from 'stripe';
import type { Context } from '#core/context.ts';
import { stableUuid } from '#core/ids.ts';
import { callStripe } from '../providers/stripe/client.ts';
import type { CheckoutPage, CheckoutRequest, PaymentGateway } from './gateway.ts';
import { chargeAsPage, isCharge, metadataOf, stripeCards } from './stripe-cards.ts';
import { unlessRefused } from './stripe-refusals.ts';
import { stripeRefunds } from './stripe-refunds.ts';

/** At least 30 minutes from the call (Stripe's rule), also when the call is made for the last time after 25 minutes. */
const PAGE_LIFE_MS = 60 * 60_000;

/** Cards and what else the account allows, by Checkout in payment mode. */
export const stripeGateway = (ctx: Pick<Context, 'config'>) =>
  ({
    provider: 'stripe',
    isLive: modeOf(ctx.config.STRIPE_SECRET_KEY),
    pageLifeMs: PAGE_LIFE_MS,

    takes: () => true,

    createCustomer: async ({ tenantId, name, email }) => {
      const created = await callStripe(ctx, ({ customers }) =>
        customers.create(
          { name, email, metadata: { tenant_id: tenantId } },
          // Another name or address is another request: Stripe refuses a key that comes back with another body.
          { idempotencyKey: stableUuid('stripe.customer', tenantId, name, email) },
        ),
      );
      return created.id;
    },

    createCheckout: async (request) =>
      toPage(
        await callStripe(ctx, ({ checkout }) =>
          checkout.sessions.create(toParams(request), { idempotencyKey: request.attemptId }),
        ),
      ),

    readCheckout: async (id) => {
      if (isCharge(id)) return chargeAsPage(await callStripe(ctx, (stripe) => stripe.paymentIntents.retrieve(id)));
      return toPage(
        await callStripe(ctx, ({ checkout }) => checkout.sessions.retrieve(id, { expand: ['payment_intent'] })),
      );
    },

    expireCheckout: (id) =>
      unlessRefused([400], () =>
        callStripe(ctx, async (stripe) => {
          await (isCharge(id) ? stripe.paymentIntents.cancel(id) : stripe.checkout.sessions.expire(id));
        }),
      ),

    cards: stripeCards(ctx),
    refunds: stripeRefunds(ctx),
  }) satisfies PaymentGateway;

/** `sk_live_…`, `rk_test_…`; other kinds of keys do not say. */
const modeOf = (key = ''): boolean | null => (/^[a-z]+_(live|test)_/.test(key) ? key.includes('_live_') : null);

function toParams(request: CheckoutRequest): Stripe.Checkout.SessionCreateParams {
  const { attemptId, title, currency, amountMinor, keepCard } = request;
  const metadata = metadataOf(request);
  return {
    mode: 'payment',
    ...(request.customerId !== null && { customer: request.customerId }),
    client_reference_id: attemptId,
    line_items: [
      {
        quantity: 1,
        price_data: { currency: currency.toLowerCase(), unit_amount: amountMinor, product_data: { name: title } },
      },
    ],
    // A card is kept for what is charged while nobody is there only when its owner has said so.
    payment_intent_data: { metadata, ...(keepCard && { setup_future_usage: 'off_session' }) },
    metadata,
    success_url: request.successUrl,
    cancel_url: request.cancelUrl,
    expires_at: Math.floor(request.expiresAt.getTime() / 1000),
  };
}

function toPage(session: Stripe.Checkout.Session): CheckoutPage {
  const intent = session.payment_intent;
  return {
    id: session.id,
    status: statusOf(session.status),
    isPaid: session.payment_status === 'paid',
    isLive: session.livemode,
    url: session.url,
    amountMinor: session.amount_total ?? 0,
    currency: (session.currency ?? '').toUpperCase(),
    metadata: session.metadata ?? {},
    paymentId: typeof intent === 'string' ? intent : (intent?.id ?? null),
    failure: intent === null || typeof intent === 'string' ? null : failureOf(intent),
    needsOwner: false,
  };
}

/** Open as long as another card may be tried. */
function statusOf(status: Stripe.Checkout.Session['status']): CheckoutPage['status'] {
  return status === 'complete' ? 'complete' : status === 'expired' ? 'expired' : 'open';
}

const failureOf = (intent: Stripe.PaymentIntent): string | null =>
  intent.status === 'succeeded' ? null : (intent.last_payment_error?.message ?? null);
