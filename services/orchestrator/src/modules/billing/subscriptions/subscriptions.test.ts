import test from 'ava';
import {
  type BillingOwner,
  type BillingWorld,
  onPaymentPage,
  quiet,
  startBillingWorld,
} from '#test/support/billing-world.ts';
import { atEnd, atEndOfFile, eventually } from '#test/support/stack.ts';
import { entitlementsOf } from '#modules/catalogue/service.ts';
import type { Invoice } from '../invoices/schemas.ts';
import { activeSubscription } from '../service.ts';
import type { SubscriptionRow } from './queries.ts';
import type { Subscription } from './schemas.ts';
import { subscribe, subscribeToDefaults } from './service.ts';

// Lago bills in UTC, whatever the machine's clock says; Paris changes to summer time within the months below.
process.env['TZ'] = 'Europe/Paris';

interface LagoState {
  customers: { external_id: string; currency: string }[];
  subscriptions: { external_id: string; plan_code: string; status: string }[];
  invoices: { lago_id: string; issuing_date: string; total_amount_cents: number; customer: { external_id: string } }[];
}

const DAY_MS = 86_400_000;
const cleanUp = atEndOfFile(test);
let world: BillingWorld;
test.before(async () => {
  world = await startBillingWorld(cleanUp, { env: { BILLING_RECONCILE_MS: '1500' } });
});

const stateOf = (w: BillingWorld) => w.sandbox.standIns['lago']?.state() as LagoState;
const lago = () => stateOf(world);
const rowsOf = (owner: BillingOwner) =>
  world.app.ctx.db<SubscriptionRow>('subscriptions').where({ tenant_id: owner.tenantId, is_default: 0 });

async function buy(owner: BillingOwner, priceCode: string): Promise<{ subscription: Subscription; invoice: Invoice }> {
  const subscription = await owner.subscribe(priceCode);
  const invoice = await owner.invoiceOf(subscription.id);
  await onPaymentPage((await owner.checkout(invoice.id)).url, 'paid');
  return { subscription, invoice: await owner.paid(invoice.id) };
}

test.serial('ordering the same plan twice, also at the same moment, is one subscription', async (t) => {
  const owner = await world.createOwner();
  const order = () => owner.post('/v1/subscriptions', { priceCode: 'starter-m-eur-v1' });
  const answers = await Promise.all([order(), order(), order()]);
  t.deepEqual(answers.map(({ status }) => status).sort(), [201, 409, 409]);
  const rows = await rowsOf(owner);
  t.is(rows.length, 1);
  const again = await order();
  t.like(again.body, {
    error: { code: 'subscription.exists', details: { subscriptionId: rows[0]?.id, isPaid: false } },
  });
});

test.serial('two different orders at the same moment end as one', async (t) => {
  const owner = await world.createOwner();
  await Promise.all([
    owner.post('/v1/subscriptions', { priceCode: 'starter-m-eur-v1' }),
    owner.post('/v1/subscriptions', { priceCode: 'business-m-eur-v1' }),
  ]);
  await quiet(world);
  const active = (await rowsOf(owner)).filter(({ slot }) => slot !== null);
  t.is(active.length, 1);
  await eventually('the other one to be gone at Lago', () => {
    const there = lago().subscriptions.filter(({ status }) => status === 'active');
    return Promise.resolve(there.filter(({ external_id }) => external_id === active[0]?.id).length === 1);
  });
});

test.serial('a paid plan is not replaced by another one of its line', async (t) => {
  const owner = await world.createOwner();
  await buy(owner, 'starter-m-eur-v1');
  const refused = await owner.post('/v1/subscriptions', { priceCode: 'business-m-eur-v1' });
  t.is(refused.status, 409);
  t.like(refused.body, { error: { details: { isPaid: true } } });
});

test.serial('plans in several currencies are one Lago customer each', async (t) => {
  const owner = await world.createOwner('EUR');
  await buy(owner, 'starter-m-eur-v1');
  await buy(owner, 'llm-pro-m-usd-v1');
  const mine = lago().customers.filter(({ external_id }) => external_id.startsWith(owner.tenantId));
  t.deepEqual(mine.map(({ external_id, currency }) => `${external_id} ${currency}`).sort(), [
    `${owner.tenantId} EUR`,
    `${owner.tenantId}_usd USD`,
  ]);
  t.like(await entitlementsOf(owner.ctx), { sites: 1, llm_tier: 'pro', llm_messages_per_day: null });
  t.is((await activeSubscription(owner.ctx, 'llm'))?.planKey, 'llm-pro');
});

