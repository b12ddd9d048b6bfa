import Router from '@koa/router';
import Koa from 'koa';
import type { Context, Next } from 'koa';
import { timingSafeEqual } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { z } from 'zod';
import { readBody } from '../kernel/read-body.ts';
import type { StandIn, World } from '../kernel/stand-in.ts';
import { WebhookSender } from '../kernel/webhook-sender.ts';
import { catalogueRoutes } from './catalogue.ts';
import { checkoutBy, checkoutRoutes, expireDue, settle } from './checkouts.ts';
import { ChargilyError, refused, unauthenticated } from './errors.ts';
import { createActions } from './actions.ts';
import { createRouter, type CallState } from './http.ts';
import type { CheckoutStatus, Merchant } from './model.ts';
import { payPage } from './pay-page.ts';

export interface ChargilyOptions {
  /** `test_sk_…` answers under /test/api/v2 only, `live_sk_…` under /api/v2 only. */
  secretKey: string;
  publicUrl: () => string;
  /** Whole dinars. 75 is documented for V1 and may apply to V2; off unless given. */
  minimumAmount?: number;
}

const Outcome = z.enum(['paid', 'declined', 'canceled']);
const STATUS_OF: Record<z.output<typeof Outcome>, CheckoutStatus> = {
  paid: 'paid',
  declined: 'failed',
  canceled: 'canceled',
};

/** Chargily Pay V2 for one merchant: checkouts, their hosted page and their webhooks. */
export function createChargily(world: World, options: ChargilyOptions): StandIn {
  const merchant: Merchant = {
    world,
    secretKey: options.secretKey,
    livemode: options.secretKey.startsWith('live_'),
    minimumAmount: options.minimumAmount ?? null,
    publicUrl: options.publicUrl,
    sender: newSender(world),
    ...noRows(),
  };
  world.clock.onAdvance(() => expireDue(merchant));
  return {
    name: 'chargily',
    handler: createHandler(merchant),
    state: () => ({
      checkouts: merchant.checkouts,
      customers: merchant.customers,
      webhooks: merchant.events.map(({ body, ...event }) => ({ ...event, body: JSON.parse(body) as unknown })),
    }),
    reset: () => {
      merchant.sender.stop();
      Object.assign(merchant, { sender: newSender(world), ...noRows() });
    },
    stop: () => merchant.sender.stop(),
    refusal: (status) => ({ body: { message: status === 429 ? 'Too Many Attempts.' : 'Server Error' } }),
    actions: createActions(merchant),
  };
}

const noRows = () => ({ checkouts: [], items: new Map(), customers: [], products: [], prices: [], events: [] });

// What Chargily does after a refused delivery is undocumented, so nothing is tried again: a client has to poll.
const newSender = (world: World) =>
  new WebhookSender(world, { standIn: 'chargily', retryMs: [], isAccepted: (status) => status >= 200 && status < 300 });

function createHandler(merchant: Merchant): RequestListener {
  const app = new Koa();
  app.use(answerErrors);
  app.use(async (ctx, next) => {
    expireDue(merchant);
    const body = await readBody(ctx.req);
    ctx.state['body'] = ctx.is('application/json') ? parseJson(body) : Object.fromEntries(new URLSearchParams(body));
    await next();
  });
  const pages = payRoutes(merchant);
  const api = createRouter(merchant.livemode ? '/api/v2' : '/test/api/v2');
  checkoutRoutes(api, merchant);
  catalogueRoutes(api, merchant);
  api.get('/balance', (call) => {
    call.body = balanceOf(merchant);
  });
  app.use(pages.routes());
  app.use(async (ctx, next) => {
    // A key of one mode is unknown to the other mode's address.
    if (!isAuthentic(merchant, ctx)) throw unauthenticated();
    await next();
  });
  app.use(api.routes());
  const handle = app.callback();
  return (request, response) => void handle(request, response);
}

/** `POST /pay/:id` with outcome=paid|declined|canceled is the whole page for a client without a browser. */
function payRoutes(merchant: Merchant): Router<CallState> {
  const router = new Router<CallState>();
  router.get('/pay/:id', (call) => {
    call.type = 'text/html; charset=utf-8';
    call.body = payPage(checkoutBy(merchant, call.params['id']));
  });
  router.post('/pay/:id', (call) => {
    const checkout = checkoutBy(merchant, call.params['id']);
    const parsed = z
      .object({ outcome: Outcome, payment_method: z.enum(['edahabia', 'cib', 'chargily_app']).optional() })
      .safeParse(call.state.body);
    if (!parsed.success) throw refused(400, 'outcome must be paid, declined or canceled.');
    const { outcome, payment_method: method } = parsed.data;
    if (checkout.status === 'pending') {
      checkout.payment_method = method ?? checkout.payment_method ?? 'edahabia';
      settle(merchant, checkout, STATUS_OF[outcome]);
    }
    const isPaid = checkout.status === 'paid';
    call.status = 303;
    call.redirect(isPaid ? checkout.success_url : (checkout.failure_url ?? checkout.success_url));
  });
  return router;
}

function balanceOf(merchant: Merchant) {
  const paid = merchant.checkouts.filter((checkout) => checkout.status === 'paid');
  const balance = paid.reduce((sum, checkout) => sum + checkout.amount, 0);
  const wallet = { currency: 'dzd', balance, ready_for_payout: balance, on_hold: 0 };
  return { entity: 'balance', livemode: merchant.livemode, wallets: [wallet] };
}

function isAuthentic(merchant: Merchant, ctx: Context): boolean {
  const given = Buffer.from(ctx.get('authorization').replace(/^Bearer /, ''));
  const key = Buffer.from(merchant.secretKey);
  const prefix = merchant.livemode ? '/api/v2/' : '/test/api/v2/';
  return ctx.path.startsWith(prefix) && given.length === key.length && timingSafeEqual(given, key);
}

async function answerErrors(ctx: Context, next: Next): Promise<void> {
  try {
    await next();
  } catch (error) {
    if (!(error instanceof ChargilyError)) throw error;
    ctx.status = error.status;
    ctx.body = error.body;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text || '{}') as unknown;
  } catch {
    throw refused(400, 'The body is not JSON.');
  }
}
