import { createHmac, randomUUID } from 'node:crypto';
import test from 'ava';
import {
  type BillingOwner,
  type BillingWorld,
  onPaymentPage,
  quiet,
  startBillingWorld,
} from '#test/support/billing-world.ts';
import { atEndOfFile, eventually } from '#test/support/stack.ts';
import { entitlementsOf } from '#modules/catalogue/service.ts';
import { forTenant } from '../customers.ts';
import type { Invoice } from '../invoices/schemas.ts';
import { reconcile } from '../reconcile/service.ts';
import { closeStrayPages } from './close.ts';
import { check } from './payments.ts';
import type { AttemptRow, PaymentRow } from './queries.ts';

interface ChargilyState {
  checkouts: {
    id: string;
    amount: number;
    currency: string;
    livemode: boolean;
    status: string;
    metadata: Record<string, string>;
    checkout_url: string;
    success_url: string;
  }[];
}

const PRICE = 'llm-student-m-dzd-v1';

const cleanUp = atEndOfFile(test);
let world: BillingWorld;
test.before(async () => {
  world = await startBillingWorld(cleanUp, { env: { BILLING_RECONCILE_MS: '3600000' } });
});
test.afterEach.always(() => world.sandbox.world.faults.clear());

const pagesOf = (invoiceId: string) =>
  (world.sandbox.standIns['chargily']?.state() as ChargilyState).checkouts.filter(
    ({ metadata }) => metadata['invoice_id'] === invoiceId,
  );
const statesOf = (invoiceId: string) =>
  pagesOf(invoiceId)
    .map(({ status }) => status)
    .sort();
const paymentsOf = (invoiceId: string) => world.app.ctx.db<PaymentRow>('payments').where({ invoice_id: invoiceId });
const attemptsOf = (invoiceId: string) =>
  world.app.ctx.db<AttemptRow>('payment_attempts').where({ invoice_id: invoiceId }).orderBy('id');
const fault = (kind: string, more: object = {}) =>
  world.sandbox.world.faults.add({ target: 'chargily', kind, ...more });
const creating = { method: 'POST', path: 'checkouts$' };
const byChargily = { provider: 'chargily' } as const;

async function ordered(): Promise<{ owner: BillingOwner; invoice: Invoice }> {
  const owner = await world.createOwner('DZD');
  const { id } = await owner.subscribe(PRICE);
  return { owner, invoice: await owner.invoiceOf(id) };
}

const sweep = (owner: BillingOwner, attemptId: string) =>
  forTenant(owner.ctx, owner.tenantId, (ctx) => closeStrayPages(ctx, attemptId));

test.serial('an invoice in dinars is paid by Chargily, in whole dinars, and gives its rights', async (t) => {
  const { owner, invoice } = await ordered();
  const { url } = await owner.checkout(invoice.id, byChargily);
  const [page] = pagesOf(invoice.id);
  t.like(page, { amount: 1590, currency: 'dzd', checkout_url: url });
  t.true(page?.success_url.includes(`/billing/return?invoice=${invoice.id}`));
  t.is(await onPaymentPage(url, 'paid'), 303);
  await owner.paid(invoice.id);
  t.is((await entitlementsOf(owner.ctx)).llm_messages_per_day, 200);
  const [payment] = await paymentsOf(invoice.id);
  t.like(payment, { provider: 'chargily', provider_payment_id: page?.id, amount_minor: 159000, state: 'settled' });
});

test.serial('an invoice that can be paid in two ways asks for one, and says which there are', async (t) => {
  const { owner, invoice } = await ordered();
  const asked = await owner.post(`/v1/invoices/${invoice.id}/checkout`);
  t.is(asked.status, 409);
  t.like(asked.body, {
    error: { code: 'payment.provider_required', details: { providers: ['stripe', 'chargily'] } },
  });
  t.deepEqual(await owner.get(`/v1/invoices/${invoice.id}/payment-providers`), {
    items: [
      { provider: 'stripe', keepsCard: true },
      { provider: 'chargily', keepsCard: false },
    ],
  });
  const euros = await world.createOwner('EUR');
  const { id } = await euros.subscribe('starter-m-eur-v1');
  const inEuros = await euros.invoiceOf(id);
  const refused = await euros.post(`/v1/invoices/${inEuros.id}/checkout`, byChargily);
  t.is(refused.status, 409);
  t.like(refused.body, {
    error: { code: 'payment.provider_not_available', details: { provider: 'chargily', providers: ['stripe'] } },
  });
});

