import test from 'ava';
import { type BillingWorld, quiet, startBillingWorld } from '#test/support/billing-world.ts';
import {
  BUSINESS,
  STARTER,
  activeAtLago,
  age,
  auditOf,
  buy,
  lagoOf,
  mailsOf,
  pay,
  preview,
  read,
  upgrade,
  waitFor,
} from '#test/support/plans.ts';
import { atEndOfFile, eventually } from '#test/support/stack.ts';
import { entitlementsOf } from '#modules/catalogue/service.ts';
import type { Invoice } from '../../invoices/schemas.ts';

const cleanUp = atEndOfFile(test);
let world: BillingWorld;
test.before(async () => {
  world = await startBillingWorld(cleanUp, { env: { BILLING_RECONCILE_MS: '1000' } });
});

test.serial('an upgrade charges what was shown, and raises rights when that is paid', async (t) => {
  const owner = await world.createOwner();
  const { id } = await buy(owner, STARTER);
  const shown = await preview(owner, id, BUSINESS);
  t.like(shown, { kind: 'upgrade', chargeMinor: 9900, creditMinor: 2900, totalMinor: 7000, currency: 'EUR' });
  const invoice = await upgrade(owner, id);
  t.like(invoice, { totalMinor: shown.totalMinor, paymentStatus: 'pending', description: 'Business' });
  t.like(await read(owner, id), {
    priceCode: BUSINESS,
    paidPriceCode: STARTER,
    change: { kind: 'upgrade', state: 'awaiting_payment', invoiceId: invoice.id },
  });
  t.is((await entitlementsOf(owner.ctx)).sites, 1);
  await pay(owner, invoice.id);
  t.is((await entitlementsOf(owner.ctx)).sites, 3);
  t.like(await read(owner, id), { priceCode: BUSINESS, paidPriceCode: BUSINESS, change: null, status: 'active' });
  await quiet(world);
  t.is(world.events.filter((event) => event === `billing.subscription_changed ${id}`).length, 1);
  t.false(world.events.includes(`billing.subscription_ended ${id}`));
  t.deepEqual(await auditOf(owner, id), ['subscription.create', 'subscription.change']);
});

test.serial('asked for twice at the same moment it is one upgrade; another plan has to wait', async (t) => {
  const owner = await world.createOwner();
  const { id } = await buy(owner, STARTER);
  const ask = () => owner.post(`/v1/subscriptions/${id}/change`, { priceCode: BUSINESS });
  t.deepEqual(
    (await Promise.all([ask(), ask(), ask()])).map(({ status }) => status),
    [202, 202, 202],
  );
  await upgrade(owner, id);
  t.like(await owner.post(`/v1/subscriptions/${id}/change`, { priceCode: STARTER }), {
    status: 409,
    body: { error: { code: 'subscription.change_open', details: { kind: 'upgrade' } } },
  });
  t.is((await owner.post(`/v1/subscriptions/${id}/cancel`)).status, 409);
  t.is((await owner.ctx.db('subscription_changes').where({ subscription_id: id })).length, 1);
  await quiet(world);
  const { items } = await owner.get<{ items: Invoice[] }>('/v1/invoices');
  t.is(items.filter(({ totalMinor }) => totalMinor > 0).length, 2);
});

test.serial(
  'an upgrade that is not paid for 48 hours is void, and the paid plan goes on as if nothing had been',
  async (t) => {
    const owner = await world.createOwner();
    const { id } = await buy(owner, STARTER);
    const invoice = await upgrade(owner, id);
    await age(owner, invoice.id, 47.9);
    await quiet(world);
    t.like(await read(owner, id), { change: { state: 'awaiting_payment' } });
    await age(owner, invoice.id, 48.1);
    await waitFor(owner, id, 'the paid plan', ({ change }) => change === null);
    t.like(await read(owner, id), { priceCode: STARTER, paidPriceCode: STARTER, status: 'active', change: null });
    t.like(await owner.get(`/v1/invoices/${invoice.id}`), { status: 'voided' });
    t.deepEqual(activeAtLago(world, id), [STARTER]);
    t.is((await entitlementsOf(owner.ctx)).sites, 1);
    t.like(await owner.post(`/v1/invoices/${invoice.id}/checkout`), { status: 409 });
    await quiet(world);
    t.false(world.events.includes(`billing.subscription_ended ${id}`));
    t.true((await mailsOf(owner)).includes('plan_kept'));
    t.false((await mailsOf(owner)).includes('subscription_ended'));
    t.deepEqual((await auditOf(owner, id)).slice(2), ['subscription.change_expire', 'subscription.change_taken_back']);
    const owed = lagoOf(world).invoices.filter(
      (row) =>
        row.customer.external_id === owner.tenantId && row.status !== 'voided' && row.payment_status !== 'succeeded',
    );
    t.deepEqual(owed, [], 'going back costs nothing');

    // What the first try had credited is not there for a second time; and what is shown is what is charged.
    const shown = await preview(owner, id, BUSINESS);
    t.is(shown.totalMinor, 9900);
    const second = await upgrade(owner, id);
    t.is(second.totalMinor, shown.totalMinor);
    await pay(owner, second.id);
    t.is((await entitlementsOf(owner.ctx)).sites, 3);
  },
);

