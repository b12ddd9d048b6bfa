import { createHmac, randomUUID } from 'node:crypto';
import Stripe from 'stripe';
import { withTenant } from '#core/context.ts';
import { newId } from '#core/ids.ts';
import { savedCards } from '#modules/billing/cards/queries.ts';
import { type InvoiceRow, invoices } from '#modules/billing/invoices/queries.ts';
import { cancelSubscription } from '#modules/billing/subscriptions/changes/service.ts';
import { type SubscriptionRow, subscriptions } from '#modules/billing/subscriptions/queries.ts';
import { subscribe } from '#modules/billing/subscriptions/service.ts';
import type { MatrixEntry, MatrixRequest, MatrixWorld } from '../support/matrix.ts';

const PRICE = 'starter-m-eur-v1';
const [CHEAPER, DEARER] = ['starter-m-eur-v1', 'business-m-eur-v1'];

const tenantOf = (world: MatrixWorld) => withTenant(world.ctx, world.owner.tenantId);

/** Whatever an earlier entry has subscribed to is over. */
async function noSubscription(world: MatrixWorld): Promise<void> {
  const { tenantId } = world.owner;
  await world.ctx.db('subscriptions').where({ tenant_id: tenantId }).update({ slot: null, status: 'terminated' });
}

async function subscription(world: MatrixWorld): Promise<string> {
  await noSubscription(world);
  return (await subscribe(tenantOf(world), { priceCode: PRICE })).id;
}

async function invoice(world: MatrixWorld, change: Partial<InvoiceRow> = {}): Promise<string> {
  const id = newId('invoice');
  await invoices(tenantOf(world), world.owner.tenantId).insertNew({
    id,
    lago_id: randomUUID(),
    subscription_id: null,
    price_code: PRICE,
    number: 'BAS-001',
    description: 'Starter',
    status: 'finalized',
    payment_status: 'pending',
    is_overdue: 0,
    currency: 'EUR',
    total_minor: 2900,
    issued_at: new Date(),
    due_at: null,
    paid_at: null,
    lago_updated_at: new Date(),
    ...change,
  });
  return id;
}

const ofSubscription = async (world: MatrixWorld) => ({ params: { subscriptionId: await subscription(world) } });
const ofInvoice = async (world: MatrixWorld) => ({ params: { invoiceId: await invoice(world) } });
/** On a paid plan that has a cheaper one below it. */
async function running(world: MatrixWorld, change: Partial<SubscriptionRow> = {}) {
  await noSubscription(world);
  const ctx = tenantOf(world);
  const { id } = await subscribe(ctx, { priceCode: DEARER });
  const row = { status: 'active', paid_price_code: DEARER, started_at: new Date(), ...change } as const;
  await subscriptions(ctx, ctx.tenantId).update(id, row);
  return { params: { subscriptionId: id } };
}

const unchangeable = (name: string, change: Partial<SubscriptionRow>, code: string) => ({
  name,
  status: 409,
  code,
  request: async (world: MatrixWorld) => {
    const { params } = await running(world, change);
    return { caller: world.owner, request: { params, body: { priceCode: CHEAPER } } };
  },
});

const badSubscriptionId = { path: 'params.subscriptionId', change: () => ({ params: { subscriptionId: 'sub_1' } }) };
const badInvoiceId = {
  path: 'params.invoiceId',
  change: (happy: MatrixRequest) => ({ ...happy, params: { invoiceId: 'inv_1' } }),
};
const badPage = { path: 'query.limit', change: (happy: MatrixRequest) => ({ ...happy, query: { limit: 'many' } }) };

const notPayable = (name: string, change: Partial<InvoiceRow>) => ({
  name,
  status: 409,
  code: 'invoice.not_payable',
  request: async (world: MatrixWorld) => ({
    caller: world.owner,
    request: { params: { invoiceId: await invoice(world, change) }, body: {} },
  }),
});

const asJson = { 'content-type': 'application/json' };

function fromLago(world: MatrixWorld, key = world.ctx.config.LAGO_WEBHOOK_HMAC_KEY, algorithm = 'hmac'): MatrixRequest {
  const body = JSON.stringify({ webhook_type: 'customer.updated', object_type: 'customer', customer: {} });
  const signature = createHmac('sha256', key).update(body).digest('base64');
  return {
    body,
    headers: {
      ...asJson,
      'x-lago-signature': signature,
      'x-lago-signature-algorithm': algorithm,
      'x-lago-unique-key': randomUUID(),
    },
  };
}