test.serial('who changes their mind about the provider has one page that can be paid', async (t) => {
  const { owner, invoice } = await ordered();
  await owner.checkout(invoice.id, byChargily);
  const card = await owner.checkout(invoice.id, { provider: 'stripe' });
  t.deepEqual(statesOf(invoice.id), ['expired']);
  await onPaymentPage(card.url, 'paid');
  await owner.paid(invoice.id);
});

test.serial('asking several times at one moment makes one page', async (t) => {
  const { owner, invoice } = await ordered();
  fault('latency', { ms: 200, ...creating });
  const pages = await Promise.all([1, 2, 3, 4].map(() => owner.checkout(invoice.id, byChargily)));
  t.is(new Set(pages.map(({ url }) => url)).size, 1);
  t.deepEqual(statesOf(invoice.id), ['pending']);
});

test.serial('a page whose answer was lost is found again, and no second one is made', async (t) => {
  const { owner, invoice } = await ordered();
  fault('drop_after', { times: 1, ...creating });
  const lost = await owner.post(`/v1/invoices/${invoice.id}/checkout`, byChargily);
  t.is(lost.status, 503);
  t.like(lost.body, { error: { code: 'billing.provider_unavailable' } });
  t.is(pagesOf(invoice.id).length, 1);
  const { url } = await owner.checkout(invoice.id, byChargily);
  t.deepEqual(
    pagesOf(invoice.id).map((page) => page.checkout_url),
    [url],
  );
  await onPaymentPage(url, 'paid');
  await owner.paid(invoice.id);
});

test.serial('a lost page that shows up late is closed: two that could be paid never stay', async (t) => {
  const { owner, invoice } = await ordered();
  fault('drop_after', { times: 1, ...creating });
  await owner.post(`/v1/invoices/${invoice.id}/checkout`, byChargily);
  const [lost] = pagesOf(invoice.id);
  // Not to be seen yet when it is asked for again.
  const metadata = lost?.metadata;
  if (lost) lost.metadata = {};
  const { attemptId, url } = await owner.checkout(invoice.id, byChargily);
  if (lost && metadata) lost.metadata = metadata;
  t.deepEqual(statesOf(invoice.id), ['pending', 'pending']);
  await sweep(owner, attemptId);
  t.is(lost?.status, 'expired');
  await onPaymentPage(url, 'paid');
  await owner.paid(invoice.id);
});

test.serial('a lost page that was paid all the same settles the invoice, and its twin is closed', async (t) => {
  const { owner, invoice } = await ordered();
  fault('drop_after', { times: 1, ...creating });
  await owner.post(`/v1/invoices/${invoice.id}/checkout`, byChargily);
  const [lost] = pagesOf(invoice.id);
  const metadata = lost?.metadata;
  if (lost) lost.metadata = {};
  const { url } = await owner.checkout(invoice.id, byChargily);
  if (lost && metadata) lost.metadata = metadata;
  await onPaymentPage(lost?.checkout_url ?? '', 'paid');
  await owner.paid(invoice.id);
  await quiet(world);
  t.deepEqual(statesOf(invoice.id), ['expired', 'paid']);
  t.is((await paymentsOf(invoice.id)).length, 1);
  await onPaymentPage(url, 'paid');
  t.is((await paymentsOf(invoice.id)).length, 1);
});

test.serial('both pages paid: one settles, the other is money to give back, once', async (t) => {
  const { owner, invoice } = await ordered();
  fault('drop_after', { times: 1, ...creating });
  await owner.post(`/v1/invoices/${invoice.id}/checkout`, byChargily);
  const [lost] = pagesOf(invoice.id);
  const metadata = lost?.metadata;
  if (lost) lost.metadata = {};
  const { url } = await owner.checkout(invoice.id, byChargily);
  if (lost && metadata) lost.metadata = metadata;
  await onPaymentPage(url, 'paid');
  await onPaymentPage(lost?.checkout_url ?? '', 'paid');
  await owner.paid(invoice.id);
  await eventually('both in the ledger', async () => (await paymentsOf(invoice.id)).length === 2);
  world.chargily('redeliver', {});
  await quiet(world);
  const states = (await paymentsOf(invoice.id)).map(({ state, reason }) => `${state} ${reason ?? ''}`.trim()).sort();
  t.deepEqual(states, ['refund_due invoice_already_paid', 'settled']);
  t.is((await world.app.ctx.db('mails').where({ tenant_id: owner.tenantId, template: 'refund_due' })).length, 1);
});

