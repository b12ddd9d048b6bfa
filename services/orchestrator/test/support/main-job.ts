import type { ExecutionContext } from 'ava';
import type { Caller } from './matrix.ts';
import { type FullStack, siteConfigs } from './full-stack.ts';
import { eventually } from './stack.ts';

/** A request of a tenant's owner to the running API; throws with the answer when it is refused. */
export async function call<T>(
  stack: FullStack,
  owner: Caller,
  method: string,
  path: string,
  body?: unknown,
): Promise<T> {
  const response = await fetch(stack.apiUrl + path, {
    method,
    headers: { ...owner.headers, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(30_000),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text.slice(0, 300)}`);
  return JSON.parse(text) as T;
}

export interface Invoice {
  id: string;
  subscriptionId: string;
  paymentStatus: string;
  totalMinor: number;
}

export interface Site {
  id: string;
  host: string;
  status: string;
}

/** Retries what a person would: an answer that asks to come back later. */
export async function insist<T>(what: string, request: () => Promise<T>, timeoutMs: number): Promise<T> {
  let last: unknown;
  try {
    return await eventually(
      what,
      () =>
        request().catch((error: unknown) => {
          last = error;
          return undefined;
        }),
      timeoutMs,
    );
  } catch (error) {
    throw new Error(`${(error as Error).message} (last: ${String(last)})`, { cause: error });
  }
}

/** Subscribe, wait for the invoice, pay it on Stripe's page. */
export async function buySite(stack: FullStack, owner: Caller, timeoutMs = 60_000): Promise<Invoice> {
  const subscription = await call<{ id: string }>(stack, owner, 'POST', '/v1/subscriptions', {
    priceCode: 'starter-m-eur-v1',
  });
  const invoice = await insist(
    `an invoice of ${subscription.id}`,
    async () => {
      const { items } = await call<{ items: Invoice[] }>(stack, owner, 'GET', '/v1/invoices');
      return items.find((candidate) => candidate.subscriptionId === subscription.id);
    },
    timeoutMs,
  );
  if (!invoice) throw new Error('no invoice');
  await pay(stack, owner, invoice, timeoutMs);
  return invoice;
}

export async function pay(stack: FullStack, owner: Caller, invoice: Invoice, timeoutMs = 60_000): Promise<void> {
  const { url } = await insist(
    `a checkout for ${invoice.id}`,
    () => call<{ url: string }>(stack, owner, 'POST', `/v1/invoices/${invoice.id}/checkout`, {}),
    timeoutMs,
  );
  const paid = await fetch(url, { method: 'POST', body: new URLSearchParams({ outcome: 'paid' }), redirect: 'manual' });
  if (paid.status !== 303) throw new Error(`Stripe's page answered ${paid.status}: ${await paid.text()}`);
}

export function siteIsActive(stack: FullStack, owner: Caller, timeoutMs = 90_000): Promise<Site> {
  return insist(
    `the site of ${owner.tenantId}`,
    async () => {
      const { items } = await call<{ items: Site[] }>(stack, owner, 'GET', '/v1/sites');
      const failed = items.find((site) => site.status === 'failed');
      if (failed) throw new Error(`the site ${failed.id} has failed`);
      return items.find((site) => site.status === 'active');
    },
    timeoutMs,
  ) as Promise<Site>;
}

/** Exactly one site, one paid invoice, one payment, one database and folder, one mail; nothing waits, nothing failed. */
export async function assertOneOfEach(t: ExecutionContext, stack: FullStack, owner: Caller): Promise<void> {
  const site = await siteIsActive(stack, owner);
  const { items: sites } = await call<{ items: Site[] }>(stack, owner, 'GET', '/v1/sites');
  t.is(sites.length, 1);
  const { items: invoices } = await call<{ items: Invoice[] }>(stack, owner, 'GET', '/v1/invoices?limit=100');
  const paid = invoices.filter((invoice) => invoice.totalMinor > 0);
  t.is(paid.length, 1);
  t.is(paid[0]?.paymentStatus, 'succeeded');
  const payments = await stack.app.ctx.db('payments').where({ tenant_id: owner.tenantId });
  t.is(payments.length, 1);
  t.is(siteConfigs(stack.benchDir).filter((config) => config.site === site.host).length, 1);
  const mails = await eventually('the mail site_ready', () => {
    const found = stack.sandbox.mails.list().filter((mail) => mail.text.includes(site.host));
    return Promise.resolve(found.length > 0 && found);
  });
  t.is(
    new Set(mails.map((mail) => mail.headers['message-id'])).size,
    1,
    `mails: ${mails.map((mail) => mail.subject).join(', ')}`,
  );
}

/** No job is left, none has given up. */
export async function assertNothingLeft(t: ExecutionContext, stack: FullStack): Promise<void> {
  await eventually('all jobs to be done', async () => {
    const open = await stack.app.ctx
      .db('outbox')
      .whereNotIn('state', ['done', 'failed'])
      .whereRaw('run_at <= now(3)')
      .pluck<number[]>('id');
    return open.length === 0;
  });
  const failed = await stack.app.ctx
    .db<{ job: string; error: string; state: string }>('outbox')
    .where('state', 'failed');
  t.deepEqual(
    failed.map((row) => `${row.job}: ${row.error}`),
    [],
  );
  const stuck = await stack.app.ctx.db('operations').whereNot('state', 'succeeded');
  t.is(stuck.length, 0);
}