function fromStripe(
  world: MatrixWorld,
  secret = world.ctx.config.STRIPE_WEBHOOK_SECRET ?? '',
  ageS = 0,
): MatrixRequest {
  const payload = JSON.stringify({ id: `evt_${randomUUID()}`, object: 'event', type: 'charge.succeeded', data: {} });
  const timestamp = Math.floor(Date.now() / 1000) - ageS;
  const signature = Stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp });
  return { body: payload, headers: { ...asJson, 'stripe-signature': signature } };
}

function fromChargily(world: MatrixWorld, key = world.ctx.config.CHARGILY_SECRET_KEY ?? ''): MatrixRequest {
  const body = JSON.stringify({
    id: randomUUID(),
    entity: 'event',
    type: 'balance.changed',
    livemode: 'false',
    data: {},
  });
  const signature = createHmac('sha256', key).update(body).digest('hex');
  return { body, headers: { ...asJson, signature } };
}

async function savedCard(world: MatrixWorld): Promise<void> {
  await savedCards(tenantOf(world), world.owner.tenantId).put('stripe', {
    ...{ methodId: `pm_${randomUUID()}`, brand: 'visa', last4: '4242', expMonth: 12, expYear: 2030 },
  });
}

const ofCard = async (world: MatrixWorld) => {
  await savedCard(world);
  return {};
};

const refused = (name: string, request: (world: MatrixWorld) => MatrixRequest) => ({
  name,
  status: 401,
  code: 'webhook.signature_invalid',
  request: (world: MatrixWorld) => Promise.resolve({ caller: null, request: request(world) }),
});

