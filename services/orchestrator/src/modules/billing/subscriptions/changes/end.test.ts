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
  preview,
  read,
  waitFor,
} from '#test/support/plans.ts';
import { atEnd, atEndOfFile, eventually } from '#test/support/stack.ts';
import { entitlementsOf } from '#modules/catalogue/service.ts';

const DAY_MS = 86_400_000;
const env = { BILLING_RECONCILE_MS: '1000' };
const cleanUp = atEndOfFile(test);
let world: BillingWorld;
test.before(async () => {
  world = await startBillingWorld(cleanUp, { env });
});

test.serial('a downgrade waits for the period’s end, can be taken back, and then lowers rights unpaid', async (t) => {
  t.timeout(60_000);
  const own = await startBillingWorld(atEnd(t), { env });
  const owner = await own.createOwner();
  const { id } = await buy(owner, BUSINESS);
  t.like(await preview(owner, id, STARTER), { kind: 'downgrade', totalMinor: 0 });
  const ask = () => owner.post(`/v1/subscriptions/${id}/change`, { priceCode: STARTER });
  t.is((await ask()).status, 202);
  const waiting = await waitFor(owner, id, 'the plan that follows', ({ next }) => next !== null);
  t.like(waiting, {
    priceCode: BUSINESS,
    next: { priceCode: STARTER },
    change: { kind: 'downgrade', state: 'scheduled' },
  });
  t.is(waiting.next?.at, waiting.periodEndsAt ?? '');
  t.is((await entitlementsOf(owner.ctx)).sites, 3);

  t.is((await owner.post(`/v1/subscriptions/${id}/resume`)).status, 202);
  t.like(await waitFor(owner, id, 'nothing to follow', ({ change }) => change === null), { next: null });

  t.is((await ask()).status, 202);
  await waitFor(owner, id, 'the plan that follows', ({ change }) => change?.state === 'scheduled');
  await own.sandbox.world.clock.advance(31 * DAY_MS);
  const after = await waitFor(owner, id, 'the cheaper plan', ({ priceCode }) => priceCode === STARTER);
  t.like(after, { paidPriceCode: STARTER, next: null, change: null, status: 'active' });
  t.is((await entitlementsOf(owner.ctx)).sites, 1, 'before anything of it is paid');
  await quiet(own);
  t.is((await mailsOf(owner)).filter((template) => template === 'downgrade_scheduled').length, 2);
  t.false(own.events.includes(`billing.subscription_ended ${id}`));
  t.is(own.events.filter((event) => event === `billing.subscription_changed ${id}`).length, 1);
});

test.serial(
  'an invoice of the dearer plan that is paid after the downgrade does not bring its rights back',
  async (t) => {
    t.timeout(60_000);
    const own = await startBillingWorld(atEnd(t), { env });
    const owner = await own.createOwner();
    const { id } = await buy(owner, BUSINESS);
    await own.sandbox.world.clock.advance(31 * DAY_MS);
    const renewal = await eventually('the renewal', async () => {
      const { items } = await owner.get<{ items: { id: string; paymentStatus: string; totalMinor: number }[] }>(
        '/v1/invoices',
      );
      return items.find((one) => one.paymentStatus === 'pending' && one.totalMinor === 9900);
    });
    t.is((await owner.post(`/v1/subscriptions/${id}/change`, { priceCode: STARTER })).status, 202);
    await waitFor(owner, id, 'the plan that follows', ({ change }) => change?.state === 'scheduled');
    await own.sandbox.world.clock.advance(31 * DAY_MS);
    await waitFor(owner, id, 'the cheaper plan', ({ priceCode }) => priceCode === STARTER);
    const row = await owner.ctx.db('invoices').where({ id: renewal.id }).first<{ lago_id: string }>();
    own.lago('pay_invoice', { invoiceId: row.lago_id });
    await eventually('the late payment', async () => {
      const { paymentStatus } = await owner.get<{ paymentStatus: string }>(`/v1/invoices/${renewal.id}`);
      return paymentStatus === 'succeeded';
    });
    t.is((await entitlementsOf(owner.ctx)).sites, 1);
  },
);

