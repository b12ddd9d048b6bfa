import type { Context } from '#core/context.ts';
import { type Checkout, chargily, isLiveKey } from '../providers/chargily/client.ts';
import { ProviderRefused } from '../providers/errors.ts';
import type { CheckoutPage, CheckoutRequest, PaymentGateway } from './gateway.ts';

/** Chargily's own: a checkout cannot be made to live longer. */
const PAGE_LIFE_MS = 30 * 60_000;
/** Their clock and ours. */
const CLOCK_SLACK_S = 120;
/** Of fifty each; no account opens more in the half hour that a page lives. */
const MAX_LISTED_PAGES = 40;
const CENTIMES_PER_DINAR = 100;

/** CIB and EDAHABIA. No cards are kept, and refunds are made by hand in Chargily's dashboard: its API has neither. */
export const chargilyGateway = (ctx: Pick<Context, 'config'>) =>
  ({
    provider: 'chargily',
    isLive: isLiveKey(ctx),
    pageLifeMs: PAGE_LIFE_MS,

    takes: ({ currency, amountMinor }) => currency === 'DZD' && amountMinor % CENTIMES_PER_DINAR === 0,

    createCheckout: async (request) => toPage(await chargily(ctx).createCheckout(toBody(ctx, request))),

    readCheckout: async (id) => toPage(await chargily(ctx).readCheckout(id)),

    expireCheckout: async (id) => {
      try {
        await chargily(ctx).expireCheckout(id);
      } catch (error) {
        // 400: it is expired; 403: it is no longer pending, and reading it says what it is.
        if (!(error instanceof ProviderRefused && [400, 403].includes(error.status))) throw error;
      }
    },

    pagesOf: async ({ attemptId, since }) => {
      const oldest = since.getTime() / 1000 - CLOCK_SLACK_S;
      const found: CheckoutPage[] = [];
      for (let page = 1; page <= MAX_LISTED_PAGES; page += 1) {
        const { data, next_page_url: next } = await chargily(ctx).listCheckouts(page);
        const pages = data.map(toPage).filter(({ metadata }) => metadata['attempt_id'] === attemptId);
        // A checkout that is made while we turn the pages pushes others on to the next one.
        for (const one of pages) if (!found.some(({ id }) => id === one.id)) found.push(one);
        if (!next || data.every((checkout) => checkout.created_at < oldest)) break;
      }
      return found;
    },
  }) satisfies PaymentGateway;

function toBody(ctx: Pick<Context, 'config'>, request: CheckoutRequest) {
  const { attemptId, tenantId, invoiceId, title, locale, amountMinor } = request;
  return {
    amount: amountMinor / CENTIMES_PER_DINAR,
    currency: 'dzd',
    success_url: request.successUrl,
    failure_url: request.cancelUrl,
    webhook_endpoint: ctx.config.CHARGILY_WEBHOOK_URL ?? `${ctx.config.PUBLIC_URL}/webhooks/chargily`,
    description: title,
    locale,
    chargily_pay_fees_allocation: 'merchant',
    metadata: { tenant_id: tenantId, invoice_id: invoiceId, attempt_id: attemptId },
  } as const;
}

function toPage(checkout: Checkout): CheckoutPage {
  const { id, status, metadata } = checkout;
  const isPaid = status === 'paid';
  return {
    id,
    status: statusOf(status),
    isPaid,
    isLive: checkout.livemode,
    url: checkout.checkout_url,
    amountMinor: checkout.amount * CENTIMES_PER_DINAR,
    currency: checkout.currency.toUpperCase(),
    metadata: Object.fromEntries(
      Object.entries(metadata ?? {}).flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : [])),
    ),
    paymentId: isPaid ? id : null,
    failure: status === 'failed' ? 'The payment was refused.' : null,
    needsOwner: false,
  };
}

/** `processing` is still to be decided; who canceled may come back, but not to this page. */
function statusOf(status: string): CheckoutPage['status'] {
  switch (status) {
    case 'paid':
      return 'complete';
    case 'failed':
      return 'failed';
    case 'canceled':
    case 'expired':
      return 'expired';
    default:
      return 'open';
  }
}
