import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import {
  type BillingOwner,
  type BillingWorld,
  onPaymentPage,
  quiet,
  startBillingWorld,
} from '#test/support/billing-world.ts';
import { atEndOfFile, eventually } from '#test/support/stack.ts';
import { entitlementsOf } from '#modules/catalogue/service.ts';
import type { Invoice } from '../invoices/schemas.ts';
import { forTenant } from '../customers.ts';
import { lago } from '../providers/lago/lago.ts';
import { check } from './payments.ts';
import type { AttemptRow, PaymentRow } from './queries.ts';
import { settle } from './settle.ts';

interface AuditPage {
  items: { action: string; subject: string; details: Record<string, unknown> }[];
}

interface StripeState {
  sessions: { id: string; status: string; amount_total: number; currency: string; metadata: Record<string, string> }[];
  customers: { id: string; metadata: Record<string, string> }[];
}

const cleanUp = atEndOfFile(test);
let world: BillingWorld;
test.before(async () => {
  world = await startBillingWorld(cleanUp, { env: { BILLING_RECONCILE_MS: '3600000' } });
});

const stripe = () => world.sandbox.standIns['stripe']?.state() as StripeState;
const sessionsOf = (invoiceId: string) =>
  stripe().sessions.filter(({ metadata }) => metadata['invoice_id'] === invoiceId);
const paymentsOf = (invoiceId: string) => world.app.ctx.db<PaymentRow>('payments').where({ invoice_id: invoiceId });
const attemptsOf = (invoiceId: string) =>
  world.app.ctx.db<AttemptRow>('payment_attempts').where({ invoice_id: invoiceId }).orderBy('id');

async function ordered(priceCode = 'starter-m-eur-v1'): Promise<{ owner: BillingOwner; invoice: Invoice }> {
  const owner = await world.createOwner();
  const { id } = await owner.subscribe(priceCode);
  return { owner, invoice: await owner.invoiceOf(id) };
}

const refundsCounted = async () => (await world.app.ctx.metrics.refundsDue.get()).values[0]?.value ?? 0;

async function toldOfRefund(t: ExecutionContext, owner: BillingOwner, payment: PaymentRow, reason: string) {
  const { db } = world.app.ctx;
  const mails = await db('mails').where({ tenant_id: owner.tenantId, template: 'refund_due' });
  t.is(mails.length, 1);
  const { items } = await owner.get<AuditPage>('/v1/audit-log?limit=100');
  const entries = items.filter(({ action }) => action === 'payment.refund_due');
  t.is(entries.length, 1);
  t.like(entries[0], {
    subject: payment.id,
    details: { invoiceId: payment.invoice_id, amountMinor: payment.amount_minor, currency: 'EUR', reason },
  });
}

const age = (attemptId: string, minutes: number) =>
  world.app.ctx
    .db('payment_attempts')
    .where({ id: attemptId })
    .update({ created_at: new Date(Date.now() - minutes * 60_000) });

test.serial('asking twice, also at the same moment, gives the same payment page', async (t) => {
  const { owner, invoice } = await ordered();
  const pages = await Promise.all([1, 2, 3, 4].map(() => owner.checkout(invoice.id)));
  pages.push(await owner.checkout(invoice.id));
  t.is(new Set(pages.map(({ url }) => url)).size, 1);
  t.is(sessionsOf(invoice.id).length, 1);
  t.is(stripe().customers.filter(({ metadata }) => metadata['tenant_id'] === owner.tenantId).length, 1);
});

test.serial('a page older than 25 minutes is closed before a new one opens', async (t) => {
  const { owner, invoice } = await ordered();
  const old = await owner.checkout(invoice.id);
  await age(old.attemptId, 26);
  const fresh = await owner.checkout(invoice.id);
  t.not(fresh.url, old.url);
  t.deepEqual(
    sessionsOf(invoice.id).map(({ status }) => status),
    ['expired', 'open'],
  );
});

test.serial('no new page for an invoice whose old page was paid a moment ago', async (t) => {
  const { owner, invoice } = await ordered();
  world.sandbox.world.faults.add({ target: 'stripe', kind: 'webhook_lose', path: invoice.id });
  const old = await owner.checkout(invoice.id);
  await age(old.attemptId, 26);
  await onPaymentPage(old.url, 'paid');
  const refused = await owner.post(`/v1/invoices/${invoice.id}/checkout`);
  t.is(refused.status, 409);
  // And the payment that no webhook told of is found by that.
  await owner.paid(invoice.id);
  t.is((await entitlementsOf(owner.ctx)).sites, 1);
});