test.serial('each generator is bought on its own, and their rights unite', async (t) => {
  const owner = await world.createOwner();
  await buy(owner, 'single-cold-dm-m-eur-v1');
  await buy(owner, 'single-carousel-y-eur-v1');
  t.deepEqual((await entitlementsOf(owner.ctx)).generators, ['cold-dm', 'carousel']);
  t.is((await owner.post('/v1/subscriptions', { priceCode: 'single-cold-dm-y-eur-v1' })).status, 409);
});

test.serial('the free plans are ordered once, however often the event is handled', async (t) => {
  const owner = await world.createOwner();
  await Promise.all([subscribeToDefaults(owner.ctx), subscribeToDefaults(owner.ctx)]).catch(() => undefined);
  await subscribeToDefaults(owner.ctx);
  await quiet(world);
  const rows = await world.app.ctx.db<SubscriptionRow>('subscriptions').where({ tenant_id: owner.tenantId });
  t.is(rows.length, 2);
});

test.serial('a subscription that ends at Lago takes its rights along, and another can be ordered', async (t) => {
  const owner = await world.createOwner();
  const { subscription } = await buy(owner, 'starter-m-eur-v1');
  t.is((await entitlementsOf(owner.ctx)).sites, 1);
  world.lago('terminate_subscription', { externalId: subscription.id });
  await eventually('the rights to go', async () => (await entitlementsOf(owner.ctx)).sites === 0);
  t.like(await owner.get(`/v1/subscriptions/${subscription.id}`), { status: 'terminated' });
  t.is((await owner.subscribe('business-m-eur-v1')).status, 'pending');
});

test.serial(
  'an upgrade at Lago raises rights when its invoice is paid, and does not end the subscription',
  async (t) => {
    const owner = await world.createOwner();
    const { subscription } = await buy(owner, 'starter-m-eur-v1');
    await fetch(`${world.sandbox.urls.lago}/api/v1/subscriptions`, {
      method: 'POST',
      headers: { authorization: 'Bearer lago-test-key', 'content-type': 'application/json' },
      body: JSON.stringify({
        subscription: {
          external_customer_id: owner.tenantId,
          plan_code: 'business-m-eur-v1',
          external_id: subscription.id,
        },
      }),
    });
    const upgrade = await eventually('the invoice of the upgrade', async () => {
      const { items } = await owner.get<{ items: Invoice[] }>('/v1/invoices');
      return items.find(({ description }) => description === 'Business');
    });
    // Lago tells of the invoice and of the subscription in two webhooks, in any order.
    const changed = await eventually('the other plan', async () => {
      const found = await owner.get<Subscription>(`/v1/subscriptions/${subscription.id}`);
      return found.priceCode === 'business-m-eur-v1' && found;
    });
    t.is(changed.status, 'active');
    t.is((await entitlementsOf(owner.ctx)).sites, 1);
    await onPaymentPage((await owner.checkout(upgrade.id)).url, 'paid');
    await owner.paid(upgrade.id);
    t.is((await entitlementsOf(owner.ctx)).sites, 3);
    t.false(world.events.includes(`billing.subscription_ended ${subscription.id}`));
  },
);

test.serial('an order that Lago refuses says why, and goes on when that is mended', async (t) => {
  const owner = await world.createOwner();
  const fault = world.sandbox.world.faults.add({
    target: 'lago',
    kind: 'status',
    status: 422,
    method: 'POST',
    path: 'subscriptions',
  });
  const { id } = await owner.subscribe('starter-m-eur-v1');
  const stuck = await eventually('the problem', async () => {
    const found = await owner.get<Subscription>(`/v1/subscriptions/${id}`);
    return found.problem !== null && found;
  });
  t.is(stuck.status, 'pending');
  world.sandbox.world.faults.remove(fault.id);
  t.is((await owner.post(`/v1/subscriptions/${id}/retry`)).status, 202);
  await owner.invoiceOf(id);
  t.like(await owner.get(`/v1/subscriptions/${id}`), { status: 'active', problem: null });
});

