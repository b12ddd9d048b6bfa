import type { Sandbox } from '@bastide/sandbox';
import { type TenantContext, withTenant } from '#core/context.ts';
import type { JobHandler, Schedule } from '#core/jobs/define.ts';
import { on } from '#core/jobs/define.ts';
import { billingHandlers, billingSchedules } from '#modules/billing/jobs.ts';
import { applyCatalogue } from '#modules/billing/publish/service.ts';
import {
  invoiceFailed,
  invoiceIssued,
  invoiceOverdue,
  invoicePaid,
  subscriptionChanged,
  subscriptionEnded,
  subscriptionStarted,
} from '#modules/billing/schemas.ts';
import type { Checkout } from '#modules/billing/checkout/schemas.ts';
import type { Invoice } from '#modules/billing/invoices/schemas.ts';
import type { Subscription } from '#modules/billing/subscriptions/schemas.ts';
import { entitlementsChanged } from '#modules/catalogue/schemas.ts';
import { entitlementsOf } from '#modules/catalogue/service.ts';
import { identityHandlers } from '#modules/identity/jobs.ts';
import { mailHandlers } from '#modules/mail/jobs.ts';
import { type Answer, type TestApi, startTestApi } from './api.ts';
import type { Caller } from './matrix.ts';
import { sandboxEnv, startTestSandbox } from './matrix-world.ts';
import { createOwner } from './people.ts';
import { type TestApp, createTestApp, eventually } from './stack.ts';
import { startTestWorker } from './worker.ts';

type CleanUp = (run: () => Promise<void>) => void;

interface Options {
  env?: Record<string, string>;
  /** Left out: the schedules of billing. Empty: no reconciler and no flusher runs by itself. */
  schedules?: readonly Schedule[];
  /** Nobody listens to webhooks. */
  isDeaf?: boolean;
  /** Jobs wait until `startWorker`. */
  isIdle?: boolean;
}

export interface BillingWorld {
  app: TestApp;
  sandbox: Sandbox;
  api: TestApi;
  /** What happened in billing, in the order in which it was handled: `billing.invoice_paid inv_…`. */
  events: string[];
  startWorker(): void;
  createOwner(currency?: 'EUR' | 'USD' | 'DZD'): Promise<BillingOwner>;
  lago<T = unknown>(action: string, input: Record<string, unknown>): T;
  stripe<T = unknown>(action: string, input: Record<string, unknown>): T;
  chargily<T = unknown>(action: string, input: Record<string, unknown>): T;
}

export interface BillingOwner extends Caller {
  ctx: TenantContext;
  post(path: string, body?: unknown): Promise<Answer>;
  get<T>(path: string): Promise<T>;
  subscribe(priceCode: string): Promise<Subscription>;
  /** Waits until the subscription has its first invoice. */
  invoiceOf(subscriptionId: string): Promise<Invoice>;
  checkout(invoiceId: string, way?: { provider?: 'stripe' | 'chargily'; keepCard?: boolean }): Promise<Checkout>;
  /** Waits until the invoice is paid and its payment settled. */
  paid(invoiceId: string): Promise<Invoice>;
}

/** Lago and Stripe as stand-ins over HTTP, the API that they send webhooks to, and a worker with billing's jobs. */
export async function startBillingWorld(cleanUp: CleanUp, options: Options = {}): Promise<BillingWorld> {
  const sandbox = await startTestSandbox(cleanUp);
  const app = await createTestApp(cleanUp, { ...sandboxEnv(sandbox), USAGE_FLUSH_MS: '300', ...options.env });
  const api = await startTestApi(app);
  // Each of its pages says where its webhook goes, and only now do we know where that is.
  Object.assign(app.config, { CHARGILY_WEBHOOK_URL: `${api.url}/webhooks/chargily` });
  const lago = act(sandbox, 'lago');
  const stripe = act(sandbox, 'stripe');
  const chargily = act(sandbox, 'chargily');
  const config = { ...app.config, LAGO_WEBHOOK_URL: `${api.url}/webhooks/lago` };
  const { refusals } = await applyCatalogue({ ...app.ctx, config }, () => undefined);
  if (refusals.length > 0) throw new Error(refusals.join('\n'));
  if (options.isDeaf)
    for (const target of ['lago', 'stripe', 'chargily']) sandbox.world.faults.add({ target, kind: 'webhook_lose' });
  else stripe('set_webhook_url', { url: `${api.url}/webhooks/stripe` });
  const events: string[] = [];
  const handlers = [...billingHandlers, ...identityHandlers, ...mailHandlers, ...listeners(events)];
  const startWorker = () => void startTestWorker(app, { handlers, schedules: options.schedules ?? billingSchedules });
  if (!options.isIdle) startWorker();
  const newOwner = (currency?: 'EUR' | 'USD' | 'DZD') => owner(app, api, currency);
  return { app, sandbox, api, events, startWorker, lago, stripe, chargily, createOwner: newOwner };
}