test.serial('whoever is at the payment page is not hurried', async (t) => {
  const owner = await world.createOwner();
  const { id } = await buy(owner, STARTER);
  const invoice = await upgrade(owner, id);
  await owner.checkout(invoice.id);
  await age(owner, invoice.id, 49);
  await new Promise((resolve) => setTimeout(resolve, 2500));
  t.like(await read(owner, id), { change: { state: 'awaiting_payment' } });
  await pay(owner, invoice.id);
  t.is((await entitlementsOf(owner.ctx)).sites, 3);
});

test.serial(
  'an upgrade can be taken back at once, on the day of the purchase too, and is not billed again',
  async (t) => {
    const owner = await world.createOwner();
    const { id } = await buy(owner, STARTER);
    const invoice = await upgrade(owner, id);
    const resume = () => owner.post(`/v1/subscriptions/${id}/resume`);
    t.deepEqual(
      (await Promise.all([resume(), resume()])).map(({ status }) => status),
      [202, 202],
    );
    await waitFor(owner, id, 'the paid plan', ({ change }) => change === null);
    t.like(await read(owner, id), { priceCode: STARTER, paidPriceCode: STARTER, status: 'active' });
    t.like(await owner.get(`/v1/invoices/${invoice.id}`), { status: 'voided' });
    t.like(await resume(), { status: 409, body: { error: { code: 'subscription.nothing_to_resume' } } });
    await quiet(world);
    const mine = lagoOf(world).invoices.filter((row) => row.customer.external_id === owner.tenantId);
    t.deepEqual(
      mine
        .filter(({ total_amount_cents }) => total_amount_cents > 0)
        .map(({ status }) => status)
        .sort(),
      ['finalized', 'voided'],
    );
    t.false((await mailsOf(owner)).includes('plan_kept'));
  },
);

test.serial('one that has been paid can no longer be taken back', async (t) => {
  const owner = await world.createOwner();
  const { id } = await buy(owner, STARTER);
  const invoice = await upgrade(owner, id);
  await pay(owner, invoice.id);
  t.like(await owner.post(`/v1/subscriptions/${id}/resume`), {
    status: 409,
    body: { error: { code: 'subscription.nothing_to_resume' } },
  });
});

test.serial('what cannot be changed says why, and what to do', async (t) => {
  const owner = await world.createOwner();
  const change = (id: string, priceCode: string) => owner.post(`/v1/subscriptions/${id}/change`, { priceCode });
  const { id } = await owner.subscribe(STARTER);
  const first = await owner.invoiceOf(id);
  t.like(await change(id, BUSINESS), {
    status: 409,
    body: { error: { code: 'subscription.unpaid', details: { invoiceId: first.id } } },
  });
  await pay(owner, first.id);
  t.like(await change(id, STARTER), { status: 409, body: { error: { code: 'subscription.same_plan' } } });
  t.like(await change(id, 'llm-pro-m-usd-v1'), { status: 409, body: { error: { code: 'subscription.other_line' } } });
  t.like(await change(id, 'nothing-m-eur-v1'), { status: 404, body: { error: { code: 'plan.not_found' } } });
  const free = await eventually('a free plan', async () => {
    const { items } = await owner.get<{ items: { id: string; isDefault: boolean; status: string }[] }>(
      '/v1/subscriptions',
    );
    return items.find(({ isDefault, status }) => isDefault && status === 'active');
  });
  t.like(await change(free.id, BUSINESS), { status: 409, body: { error: { code: 'subscription.is_default' } } });
  t.like(await owner.post(`/v1/subscriptions/${free.id}/cancel`), {
    status: 409,
    body: { error: { code: 'subscription.is_default' } },
  });
  world.lago('terminate_subscription', { externalId: id });
  await waitFor(owner, id, 'its end', ({ status }) => status === 'terminated');
  t.like(await change(id, BUSINESS), { status: 409, body: { error: { code: 'subscription.not_running' } } });
});