test.serial(
  'Lago answers late, wrongly or not at all: still one customer, one subscription, one invoice',
  async (t) => {
    t.timeout(120_000);
    const calls = [
      { method: 'POST', path: '/customers' },
      { method: 'POST', path: '/subscriptions' },
      { method: 'GET', path: '/invoices' },
      { method: 'PUT', path: '/invoices' },
    ];
    const owner = await world.createOwner();
    await eventually('the free plans', async () => (await entitlementsOf(owner.ctx)).agents === 5);
    for (const call of calls)
      for (const kind of ['drop_after', 'status', 'drop_before'])
        world.sandbox.world.faults.add({ target: 'lago', kind, times: 1, ...call });
    const { invoice, subscription } = await buy(owner, 'starter-m-eur-v1').finally(() =>
      world.sandbox.world.faults.clear(),
    );
    await quiet(world);
    t.is(lago().subscriptions.filter(({ external_id }) => external_id === subscription.id).length, 1);
    const invoices = lago().invoices.filter(
      (row) => row.customer.external_id === owner.tenantId && row.total_amount_cents > 0,
    );
    t.is(invoices.length, 1);
    t.is(world.events.filter((event) => event === `billing.invoice_paid ${invoice.id}`).length, 1);
    t.is((await world.app.ctx.db('payments').where({ tenant_id: owner.tenantId })).length, 1);
    t.is((await entitlementsOf(owner.ctx)).sites, 1);
  },
);

test.serial('the reconciler carries out orders whose job is gone', async (t) => {
  const quietWorld = await startBillingWorld(atEnd(t), { isIdle: true, env: { BILLING_RECONCILE_MS: '500' } });
  const owner = await quietWorld.createOwner();
  const { id } = await subscribe(owner.ctx, { priceCode: 'starter-m-eur-v1' });
  const { db } = quietWorld.app.ctx;
  await db('outbox').where('job', 'billing.place_order').update({ state: 'failed' });
  await db('subscriptions')
    .where({ id })
    .update({ created_at: new Date(Date.now() - 60_000) });
  quietWorld.startWorker();
  const invoice = await owner.invoiceOf(id);
  t.is(invoice.totalMinor, 2900);
  const metric = await quietWorld.app.ctx.metrics.reconciled.get();
  t.true(metric.values.some(({ labels, value }) => labels.reconciler === 'billing_orders' && value >= 1));
});

test.serial('months go by: one invoice each at the same UTC hour, overdue ones noticed, rights kept', async (t) => {
  t.timeout(120_000);
  const own = await startBillingWorld(atEnd(t), { env: { BILLING_RECONCILE_MS: '1000' } });
  const owner = await own.createOwner();
  const { id } = await owner.subscribe('starter-m-eur-v1');
  const first = await owner.invoiceOf(id);
  await onPaymentPage((await owner.checkout(first.id)).url, 'paid');
  await owner.paid(first.id);
  for (let month = 1; month <= 12; month += 1) {
    await own.sandbox.world.clock.advance(31 * DAY_MS);
    await eventually(`invoices of month ${month}`, async () => {
      const there = stateOf(own).invoices.length;
      const here = await own.app.ctx.db('invoices').count<{ count: number }[]>({ count: '*' });
      return here[0]?.count === there;
    });
  }
  const here = await own.app.ctx.db<{ lago_id: string; issued_at: Date }>('invoices');
  for (const { lago_id, issuing_date } of stateOf(own).invoices)
    t.is(here.find((row) => row.lago_id === lago_id)?.issued_at.toISOString(), `${issuing_date}T00:00:00.000Z`);
  // Renewals of the plan and of the free plans fall on one day, and so on one invoice.
  const { items } = await owner.get<{ items: Invoice[] }>('/v1/invoices?limit=100');
  const mine = items.filter(({ subscriptionId }) => subscriptionId === id);
  t.is(mine.length, 13);
  t.is(items.length, 13 + 2);
  t.true(mine.every(({ totalMinor, description }) => totalMinor === 2900 && description === 'Starter'));
  t.is(new Set(mine.map(({ issuedAt }) => issuedAt.slice(0, 7))).size, 13);
  t.is(mine.filter(({ isOverdue }) => isOverdue).length, 12);
  const overdue = own.events.filter((event) => event.startsWith('billing.invoice_overdue'));
  t.is(new Set(overdue).size, overdue.length);
  t.is((await entitlementsOf(owner.ctx)).sites, 1);
});
