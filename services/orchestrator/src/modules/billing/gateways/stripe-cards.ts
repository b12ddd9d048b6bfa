import Stripe from 'stripe';
import type { Context } from '#core/context.ts';
import { stableUuid } from '#core/ids.ts';
import { callStripe } from '../providers/stripe/client.ts';
import type { ChargeRequest, CheckoutPage, PaymentGateway, SavedCard } from './gateway.ts';
import { unlessRefused } from './stripe-refusals.ts';

type Configured = Pick<Context, 'config'>;

/** How our portal is found again among the account's. */
const PORTAL = { bastide: 'payment-methods' };
const portals = new WeakMap<Configured['config'], string>();

/** A charge of a kept card goes by its PaymentIntent, a page by its session. */
export const isCharge = (id: string): boolean => id.startsWith('pi_');

export const metadataOf = (of: { tenantId: string; invoiceId: string; attemptId: string }) => ({
  tenant_id: of.tenantId,
  invoice_id: of.invoiceId,
  attempt_id: of.attemptId,
});

/** The customer's default method at Stripe is the card that is charged, so the portal and we mean the same one. */
export const stripeCards = (ctx: Configured) =>
  ({
    keep: async (customerId, paymentId) => {
      const { payment_method: method } = await callStripe(ctx, ({ paymentIntents }) =>
        paymentIntents.retrieve(paymentId),
      );
      if (method === null) return;
      const methodId = typeof method === 'string' ? method : method.id;
      await callStripe(ctx, ({ customers }) =>
        customers.update(customerId, { invoice_settings: { default_payment_method: methodId } }),
      );
    },

    current: async (customerId) => {
      const customer = await callStripe(ctx, ({ customers }) => customers.retrieve(customerId));
      const method = customer.deleted === true ? null : customer.invoice_settings.default_payment_method;
      if (method === null) return undefined;
      const methodId = typeof method === 'string' ? method : method.id;
      const kept = await callStripe(ctx, ({ paymentMethods }) => paymentMethods.retrieve(methodId));
      return kept.customer === null ? undefined : toCard(kept);
    },

    remove: (methodId) =>
      unlessRefused([400, 404], () =>
        callStripe(ctx, async ({ paymentMethods }) => {
          await paymentMethods.detach(methodId);
        }),
      ),

    charge: (request) => callStripe(ctx, async (stripe) => chargeAsPage(await charge(stripe, request))),

    findCharge: (customerId, attemptId) =>
      callStripe(ctx, async ({ paymentIntents }) => {
        const { data } = await paymentIntents.list({ customer: customerId, limit: 100 });
        const found = data.find(({ metadata }) => metadata['attempt_id'] === attemptId);
        return found && chargeAsPage(found);
      }),

    portalUrl: (customerId, returnUrl) =>
      callStripe(ctx, async (stripe) => {
        const configuration = await portalOf(ctx, stripe);
        const session = await stripe.billingPortal.sessions.create({
          customer: customerId,
          return_url: returnUrl,
          configuration,
        });
        return session.url;
      }),
  }) satisfies PaymentGateway['cards'];

async function charge(stripe: Stripe, request: ChargeRequest): Promise<Stripe.PaymentIntent> {
  try {
    return await stripe.paymentIntents.create(
      {
        amount: request.amountMinor,
        currency: request.currency.toLowerCase(),
        customer: request.customerId,
        payment_method: request.methodId,
        description: request.title,
        metadata: metadataOf(request),
        off_session: true,
        confirm: true,
      },
      { idempotencyKey: request.attemptId },
    );
  } catch (error) {
    // 402: the bank said no, and the intent says why.
    if (error instanceof Stripe.errors.StripeCardError && error.payment_intent) return error.payment_intent;
    throw error;
  }
}

export function chargeAsPage(intent: Stripe.PaymentIntent): CheckoutPage {
  const isPaid = intent.status === 'succeeded';
  const error = intent.last_payment_error;
  const needsOwner = intent.status === 'requires_action' || error?.code === 'authentication_required';
  return {
    id: intent.id,
    status: statusOf(intent.status),
    isPaid,
    isLive: intent.livemode,
    url: null,
    amountMinor: intent.amount,
    currency: intent.currency.toUpperCase(),
    metadata: intent.metadata,
    paymentId: intent.id,
    failure: isPaid ? null : (error?.message ?? (needsOwner ? 'The bank asks for a confirmation.' : null)),
    needsOwner,
  };
}

/** Nobody is there to try another card, so what is not paid and not on its way has failed. */
function statusOf(status: Stripe.PaymentIntent.Status): CheckoutPage['status'] {
  if (status === 'succeeded') return 'complete';
  if (status === 'canceled') return 'expired';
  return status === 'processing' ? 'open' : 'failed';
}

function toCard({ id, card }: Stripe.PaymentMethod): SavedCard | undefined {
  if (!card) return undefined;
  const { brand, last4, exp_month: expMonth, exp_year: expYear } = card;
  return { methodId: id, brand, last4, expMonth, expYear };
}

/** Subscriptions and invoices are the engine's: the portal shows and changes cards, and nothing else. */
async function portalOf({ config }: Configured, stripe: Stripe): Promise<string> {
  const known = portals.get(config);
  if (known !== undefined) return known;
  const { configurations } = stripe.billingPortal;
  const { data } = await configurations.list({ active: true, limit: 100 });
  const ours = data.find(({ metadata }) => metadata?.['bastide'] === PORTAL.bastide);
  const off = { enabled: false };
  const { id } =
    ours ??
    (await configurations.create(
      {
        features: {
          payment_method_update: { enabled: true },
          customer_update: off,
          invoice_history: off,
          subscription_cancel: off,
        },
        metadata: PORTAL,
      },
      { idempotencyKey: stableUuid('stripe.portal', PORTAL.bastide) },
    ));
  portals.set(config, id);
  return id;
}