test.serial('an answer of Stripe that was lost leads to no second page', async (t) => {
  const { owner, invoice } = await ordered();
  world.sandbox.world.faults.add({ target: 'stripe', kind: 'drop_after', method: 'POST', path: 'sessions', times: 1 });
  const { url } = await owner.checkout(invoice.id);
  t.is(sessionsOf(invoice.id).length, 1);
  await onPaymentPage(url, 'paid');
  await owner.paid(invoice.id);
  t.is((await paymentsOf(invoice.id)).length, 1);
});

test.serial('Stripe is down: a clear answer, and the next request gets a page', async (t) => {
  const { owner, invoice } = await ordered();
  const fault = world.sandbox.world.faults.add({
    target: 'stripe',
    kind: 'status',
    status: 500,
    method: 'POST',
    path: 'sessions',
  });
  const down = await owner.post(`/v1/invoices/${invoice.id}/checkout`);
  world.sandbox.world.faults.remove(fault.id);
  t.is(down.status, 503, JSON.stringify(down.body));
  t.like(down.body, { error: { code: 'billing.provider_unavailable' } });
  const { attemptId } = await owner.checkout(invoice.id);
  const [failed, open] = await attemptsOf(invoice.id);
  t.like(failed, { state: 'failed' });
  t.like(open, { id: attemptId, state: 'open' });
});

test.serial('a payment whose attempt lost Stripe’s answer is found by what the page says of itself', async (t) => {
  const { owner, invoice } = await ordered();
  const { url, attemptId } = await owner.checkout(invoice.id);
  await world.app.ctx
    .db('payment_attempts')
    .where({ id: attemptId })
    .update({ provider_session_id: null, url: null, state: 'creating' });
  await onPaymentPage(url, 'paid');
  await owner.paid(invoice.id);
  const [attempt] = await attemptsOf(invoice.id);
  t.like(attempt, { state: 'paid', live_invoice_id: null });
});

test.serial('a second payment of the same invoice is kept to be given back, and grants nothing', async (t) => {
  const { owner, invoice } = await ordered();
  const first = await owner.checkout(invoice.id);
  // The page of an attempt that we forgot stays open at Stripe.
  await world.app.ctx
    .db('payment_attempts')
    .where({ id: first.attemptId })
    .update({ live_invoice_id: null, state: 'expired' });
  const second = await owner.checkout(invoice.id);
  await onPaymentPage(second.url, 'paid');
  await onPaymentPage(first.url, 'paid');
  await owner.paid(invoice.id);
  const rows = await eventually('both payments in the ledger', async () => {
    const rows = await paymentsOf(invoice.id);
    return rows.length === 2 && rows;
  });
  await quiet(world);
  const states = rows.map(({ state, reason }) => `${state} ${reason ?? ''}`.trim());
  t.true(states.includes('refund_due invoice_already_paid'), states.join());
  t.is(rows.filter(({ settles_invoice_id }) => settles_invoice_id === invoice.id).length, 1);
  t.is(world.events.filter((event) => event === `billing.invoice_paid ${invoice.id}`).length, 1);
});

test.serial('who paid twice is told once, and so is whoever runs the product', async (t) => {
  const { owner, invoice } = await ordered();
  const before = await refundsCounted();
  const first = await owner.checkout(invoice.id);
  await world.app.ctx
    .db('payment_attempts')
    .where({ id: first.attemptId })
    .update({ live_invoice_id: null, state: 'expired' });
  const second = await owner.checkout(invoice.id);
  await onPaymentPage(second.url, 'paid');
  await owner.paid(invoice.id);
  await onPaymentPage(first.url, 'paid');
  const due = await eventually('the second payment', async () =>
    (await paymentsOf(invoice.id)).find(({ state }) => state === 'refund_due'),
  );
  await forTenant(owner.ctx, owner.tenantId, (ctx) => check(ctx, first.attemptId));
  await quiet(world);
  await toldOfRefund(t, owner, due, 'invoice_already_paid');
  t.is((await refundsCounted()) - before, 1);
});

test.serial('an invoice that turns out void when it is settled is told of as well', async (t) => {
  const { owner, invoice } = await ordered();
  const { url } = await owner.checkout(invoice.id);
  const { lago_id: lagoId } = await world.app.ctx
    .db('invoices')
    .where({ id: invoice.id })
    .first<{ lago_id: string }>('lago_id');
  world.sandbox.world.faults.add({ target: 'lago', kind: 'webhook_lose', times: 1 });
  await lago(world.app.ctx).voidInvoice(lagoId);
  await onPaymentPage(url, 'paid');
  const due = await eventually('the payment', async () =>
    (await paymentsOf(invoice.id)).find(({ state }) => state === 'refund_due'),
  );
  await forTenant(owner.ctx, owner.tenantId, (ctx) => settle(ctx, due.id));
  await quiet(world);
  await toldOfRefund(t, owner, due, 'invoice_voided');
});