test.serial('the page of an attempt that ended while its answer was lost is closed', async (t) => {
  const { owner, invoice } = await ordered();
  fault('drop_after', { times: 1, ...creating });
  await owner.post(`/v1/invoices/${invoice.id}/checkout`, byChargily);
  const [attempt] = await attemptsOf(invoice.id);
  await owner.checkout(invoice.id, { provider: 'stripe' });
  t.deepEqual(statesOf(invoice.id), ['pending']);
  await sweep(owner, attempt?.id ?? '');
  t.deepEqual(statesOf(invoice.id), ['expired']);
});

test.serial(
  'a page older than 25 minutes is closed before a new one opens, also when it is over already',
  async (t) => {
    const { owner, invoice } = await ordered();
    const old = await owner.checkout(invoice.id, byChargily);
    await world.app.ctx
      .db('payment_attempts')
      .where({ id: old.attemptId })
      .update({ created_at: new Date(Date.now() - 26 * 60_000) });
    const fresh = await owner.checkout(invoice.id, byChargily);
    t.not(fresh.url, old.url);
    t.deepEqual(statesOf(invoice.id), ['expired', 'pending']);
    fault('webhook_lose');
    world.chargily('expire', { checkoutId: pagesOf(invoice.id).find(({ status }) => status === 'pending')?.id });
    await world.app.ctx
      .db('payment_attempts')
      .where({ id: fresh.attemptId })
      .update({ created_at: new Date(Date.now() - 26 * 60_000) });
    t.not((await owner.checkout(invoice.id, byChargily)).url, fresh.url);
  },
);

test.serial('no new page for an invoice whose page was paid, or is being paid, a moment ago', async (t) => {
  for (const status of ['paid', 'processing'] as const) {
    const { owner, invoice } = await ordered();
    fault('webhook_lose');
    const old = await owner.checkout(invoice.id, byChargily);
    if (status === 'paid') await onPaymentPage(old.url, 'paid');
    else Object.assign(pagesOf(invoice.id)[0] ?? {}, { status });
    const refused = await owner.post(`/v1/invoices/${invoice.id}/checkout`, { provider: 'stripe' });
    t.is(refused.status, 409);
    t.like(refused.body, { error: { code: 'invoice.not_payable', details: { reason: 'processing' } } });
    if (status === 'paid') await owner.paid(invoice.id);
    t.is((await attemptsOf(invoice.id)).length, 1);
  }
});

for (const [outcome, state] of [
  ['decline', 'failed'],
  ['cancel', 'expired'],
  ['expire', 'expired'],
] as const)
  test.serial(
    `after ${outcome} a new page can be had${state === 'failed' ? ', and the customer is told once' : ''}`,
    async (t) => {
      const { owner, invoice } = await ordered();
      const { attemptId } = await owner.checkout(invoice.id, byChargily);
      world.chargily(outcome, { checkoutId: pagesOf(invoice.id)[0]?.id });
      world.chargily('redeliver', { checkoutId: pagesOf(invoice.id)[0]?.id });
      await eventually('the attempt to end', async () => (await attemptsOf(invoice.id))[0]?.state === state);
      await quiet(world);
      t.not((await owner.checkout(invoice.id, byChargily)).attemptId, attemptId);
      const failed = world.events.filter((event) => event === `billing.invoice_failed ${invoice.id}`);
      const mails = await world.app.ctx.db('mails').where({ tenant_id: owner.tenantId, template: 'payment_failed' });
      t.deepEqual([failed.length, mails.length], state === 'failed' ? [1, 1] : [0, 0]);
    },
  );

test.serial('a payment whose webhook was lost is found by asking', async (t) => {
  const { owner, invoice } = await ordered();
  fault('webhook_lose');
  const { url } = await owner.checkout(invoice.id, byChargily);
  await onPaymentPage(url, 'paid');
  await quiet(world);
  t.like(await owner.get(`/v1/invoices/${invoice.id}`), { paymentStatus: 'pending' });
  await reconcile(world.app.ctx);
  await owner.paid(invoice.id);
});