function listeners(events: string[]): JobHandler[] {
  const note = async (name: string, id: string) => {
    events.push(`${name} ${id}`);
    await Promise.resolve();
  };
  return [
    ...[invoiceIssued, invoicePaid, invoiceFailed, invoiceOverdue].map((job) =>
      on(job, (_ctx, { invoiceId }) => note(job.name, invoiceId), { as: 'test' }),
    ),
    ...[subscriptionStarted, subscriptionChanged, subscriptionEnded].map((job) =>
      on(job, (_ctx, { subscriptionId }) => note(job.name, subscriptionId), { as: 'test' }),
    ),
    on(entitlementsChanged, (_ctx, { tenantId, seq }) => note(entitlementsChanged.name, `${tenantId} ${seq}`)),
  ];
}

const act =
  (sandbox: Sandbox, standIn: string) =>
  <T>(action: string, input: Record<string, unknown>): T => {
    const run = sandbox.standIns[standIn]?.actions?.[action];
    if (!run) throw new Error(`${standIn} has no action ${action}`);
    return run(input) as T;
  };

async function owner(app: TestApp, api: TestApi, currency: 'EUR' | 'USD' | 'DZD' = 'EUR'): Promise<BillingOwner> {
  const caller = await createOwner(app, { currency });
  const ctx = withTenant(app.ctx, caller.tenantId);
  const post = (path: string, body: unknown = {}) => api.request('post', path, caller, { body });
  const get = async <T>(path: string): Promise<T> => {
    const { status, body } = await api.request('get', path, caller);
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${JSON.stringify(body)}`);
    return body as T;
  };
  const created = async <T>(path: string, body?: unknown): Promise<T> => {
    const answer = await post(path, body);
    if (answer.status !== 201) throw new Error(`POST ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body as T;
  };
  return {
    ...caller,
    ctx,
    post,
    get,
    subscribe: (priceCode) => created('/v1/subscriptions', { priceCode }),
    invoiceOf: (subscriptionId) =>
      eventually(`an invoice of ${subscriptionId}`, async () => {
        const { items } = await get<{ items: Invoice[] }>('/v1/invoices?limit=100');
        return items.find((invoice) => invoice.subscriptionId === subscriptionId);
      }),
    checkout: (invoiceId, way) => created(`/v1/invoices/${invoiceId}/checkout`, way),
    paid: (invoiceId) =>
      eventually(`${invoiceId} to be paid`, async () => {
        const invoice = await get<Invoice>(`/v1/invoices/${invoiceId}`);
        const open = await ctx
          .db('payments')
          .where({ invoice_id: invoiceId, state: 'settling' })
          .first<{ id: string } | undefined>('id');
        return invoice.paymentStatus === 'succeeded' && open === undefined && invoice;
      }),
  };
}

/** What the customer does on the provider's page. */
export async function onPaymentPage(url: string, outcome: 'paid' | 'declined'): Promise<number> {
  const answer = await fetch(url, { method: 'POST', body: new URLSearchParams({ outcome }), redirect: 'manual' });
  return answer.status;
}

/** Nothing that is due is left to do. */
export async function quiet({ app }: BillingWorld): Promise<void> {
  await eventually('all jobs to be done', async () => {
    const open = await app.ctx
      .db('outbox')
      .whereIn('state', ['pending', 'sent', 'running'])
      .whereRaw('run_at <= now(3) + interval 3 second')
      .first<{ id: number } | undefined>('id');
    return open === undefined;
  });
}

/** The state that must be the same whatever happened to the webhooks on the way. */
export async function endState(owner: BillingOwner) {
  const { db, tenantId } = owner.ctx;
  const rows = async (table: string, columns: string[]) => {
    const found = await db(table).where({ tenant_id: tenantId }).select<Record<string, unknown>[]>(columns);
    return found.map((row) => JSON.stringify(row)).sort();
  };
  return {
    entitlements: await entitlementsOf(owner.ctx),
    subscriptions: await rows('subscriptions', ['price_code', 'status', 'paid_price_code']),
    invoices: await rows('invoices', ['status', 'payment_status', 'total_minor', 'currency', 'price_code']),
    payments: await rows('payments', ['state', 'amount_minor', 'currency']),
    mails: await rows('mails', ['template']),
  };
}
