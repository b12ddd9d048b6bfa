import Koa from 'koa';
import type { Context, Next } from 'koa';
import { timingSafeEqual } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { readBody } from '../kernel/read-body.ts';
import type { Refusal, StandIn, World } from '../kernel/stand-in.ts';
import { createActions } from './actions.ts';
import { chargeRoutes } from './charges.ts';
import { creditNoteRoutes } from './credit-notes.ts';
import { customerRoutes } from './customers.ts';
import { runDue } from './due.ts';
import { endpointRoutes } from './endpoints.ts';
import { badRequest, forbidden, LagoError, unauthorized } from './errors.ts';
import { eventRoutes } from './events.ts';
import { answerGraphql } from './graphql.ts';
import { createRouter, type LagoRouter } from './http.ts';
import { invoiceRoutes } from './invoices.ts';
import { metricRoutes } from './metrics.ts';
import { emptyRows, newId, type Organization, type Rows } from './organization.ts';
import { planRoutes } from './plans.ts';
import { presentCustomer, presentEvent, presentSubscription } from './present.ts';
import { presentFullInvoice } from './present-invoice.ts';
import { subscriptionRoutes } from './subscriptions.ts';
import { usageRoutes } from './usage.ts';
import { Webhooks } from './webhooks.ts';

export interface LagoOptions {
  apiKey: string;
  hmacKey: string;
  /** LAGO_API_URL: `iss` of webhooks signed by JWT. */
  apiUrl?: string;
  /** Where the rows of the organisation outlive this process; left out = in memory only. */
  store?: LagoStore;
}

export interface LagoStore {
  organizationId: string;
  /** What an earlier process stored. */
  rows: Rows | undefined;
  /** Called before every answer, so that what a client was told is stored. */
  save(rows: Rows): Promise<void>;
}

const UNSENT: ReadonlySet<string> = new Set(['pending', 'retrying']);

/** Self-hosted OSS Lago with one organisation, no payment provider and no licence. */
export function createLago(world: World, options: LagoOptions): StandIn {
  const org: Organization = {
    id: options.store?.organizationId ?? newId(),
    world,
    apiKey: options.apiKey,
    hmacKey: options.hmacKey,
    apiUrl: options.apiUrl ?? 'http://localhost:3000',
    rows: options.store?.rows ?? emptyRows(),
    webhooks: new Webhooks(world),
  };
  world.clock.onAdvance((now) => runDue(org, now));
  // What an earlier process had not got rid of, as Sidekiq does after a restart.
  for (const row of org.rows.webhooks) if (UNSENT.has(row.status)) org.webhooks.deliver(org, row);
  return {
    name: 'lago',
    handler: createHandler(org, options.store),
    state: () => stateOf(org),
    reset: () => {
      org.webhooks.reset();
      org.rows = emptyRows();
    },
    stop: () => org.webhooks.stop(),
    refusal: (status): Refusal => ({ body: { status, error: 'Injected fault', code: 'injected_fault' } }),
    actions: createActions(org),
  };
}

function createHandler(org: Organization, store: LagoStore | undefined): RequestListener {
  const app = new Koa();
  app.use(answerErrors);
  app.use(async (ctx, next) => {
    ctx.state['body'] = parseJson(await readBody(ctx.req));
    runDue(org, org.world.clock.now());
    if (ctx.path === '/health') ctx.body = { version: 'sandbox', message: 'Success' };
    else if (ctx.path === '/graphql') ctx.body = graphql(org, ctx);
    else if (ctx.path.startsWith('/files/')) servePdf(ctx);
    else {
      authenticate(org, ctx);
      await next();
    }
    await store?.save(org.rows);
  });
  const router = createRoutes(org);
  app.use(router.routes());
  const handle = app.callback();
  return (request, response) => void handle(request, response);
}

function createRoutes(org: Organization): LagoRouter {
  const router = createRouter();
  customerRoutes(router, org);
  metricRoutes(router, org);
  planRoutes(router, org);
  chargeRoutes(router, org);
  subscriptionRoutes(router, org);
  eventRoutes(router, org);
  usageRoutes(router, org);
  invoiceRoutes(router, org);
  creditNoteRoutes(router, org);
  endpointRoutes(router, org);
  for (const path of [
    '/payments',
    '/payment_requests',
    '/invoices/preview',
    '/credit_notes',
    '/credit_notes/estimate',
  ]) {
    router.post(path, () => {
      throw forbidden();
    });
  }
  return router;
}

async function answerErrors(ctx: Context, next: Next): Promise<void> {
  try {
    await next();
  } catch (error) {
    if (!(error instanceof LagoError)) throw error;
    ctx.status = error.status;
    ctx.body = error.body;
  }
}

function authenticate(org: Organization, ctx: Context): void {
  const given = Buffer.from(ctx.get('authorization').replace(/^Bearer /, ''));
  const key = Buffer.from(org.apiKey);
  if (given.length !== key.length || !timingSafeEqual(given, key)) throw unauthorized();
}

function parseJson(text: string): unknown {
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw badRequest('Error occurred while parsing request parameters');
  }
}

function graphql(org: Organization, ctx: Context): unknown {
  const headers = {
    authorization: ctx.get('authorization') || undefined,
    organizationId: ctx.get('x-lago-organization') || undefined,
  };
  return answerGraphql(org, ctx.state['body'], headers);
}

/** The smallest thing a PDF reader opens. */
function servePdf(ctx: Context): void {
  ctx.type = 'application/pdf';
  ctx.body = Buffer.from(
    '%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 0/Kids[]>>endobj\n%%EOF\n',
  );
}

function stateOf(org: Organization) {
  const { customers, subscriptions, invoices, events, webhooks, plans, endpoints, creditNotes } = org.rows;
  return {
    customers: customers.map(presentCustomer),
    plans: plans.map((plan) => plan.code),
    subscriptions: subscriptions.map((row) => presentSubscription(org, row)),
    invoices: invoices.map((row) => presentFullInvoice(org, row)),
    events: events.map(presentEvent),
    creditNotes: creditNotes.map(({ customer, invoice, ...note }) => ({
      ...note,
      customer: customer.externalId,
      invoice: invoice.number,
    })),
    endpoints: endpoints.map((row) => row.url),
    webhooks: webhooks.map(({ endpoint, body, ...row }) => ({
      ...row,
      url: endpoint.url,
      body: JSON.parse(body) as unknown,
    })),
  };
}