for (const [name, change] of Object.entries({
  'another amount': { amount: 15 },
  'an amount in centimes': { amount: 159000 },
  'another currency': { currency: 'eur' },
  'play money of the other mode': { livemode: true },
  'somebody else’s metadata': { metadata: { tenant_id: 'ten_01JZZZZZZZZZZZZZZZZZZZZZZZ' } },
  'the metadata of another invoice': { invoice_id: 'inv_01JZZZZZZZZZZZZZZZZZZZZZZZ' },
}))
  test.serial(`a payment with ${name} is refused and changes nothing`, async (t) => {
    const { owner, invoice } = await ordered();
    const { url, attemptId } = await owner.checkout(invoice.id, byChargily);
    const [page] = pagesOf(invoice.id);
    if (page && 'invoice_id' in change) page.metadata = { ...page.metadata, invoice_id: change.invoice_id };
    else Object.assign(page ?? {}, change);
    await onPaymentPage(url, 'paid');
    await forTenant(owner.ctx, owner.tenantId, (ctx) => check(ctx, attemptId));
    const [attempt] = await attemptsOf(invoice.id);
    t.like(attempt, { id: attemptId, state: 'open' });
    t.regex(attempt?.problem ?? '', /not the payment we asked for/);
    await quiet(world);
    t.deepEqual(await paymentsOf(invoice.id), []);
    t.like(await owner.get(`/v1/invoices/${invoice.id}`), { paymentStatus: 'pending', paidAt: null });
    t.is((await entitlementsOf(owner.ctx)).llm_tier, 'free');
  });

test.serial('a webhook that lies is not believed: the checkout is read again', async (t) => {
  const { owner, invoice } = await ordered();
  await owner.checkout(invoice.id, byChargily);
  const [page] = pagesOf(invoice.id);
  const body = JSON.stringify({
    id: randomUUID(),
    entity: 'event',
    livemode: 'false',
    type: 'checkout.paid',
    data: { ...page, status: 'paid' },
  });
  const signature = createHmac('sha256', world.app.config.CHARGILY_SECRET_KEY ?? '')
    .update(body)
    .digest('hex');
  const answer = await fetch(`${world.api.url}/webhooks/chargily`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', signature },
    body,
  });
  t.is(answer.status, 204);
  await quiet(world);
  t.like(await owner.get(`/v1/invoices/${invoice.id}`), { paymentStatus: 'pending' });
  t.deepEqual(await paymentsOf(invoice.id), []);
});

test.serial('a webhook about a checkout that is not there, or not ours, is handled and changes nothing', async (t) => {
  for (const id of ['01hj5n7cqpaf0mt2d0xx85tgz8', 'a/b']) {
    const body = JSON.stringify({ id: randomUUID(), entity: 'event', type: 'checkout.paid', data: { id } });
    const signature = createHmac('sha256', world.app.config.CHARGILY_SECRET_KEY ?? '')
      .update(body)
      .digest('hex');
    const headers = { 'content-type': 'application/json', signature };
    await fetch(`${world.api.url}/webhooks/chargily`, { method: 'POST', headers, body });
  }
  const rows = await eventually('them to be handled', async () => {
    const found = await world.app.ctx
      .db('inbox')
      .where({ source: 'chargily' })
      .select<{ outcome: string | null; body: string }[]>('outcome', 'body');
    const ours = found.filter(({ body }) => body.includes('01hj5n7cqpaf0mt2d0xx85tgz8') || body.includes('a/b'));
    return ours.length === 2 && ours.every(({ outcome }) => outcome !== null) && ours;
  });
  t.true(rows.every(({ outcome }) => outcome?.startsWith('ignored') === true));
});

test.serial('Chargily is down: a clear answer, nothing half-made, and later it goes on', async (t) => {
  const { owner, invoice } = await ordered();
  const down = fault('status', { status: 503 });
  const refused = await owner.post(`/v1/invoices/${invoice.id}/checkout`, byChargily);
  world.sandbox.world.faults.remove(down.id);
  t.is(refused.status, 503);
  t.like(refused.body, { error: { code: 'billing.provider_unavailable' } });
  const { url } = await owner.checkout(invoice.id, byChargily);
  await onPaymentPage(url, 'paid');
  await owner.paid(invoice.id);
  t.is((await attemptsOf(invoice.id)).length, 1);
});