test.serial('a payment that arrives while its order is being taken back is not lost', async (t) => {
  const { owner, invoice } = await ordered();
  const { url, attemptId } = await owner.checkout(invoice.id);
  world.sandbox.world.faults.add({ target: 'stripe', kind: 'webhook_lose', path: invoice.id });
  await onPaymentPage(url, 'paid');
  const checked = await world.app.ctx.db.transaction(async (trx) => {
    await trx('subscriptions')
      .where({ id: invoice.subscriptionId })
      .update({ is_withdrawn: 1, status: 'canceled', slot: null });
    const checking = check(owner.ctx, attemptId);
    await sleep(500);
    return { checking };
  });
  t.is(await checked.checking, 'paid');
  t.like((await paymentsOf(invoice.id))[0], { state: 'refund_due', reason: 'subscription_canceled' });
});

for (const [name, change] of Object.entries({
  'another amount': { amount_total: 100 },
  'another currency': { currency: 'usd' },
  'somebody else’s metadata': { metadata: { tenant_id: 'ten_01JZZZZZZZZZZZZZZZZZZZZZZZ' } },
}))
  test.serial(`a payment with ${name} is refused and changes nothing`, async (t) => {
    const { owner, invoice } = await ordered();
    const { url, attemptId } = await owner.checkout(invoice.id);
    const session = sessionsOf(invoice.id)[0];
    Object.assign(session ?? {}, change);
    await onPaymentPage(url, 'paid');
    const attempt = await eventually('the refusal', async () => {
      const [attempt] = await attemptsOf(invoice.id);
      return attempt?.problem !== null && attempt;
    });
    t.like(attempt, { id: attemptId, state: 'open' });
    await quiet(world);
    t.deepEqual(await paymentsOf(invoice.id), []);
    t.like(await owner.get(`/v1/invoices/${invoice.id}`), { paymentStatus: 'pending', paidAt: null });
    t.is((await entitlementsOf(owner.ctx)).sites, 0);
  });

test.serial('a declined card: one event and one mail per attempt, and the page can still be paid', async (t) => {
  const { owner, invoice } = await ordered();
  const { url } = await owner.checkout(invoice.id);
  await onPaymentPage(url, 'declined');
  await onPaymentPage(url, 'declined');
  const failed = `billing.invoice_failed ${invoice.id}`;
  await eventually('the event', () => Promise.resolve(world.events.includes(failed)));
  await onPaymentPage(url, 'paid');
  await owner.paid(invoice.id);
  await quiet(world);
  t.is(world.events.filter((event) => event === failed).length, 1);
  const mails = await world.app.ctx.db('mails').where({ tenant_id: owner.tenantId, template: 'payment_failed' });
  t.is(mails.length, 1);
});

test.serial('an expired page is noticed, and a new one can be had', async (t) => {
  const { owner, invoice } = await ordered();
  const { attemptId } = await owner.checkout(invoice.id);
  const [session] = sessionsOf(invoice.id);
  world.stripe('expire', { sessionId: session?.id });
  await eventually('the attempt to expire', async () => (await attemptsOf(invoice.id))[0]?.state === 'expired');
  t.not((await owner.checkout(invoice.id)).attemptId, attemptId);
});

test.serial(
  'a plan that is replaced before it was paid: its page is closed, its invoice void, its late payment given back',
  async (t) => {
    const { owner, invoice } = await ordered();
    const { url } = await owner.checkout(invoice.id);
    const fault = world.sandbox.world.faults.add({ target: 'lago', kind: 'latency', ms: 300 });
    const replacement = await owner.subscribe('business-m-eur-v1');
    // Faster than our closing of the page.
    await onPaymentPage(url, 'paid');
    world.sandbox.world.faults.remove(fault.id);
    const voided = await eventually('the invoice to be void', async () => {
      const row = await owner.get<Invoice>(`/v1/invoices/${invoice.id}`);
      return row.status === 'voided' && row;
    });
    t.is(voided.paidAt, null);
    await eventually('the payment in the ledger', async () => (await paymentsOf(invoice.id)).length === 1);
    const [late] = await paymentsOf(invoice.id);
    t.like(late, { state: 'refund_due', settles_invoice_id: null });
    if (late) await toldOfRefund(t, owner, late, late.reason ?? '');
    const next = await owner.invoiceOf(replacement.id);
    t.is(next.totalMinor, 9900);
    t.is((await entitlementsOf(owner.ctx)).sites, 0);
  },
);
