import Koa from 'koa';
import type { Context } from 'koa';
import { timingSafeEqual } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { z } from 'zod';
import { readBody } from '../kernel/read-body.ts';
import type { StandIn, World } from '../kernel/stand-in.ts';
import { API_VERSION, DEFAULT_DUNNING, newId, noRows, nowSeconds, type Account } from './account.ts';
import { createActions, DEFAULT_EVENTS } from './actions.ts';
import { billingPortalRoutes } from './billing-portal.ts';
import { followPayment } from './billing/collect.ts';
import { runDue } from './billing/due.ts';
import { invoiceItemRoutes } from './billing/invoice-items.ts';
import { invoiceRoutes } from './billing/invoice-routes.ts';
import { priceRoutes } from './billing/prices.ts';
import { productRoutes } from './billing/products.ts';
import { scheduleRoutes } from './billing/schedules.ts';
import { subscriptionRoutes } from './billing/subscriptions.ts';
import { checkoutSessionRoutes, expireDue } from './checkout-sessions.ts';
import { customerRoutes } from './customers.ts';
import { disputeRoutes } from './disputes.ts';
import { invalidKey, invalidRequest, StripeFailure } from './errors.ts';
import { addEndpoint, eventRoutes } from './events.ts';
import { expand } from './expand.ts';
import { decodeForm, type Form } from './form.ts';
import { hostedPages } from './hosted-pages.ts';
import { createRouter, type StripeRouter } from './http.ts';
import { fingerprintOf, IdempotencyKeys } from './idempotency.ts';
import { paymentIntentRoutes } from './payment-intents.ts';
import { paymentMethodRoutes } from './payment-methods.ts';
import { refundRoutes, settleDueRefunds } from './refunds.ts';
import { Webhooks } from './webhooks.ts';

export interface StripeOptions {
  secretKey: string;
  webhookSecret: string;
  /** The endpoint signed with `webhookSecret`; more may be made over the API. */
  webhookUrl?: string;
  /** Origin of the hosted pages. */
  publicUrl: () => string;
}

/** A Stripe account in test mode: payments, Billing, their hosted pages and their webhooks (see README.md). */
export function createStripe(world: World, options: StripeOptions): StandIn {
  const account: Account = {
    world,
    secretKey: options.secretKey,
    publicUrl: options.publicUrl,
    rows: noRows(),
    webhooks: new Webhooks(world),
    request: null,
    at: null,
    dunning: DEFAULT_DUNNING,
    overdue: new Set(),
    onPayment: (intent) => followPayment(account, intent),
  };
  const keys = new IdempotencyKeys();
  const addConfigured = () => {
    const { webhookUrl: url, webhookSecret } = options;
    if (url) addEndpoint(account, { url, enabled_events: DEFAULT_EVENTS }, webhookSecret);
  };
  addConfigured();
  world.clock.onAdvance(() => catchUp(account));
  return {
    name: 'stripe',
    handler: createHandler(account, keys),
    state: () => stateOf(account),
    reset: () => {
      account.webhooks.reset();
      account.rows = noRows();
      account.dunning = DEFAULT_DUNNING;
      account.overdue.clear();
      keys.clear();
      addConfigured();
    },
    stop: () => account.webhooks.stop(),
    refusal: (status) => ({
      headers: { 'request-id': newId('req') },
      body: { error: { type: 'api_error', message: `Injected fault (${status}).` } },
    }),
    actions: createActions(account, options.webhookSecret),
  };
}

/** What time alone brings about. */
function catchUp(account: Account): void {
  expireDue(account);
  settleDueRefunds(account);
  runDue(account);
}

function createHandler(account: Account, keys: IdempotencyKeys): RequestListener {
  const app = new Koa();
  const api = createApi(account, keys);
  const pages = hostedPages(account);
  app.use(async (ctx, next) => {
    const raw = await readBody(ctx.req);
    ctx.state['raw'] = raw;
    catchUp(account);
    try {
      ctx.state['params'] = { ...decodeForm(ctx.querystring), ...decodeForm(raw) };
      await next();
    } catch (error) {
      if (!(error instanceof StripeFailure)) throw error;
      ctx.status = error.status;
      ctx.body = { error: error.error };
    }
  });
  app.use(pages.routes());
  app.use(async (ctx, next) => {
    if (ctx.path.startsWith('/v1/')) await api(ctx);
    else await next();
  });
  const handle = app.callback();
  return (request, response) => void handle(request, response);
}