test.serial('cancelled at the period’s end: resumed, cancelled again, over without another bill', async (t) => {
  t.timeout(60_000);
  const own = await startBillingWorld(atEnd(t), { env });
  const owner = await own.createOwner();
  const { id } = await buy(owner, STARTER);
  const cancel = () => owner.post(`/v1/subscriptions/${id}/cancel`);
  t.deepEqual(
    (await Promise.all([cancel(), cancel()])).map(({ status }) => status),
    [202, 202],
  );
  const ending = await waitFor(owner, id, 'the end', ({ endsAt }) => endsAt !== null);
  t.is(ending.endsAt, ending.periodEndsAt);
  t.is((await entitlementsOf(owner.ctx)).sites, 1);
  t.is((await owner.post(`/v1/subscriptions/${id}/change`, { priceCode: BUSINESS })).status, 409);

  t.is((await owner.post(`/v1/subscriptions/${id}/resume`)).status, 202);
  t.like(await waitFor(owner, id, 'no end', ({ change }) => change === null), { endsAt: null, status: 'active' });

  t.is((await cancel()).status, 202);
  await waitFor(owner, id, 'the end', ({ change }) => change?.state === 'scheduled');
  await own.sandbox.world.clock.advance(31 * DAY_MS);
  await waitFor(owner, id, 'its end', ({ status }) => status === 'terminated');
  t.is((await entitlementsOf(owner.ctx)).sites, 0);
  await quiet(own);
  const billed = lagoOf(own).invoices.filter(({ total_amount_cents }) => total_amount_cents > 0);
  t.is(billed.length, 1);
  const mails = await mailsOf(owner);
  t.is(mails.filter((template) => template === 'cancellation_scheduled').length, 2);
  t.is(mails.filter((template) => template === 'subscription_ended').length, 1);
  t.is(own.events.filter((event) => event === `billing.subscription_ended ${id}`).length, 1);
  t.is((await owner.subscribe(BUSINESS)).status, 'pending');
});

test.serial('a cheaper plan that waits gives way to a cancellation', async (t) => {
  const owner = await world.createOwner();
  const { id } = await buy(owner, BUSINESS);
  await owner.post(`/v1/subscriptions/${id}/change`, { priceCode: STARTER });
  await waitFor(owner, id, 'the plan that follows', ({ next }) => next !== null);
  t.is((await owner.post(`/v1/subscriptions/${id}/cancel`)).status, 202);
  const ending = await waitFor(
    owner,
    id,
    'the end',
    ({ change }) => change?.kind === 'cancel' && change.state === 'scheduled',
  );
  t.is(ending.next, null);
  t.not(ending.endsAt, null);
});

test.serial('cancelled now: rights go at once, nothing is given back, another can be bought', async (t) => {
  const owner = await world.createOwner();
  const { id } = await buy(owner, BUSINESS);
  t.is((await owner.post(`/v1/subscriptions/${id}/cancel`, { when: 'now' })).status, 202);
  await waitFor(owner, id, 'its end', ({ status }) => status === 'terminated');
  t.is((await entitlementsOf(owner.ctx)).sites, 0);
  await quiet(world);
  t.deepEqual(activeAtLago(world, id), []);
  t.deepEqual(await auditOf(owner, id), ['subscription.create', 'subscription.cancel']);
  t.is((await mailsOf(owner)).filter((template) => template === 'subscription_ended').length, 1);
  t.is((await owner.post(`/v1/subscriptions/${id}/cancel`)).status, 409);
  await buy(owner, STARTER);
  t.is((await entitlementsOf(owner.ctx)).sites, 1);
});

test.serial('an order that was never paid is cancelled with its invoice', async (t) => {
  const owner = await world.createOwner();
  const { id } = await owner.subscribe(BUSINESS);
  const invoice = await owner.invoiceOf(id);
  t.like(await owner.post(`/v1/subscriptions/${id}/cancel`), { status: 202, body: { status: 'canceled' } });
  await eventually('the invoice to be void', async () => {
    const { status } = await owner.get<{ status: string }>(`/v1/invoices/${invoice.id}`);
    return status === 'voided';
  });
  t.deepEqual(activeAtLago(world, id), []);
});

test.serial('an order that is not paid for 48 hours expires, and its owner hears of it once', async (t) => {
  const owner = await world.createOwner();
  const { id } = await owner.subscribe(BUSINESS);
  const invoice = await owner.invoiceOf(id);
  await age(owner, invoice.id, 47.9);
  await quiet(world);
  t.like(await read(owner, id), { status: 'active' });
  await age(owner, invoice.id, 48.1);
  await waitFor(owner, id, 'its expiry', ({ status }) => status === 'canceled');
  await eventually('the invoice to be void', async () => {
    const { status } = await owner.get<{ status: string }>(`/v1/invoices/${invoice.id}`);
    return status === 'voided';
  });
  t.deepEqual(activeAtLago(world, id), []);
  t.deepEqual(await auditOf(owner, id), ['subscription.create', 'subscription.expire']);
  t.is((await mailsOf(owner)).filter((template) => template === 'order_expired').length, 1);
  t.is((await owner.subscribe(BUSINESS)).status, 'pending');
});