export const entries: MatrixEntry[] = [
  {
    route: 'post /v1/subscriptions',
    happy: async (world) => {
      await noSubscription(world);
      return { body: { priceCode: PRICE } };
    },
    badInput: { path: 'body.priceCode', change: (happy) => ({ ...happy, body: { priceCode: 7 } }) },
    extra: [
      {
        name: 'a price that is not sold',
        status: 404,
        code: 'plan.not_found',
        request: (world) =>
          Promise.resolve({ caller: world.owner, request: { body: { priceCode: 'starter-m-eur-v9' } } }),
      },
      {
        name: 'the same again',
        status: 409,
        code: 'subscription.exists',
        request: async (world) => {
          await subscription(world);
          return { caller: world.owner, request: { body: { priceCode: PRICE } } };
        },
      },
    ],
  },
  { route: 'get /v1/subscriptions', happy: () => ({}), badInput: badPage },
  { route: 'get /v1/subscriptions/:subscriptionId', happy: ofSubscription, badInput: badSubscriptionId },
  { route: 'post /v1/subscriptions/:subscriptionId/retry', happy: ofSubscription, badInput: badSubscriptionId },
  {
    route: 'get /v1/subscriptions/:subscriptionId/preview',
    happy: async (world) => ({ ...(await running(world)), query: { priceCode: CHEAPER } }),
    badInput: badSubscriptionId,
    extra: [
      {
        name: 'one that is not paid',
        status: 409,
        code: 'subscription.unpaid',
        request: async (world) => {
          const { params } = await running(world, { paid_price_code: null });
          return { caller: world.owner, request: { params, query: { priceCode: CHEAPER } } };
        },
      },
    ],
  },
  {
    route: 'post /v1/subscriptions/:subscriptionId/change',
    happy: async (world) => ({ ...(await running(world)), body: { priceCode: CHEAPER } }),
    badInput: { path: 'body.priceCode', change: (happy) => ({ ...happy, body: { priceCode: 7 } }) },
    extra: [
      unchangeable('one that is not paid', { paid_price_code: null }, 'subscription.unpaid'),
      unchangeable('one that is over', { status: 'terminated' }, 'subscription.not_running'),
      unchangeable('the free plan', { is_default: 1 }, 'subscription.is_default'),
      unchangeable('the plan that it is on', { price_code: CHEAPER }, 'subscription.same_plan'),
    ],
  },
  {
    route: 'post /v1/subscriptions/:subscriptionId/cancel',
    happy: async (world) => ({ ...(await running(world)), body: {} }),
    badInput: { path: 'body.when', change: (happy) => ({ ...happy, body: { when: 'yesterday' } }) },
    extra: [
      unchangeable('one that is over', { status: 'terminated' }, 'subscription.not_running'),
      unchangeable('the free plan', { is_default: 1 }, 'subscription.is_default'),
    ],
  },
  {
    route: 'post /v1/subscriptions/:subscriptionId/resume',
    happy: async (world) => {
      const request = await running(world);
      await cancelSubscription(tenantOf(world), request.params.subscriptionId, { when: 'period_end' });
      return { ...request, body: {} };
    },
    badInput: badSubscriptionId,
    extra: [unchangeable('one of which nothing waits', {}, 'subscription.nothing_to_resume')],
  },
  { route: 'get /v1/invoices', happy: () => ({}), badInput: badPage },
  { route: 'get /v1/invoices/:invoiceId', happy: ofInvoice, badInput: badInvoiceId },
  {
    route: 'post /v1/invoices/:invoiceId/checkout',
    happy: async (world) => ({ ...(await ofInvoice(world)), body: {} }),
    badInput: badInvoiceId,
    extra: [
      notPayable('an invoice that is paid', { payment_status: 'succeeded' }),
      notPayable('an invoice that is void', { status: 'voided' }),
      notPayable('an invoice over nothing', { total_minor: 0 }),
      {
        name: 'an amount that Stripe does not take',
        status: 422,
        code: 'payment.refused',
        request: async (world) => ({
          caller: world.owner,
          request: { params: { invoiceId: await invoice(world, { total_minor: 10 }) }, body: {} },
        }),
      },
      {
        name: 'a provider that we do not have',
        status: 400,
        code: 'request.invalid',
        request: async (world) => ({
          caller: world.owner,
          request: { params: { invoiceId: await invoice(world) }, body: { provider: 'paypal' } },
        }),
      },
      {
        name: 'a provider that does not take its currency',
        status: 409,
        code: 'payment.provider_not_available',
        request: async (world) => ({
          caller: world.owner,
          request: { params: { invoiceId: await invoice(world) }, body: { provider: 'chargily' } },
        }),
      },
      {
        name: 'several providers, and none is named',
        status: 409,
        code: 'payment.provider_required',
        request: async (world) => ({
          caller: world.owner,
          request: { params: { invoiceId: await invoice(world, { currency: 'DZD', total_minor: 159000 }) }, body: {} },
        }),
      },
      {
        name: 'centimes, which Chargily does not take',
        status: 409,
        code: 'payment.provider_not_available',
        request: async (world) => ({
          caller: world.owner,
          request: {
            params: { invoiceId: await invoice(world, { currency: 'DZD', total_minor: 159050 }) },
            body: { provider: 'chargily' },
          },
        }),
      },
    ],
  },
  {
    route: 'get /v1/invoices/:invoiceId/payment-providers',
    happy: ofInvoice,
    badInput: badInvoiceId,
  },
  { route: 'get /v1/payment-method', happy: () => ({}), badInput: { none: 'takes no input' } },
  {
    route: 'delete /v1/payment-method',
    happy: ofCard,
    badInput: { none: 'takes no input' },
    extra: [
      {
        name: 'no card is kept',
        status: 404,
        code: 'payment.no_card',
        request: (world) => Promise.resolve({ caller: world.stranger, request: {} }),
      },
    ],
  },
  { route: 'post /v1/payment-method/portal', happy: () => ({}), badInput: { none: 'takes no input' } },
  {
    route: 'post /webhooks/lago',
    happy: (world) => fromLago(world),
    badInput: { none: 'what is signed by Lago is not ours to validate' },
    extra: [
      refused('signed with another key', (world) => fromLago(world, 'another key')),
      refused('signed by an algorithm that we do not take', (world) => fromLago(world, undefined, 'jwt')),
      refused('changed after it was signed', (world) => ({ ...fromLago(world), body: '{"webhook_type":"x"}' })),
      refused('not signed', () => ({ body: '{}', headers: asJson })),
    ],
  },
  {
    route: 'post /webhooks/stripe',
    happy: (world) => fromStripe(world),
    badInput: { none: 'what is signed by Stripe is not ours to validate' },
    extra: [
      refused('signed with another secret', (world) => fromStripe(world, 'whsec_another')),
      refused('older than five minutes', (world) => fromStripe(world, undefined, 301)),
      refused('changed after it was signed', (world) => ({ ...fromStripe(world), body: '{}' })),
      refused('not signed', () => ({ body: '{}', headers: asJson })),
    ],
  },
  {
    route: 'post /webhooks/chargily',
    happy: (world) => fromChargily(world),
    badInput: { none: 'what is signed by Chargily is not ours to validate' },
    extra: [
      refused('signed with another key', (world) => fromChargily(world, 'test_sk_another')),
      refused('changed after it was signed', (world) => ({ ...fromChargily(world), body: '{}' })),
      refused('not signed', () => ({ body: '{}', headers: asJson })),
    ],
  },
];