function createApi(account: Account, keys: IdempotencyKeys) {
  const router = createRouter();
  customerRoutes(router, account);
  checkoutSessionRoutes(router, account);
  paymentIntentRoutes(router, account);
  paymentMethodRoutes(router, account);
  refundRoutes(router, account);
  disputeRoutes(router, account);
  productRoutes(router, account);
  priceRoutes(router, account);
  subscriptionRoutes(router, account);
  scheduleRoutes(router, account);
  invoiceRoutes(router, account);
  invoiceItemRoutes(router, account);
  eventRoutes(router, account);
  billingPortalRoutes(router, account);
  return async (ctx: Context): Promise<void> => {
    const requestId = newId('req');
    ctx.set({ 'request-id': requestId, 'stripe-version': API_VERSION });
    authenticate(account, ctx);
    refuseOtherVersions(ctx);
    const key = ctx.method === 'POST' ? ctx.get('idempotency-key') : '';
    if (!key) return answer(account, router, ctx, { id: requestId, idempotencyKey: null });
    ctx.set('idempotency-key', key);
    const fingerprint = fingerprintOf(ctx.path, String(ctx.state['raw']));
    const kept = keys.find(key, fingerprint, nowSeconds(account));
    if (kept) {
      ctx.set({ 'idempotent-replayed': 'true', 'original-request': kept.requestId });
      ctx.status = kept.status;
      ctx.body = kept.body;
      return;
    }
    await answer(account, router, ctx, { id: requestId, idempotencyKey: key });
    const body = structuredClone(ctx.body);
    keys.keep(key, { fingerprint, requestId, status: ctx.status, body, atSeconds: nowSeconds(account) });
  };
}

type RouterParameters = Parameters<ReturnType<StripeRouter['routes']>>;

/** Runs the route and leaves a whole answer on the context, errors included, so that it can be kept. */
async function answer(
  account: Account,
  router: StripeRouter,
  ctx: Context,
  request: NonNullable<Account['request']>,
): Promise<void> {
  try {
    const paths = takeExpand(ctx.state['params'] as Form);
    account.request = request;
    await router.routes()(ctx as RouterParameters[0], () => Promise.resolve());
    if (ctx.body === undefined || ctx.body === null) throw unknownUrl(ctx);
    ctx.body = expand(account, ctx.body, paths);
  } catch (error) {
    if (!(error instanceof StripeFailure)) throw error;
    ctx.status = error.status;
    ctx.body = { error: error.error };
  } finally {
    account.request = null;
  }
}

function takeExpand(params: Form): string[] {
  const paths = z.array(z.string()).safeParse(params['expand'] ?? []);
  delete params['expand'];
  if (!paths.success) throw invalidRequest('Invalid array', { param: 'expand' });
  return paths.data;
}

const unknownUrl = (ctx: Context) =>
  new StripeFailure(404, {
    type: 'invalid_request_error',
    message: `Unrecognized request URL (${ctx.method}: ${ctx.path}).`,
  });

function authenticate(account: Account, ctx: Context): void {
  const header = ctx.get('authorization');
  const basic = /^Basic (.+)$/.exec(header)?.[1];
  const given = basic ? (Buffer.from(basic, 'base64').toString().split(':')[0] ?? '') : header.replace(/^Bearer /, '');
  const [a, b] = [Buffer.from(given), Buffer.from(account.secretKey)];
  if (a.length !== b.length || !timingSafeEqual(a, b)) throw invalidKey(given);
}

/** This stand-in speaks one version: a client that pins another would read fields that are not there. */
function refuseOtherVersions(ctx: Context): void {
  const asked = ctx.get('stripe-version');
  if (asked && asked !== API_VERSION) throw invalidRequest(`Invalid Stripe API version: ${asked}`);
}

function stateOf(account: Account) {
  const { sessions, methods, endpoints, subscriptions, ...rows } = account.rows;
  return {
    ...rows,
    sessions: sessions.map(({ session }) => session),
    paymentMethods: methods.map(({ method }) => method),
    endpoints: endpoints.map(({ endpoint }) => endpoint),
    subscriptions: subscriptions.map(({ subscription }) => subscription),
  };
}
