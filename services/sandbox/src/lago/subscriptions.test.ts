import anyTest, { type TestFn } from 'ava';
import { hook, ofType, plan, startLago, subscription, type LagoUnderTest } from '../../test/lago.ts';

const test = anyTest as TestFn<{ lago: LagoUnderTest }>;

// Day 1 of a 30-day month on the anniversary cycle: 3 Nov to 2 Dec.
test.beforeEach(async (t) => {
  const lago = await startLago('2026-11-03T10:00:00Z');
  await lago.call('POST', '/customers', { customer: { external_id: 'ten_1', currency: 'DZD' } });
  await lago.call('POST', '/customers', { customer: { external_id: 'ten_2', currency: 'DZD' } });
  await lago.call('POST', '/plans', plan('pro', 300_000));
  await lago.call('POST', '/plans', plan('max', 600_000));
  await lago.call('POST', '/plans', plan('free', 0));
  await lago.call('POST', '/plans', plan('arrears', 300_000, { pay_in_advance: false }));
  t.context.lago = lago;
});
test.afterEach.always((t) => t.context.lago.stop());

test('a plan paid in advance is invoiced at once, and the subscription starts whether or not it is paid', async (t) => {
  const { lago } = t.context;
  const { body } = await lago.call('POST', '/subscriptions', subscription('sub_1', 'pro'));
  t.like(body.subscription, {
    external_id: 'sub_1',
    external_customer_id: 'ten_1',
    plan_code: 'pro',
    plan_amount_cents: 300_000,
    status: 'active',
    billing_time: 'anniversary',
    current_billing_period_ending_at: '2026-12-02T23:59:59Z',
    on_termination_invoice: 'generate',
  });
  t.regex(body.subscription.started_at, /^2026-11-03T10:00:0\d\.\d{3}Z$/);
  const { invoices } = (await lago.call('GET', '/invoices?external_customer_id=ten_1')).body;
  t.is(invoices.length, 1);
  t.like(invoices[0], {
    status: 'finalized',
    payment_status: 'pending',
    total_amount_cents: 300_000,
    currency: 'DZD',
    issuing_date: '2026-11-03',
  });
  t.regex(invoices[0]?.number ?? '', /^BAS-\w{4}-001-001$/);
  t.like(await hook(lago, 'subscription.started', 'subscription'), { external_id: 'sub_1', status: 'active' });
  t.like(await hook(lago, 'invoice.created', 'invoice'), { payment_status: 'pending', total_amount_cents: 300_000 });
});

test('a calendar subscription pays for the rest of the month, today included', async (t) => {
  const { lago } = t.context;
  await lago.call('POST', '/subscriptions', subscription('sub_1', 'pro', { billing_time: 'calendar' }));
  const { invoices } = (await lago.call('GET', '/invoices')).body;
  t.is(invoices[0]?.total_amount_cents, 280_000);
});

test('posting the same plan again changes nothing', async (t) => {
  const { lago } = t.context;
  const first = await lago.call('POST', '/subscriptions', subscription('sub_1', 'pro'));
  const second = await lago.call('POST', '/subscriptions', subscription('sub_1', 'pro'));
  t.is(second.body.subscription.lago_id, first.body.subscription.lago_id);
  t.is((await lago.call('GET', '/invoices')).body.meta.total_count, 1);
});

test('a free plan gives an invoice born succeeded and no payment_status_updated', async (t) => {
  const { lago } = t.context;
  await lago.call('POST', '/subscriptions', subscription('sub_1', 'free'));
  t.like(await hook(lago, 'invoice.created', 'invoice'), { total_amount_cents: 0, payment_status: 'succeeded' });
  await lago.hooks.wait(1, ofType('subscription.started'));
  t.is(lago.hooks.deliveries.filter(ofType('invoice.payment_status_updated')).length, 0);
});

test('an upgrade happens at once under the same external id, on one invoice less the unused days', async (t) => {
  const { lago } = t.context;
  const old = (await lago.call('POST', '/subscriptions', subscription('sub_1', 'pro'))).body.subscription;
  await lago.advanceTo('2026-11-13T10:00:00Z');
  const fresh = (await lago.call('POST', '/subscriptions', subscription('sub_1', 'max'))).body.subscription;
  t.not(fresh.lago_id, old.lago_id);
  t.like(fresh, { external_id: 'sub_1', plan_code: 'max', status: 'active', previous_plan_code: 'pro' });
  const terminated = (await lago.call('GET', '/subscriptions/sub_1?status=terminated')).body.subscription;
  t.like(terminated, { lago_id: old.lago_id, next_plan_code: 'max' });
  const [invoice] = (await lago.call('GET', '/invoices')).body.invoices;
  t.deepEqual(
    invoice?.billing_periods.map((period) => period.invoicing_reason),
    ['upgrading', 'upgrading'],
  );
  // 20 of 30 days: 400 000 for the new plan, 200 000 back for the old one.
  t.like(invoice, { fees_amount_cents: 400_000, credit_notes_amount_cents: 200_000, total_amount_cents: 200_000 });
  await lago.hooks.wait(2, ofType('subscription.started'));
  t.like(await hook(lago, 'subscription.terminated', 'subscription'), { lago_id: old.lago_id });
});

test('a downgrade waits for the end of the period', async (t) => {
  const { lago } = t.context;
  await lago.call('POST', '/subscriptions', subscription('sub_1', 'max'));
  const { body } = await lago.call('POST', '/subscriptions', subscription('sub_1', 'pro'));
  t.like(body.subscription, { plan_code: 'max', next_plan_code: 'pro', downgrade_plan_date: '2026-12-03' });
  t.like(await hook(lago, 'subscription.updated', 'subscription'), { next_plan_code: 'pro' });
  await lago.advanceTo('2026-12-03T00:05:00Z');
  t.is((await lago.call('GET', '/subscriptions/sub_1')).body.subscription.plan_code, 'max');
  await lago.advanceTo('2026-12-03T00:15:00Z');
  t.is((await lago.call('GET', '/subscriptions/sub_1')).body.subscription.plan_code, 'pro');
  const [invoice] = (await lago.call('GET', '/invoices')).body.invoices;
  t.like(invoice, { total_amount_cents: 300_000, credit_notes_amount_cents: 0, issuing_date: '2026-12-03' });
  t.deepEqual(
    invoice?.billing_periods.map((period) => period.invoicing_reason),
    ['upgrading', 'upgrading'],
  );
  await lago.hooks.wait(2, ofType('subscription.started'));
  await lago.hooks.wait(1, ofType('subscription.terminated'));
});

test('a second change of mind replaces the waiting downgrade', async (t) => {
  const { lago } = t.context;
  await lago.call('POST', '/subscriptions', subscription('sub_1', 'max'));
  await lago.call('POST', '/subscriptions', subscription('sub_1', 'pro'));
  await lago.call('POST', '/subscriptions', subscription('sub_1', 'free'));
  t.is((await lago.call('GET', '/subscriptions/sub_1')).body.subscription.next_plan_code, 'free');
  const canceled = (await lago.call('GET', '/subscriptions/sub_1?status=canceled')).body.subscription;
  t.is(canceled.plan_code, 'pro');
  const deleted = (await lago.call('DELETE', '/subscriptions/sub_1?status=pending')).body.subscription;
  t.like(deleted, { plan_code: 'free', status: 'canceled' });
  t.is((await lago.call('GET', '/subscriptions/sub_1')).body.subscription.next_plan_code, null);
});

test('an external id that runs for another customer is refused', async (t) => {
  const { lago } = t.context;
  await lago.call('POST', '/subscriptions', subscription('sub_1', 'pro'));
  const { status, body } = await lago.call(
    'POST',
    '/subscriptions',
    subscription('sub_1', 'pro', { external_customer_id: 'ten_2' }),
  );
  t.is(status, 422);
  t.deepEqual(body.error_details, { external_id: ['value_already_exist'] });
});

test('is found only while active, unless another status is asked for', async (t) => {
  const { lago } = t.context;
  const later = { subscription_at: '2026-11-10T00:00:00Z' };
  await lago.call('POST', '/subscriptions', subscription('sub_1', 'pro', later));
  t.like(await lago.call('GET', '/subscriptions/sub_1'), { status: 404, body: { code: 'subscription_not_found' } });
  t.is((await lago.call('GET', '/subscriptions/sub_1?status=pending')).body.subscription.status, 'pending');
  t.is((await lago.call('GET', '/subscriptions')).body.meta.total_count, 0);
  t.is((await lago.call('GET', '/subscriptions?status[]=pending')).body.meta.total_count, 1);
  t.is((await lago.call('GET', '/invoices')).body.meta.total_count, 0);
  await lago.advanceTo('2026-11-10T00:01:00Z');
  t.is((await lago.call('GET', '/subscriptions/sub_1')).body.subscription.status, 'active');
  t.is((await lago.call('GET', '/invoices')).body.meta.total_count, 1);
});

test('cancelling a pending subscription is announced as terminated', async (t) => {
  const { lago } = t.context;
  const later = { subscription_at: '2026-11-10T00:00:00Z' };
  await lago.call('POST', '/subscriptions', subscription('sub_1', 'pro', later));
  const { body } = await lago.call('DELETE', '/subscriptions/sub_1?status=pending');
  t.is(body.subscription.status, 'canceled');
  t.like(await hook(lago, 'subscription.terminated', 'subscription'), { status: 'canceled' });
});

test('terminates without an invoice and without credit when asked so', async (t) => {
  const { lago } = t.context;
  await lago.call('POST', '/subscriptions', subscription('sub_1', 'pro'));
  const query = 'on_termination_invoice=skip&on_termination_credit_note=skip';
  const { body } = await lago.call('DELETE', `/subscriptions/sub_1?${query}`);
  t.like(body.subscription, {
    status: 'terminated',
    on_termination_invoice: 'skip',
    on_termination_credit_note: 'skip',
  });
  t.is((await lago.call('GET', '/invoices')).body.meta.total_count, 1);
  t.is((await lago.call('GET', '/subscriptions/sub_1')).status, 404);
  await lago.call('POST', '/subscriptions', subscription('sub_2', 'pro'));
  t.is((await lago.call('GET', '/invoices')).body.invoices[0]?.total_amount_cents, 300_000);
});

test('a termination leaves credit for the unused days unless told otherwise', async (t) => {
  const { lago } = t.context;
  await lago.call('POST', '/subscriptions', subscription('sub_1', 'pro'));
  await lago.advanceTo('2026-11-12T10:00:00Z');
  await lago.call('DELETE', '/subscriptions/sub_1');
  await lago.call('POST', '/subscriptions', subscription('sub_2', 'pro'));
  const [invoice] = (await lago.call('GET', '/invoices')).body.invoices;
  // Used 3 to 12 Nov, so 20 of 30 days come back.
  t.like(invoice, { credit_notes_amount_cents: 200_000, total_amount_cents: 100_000 });
});

test('a credit-note option is refused on a plan paid in arrears', async (t) => {
  const { lago } = t.context;
  await lago.call('POST', '/subscriptions', subscription('sub_1', 'arrears'));
  t.is((await lago.call('GET', '/invoices')).body.meta.total_count, 0);
  t.is((await lago.call('DELETE', '/subscriptions/sub_1?on_termination_credit_note=skip')).status, 422);
  t.is((await lago.call('DELETE', '/subscriptions/sub_1?on_termination_invoice=never')).status, 422);
  await lago.call('DELETE', '/subscriptions/sub_1');
  // One day of thirty.
  t.is((await lago.call('GET', '/invoices')).body.invoices[0]?.total_amount_cents, 10_000);
});

test('renews at ten past the hour of the new period, all of a customer on one invoice', async (t) => {
  const { lago } = t.context;
  await lago.call('POST', '/subscriptions', subscription('sub_1', 'pro'));
  await lago.call('POST', '/subscriptions', subscription('sub_2', 'max'));
  await lago.call('POST', '/subscriptions', subscription('sub_3', 'arrears', { external_customer_id: 'ten_2' }));
  await lago.advanceTo('2026-12-03T00:09:00Z');
  t.is((await lago.call('GET', '/invoices')).body.meta.total_count, 2);
  await lago.advanceTo('2026-12-03T00:10:01Z');
  const { invoices } = (await lago.call('GET', '/invoices')).body;
  t.is(invoices.length, 4);
  const mine = invoices.find((row) => row.billing_periods.length === 2);
  t.is(mine?.total_amount_cents, 900_000);
  t.true(mine?.billing_periods.every((period) => period.invoicing_reason === 'subscription_periodic'));
  t.truthy(invoices.find((row) => row.total_amount_cents === 300_000 && row.issuing_date === '2026-12-03'));
});

test('a long jump of the clock bills every period that passed', async (t) => {
  const { lago } = t.context;
  await lago.call('POST', '/subscriptions', subscription('sub_1', 'pro'));
  await lago.advanceTo('2027-03-04T00:00:00Z');
  const { invoices } = (await lago.call('GET', '/invoices')).body;
  t.deepEqual(
    invoices.map((row) => row.issuing_date),
    ['2027-03-03', '2027-02-03', '2027-01-03', '2026-12-03', '2026-11-03'],
  );
});

test('ends by itself at ending_at', async (t) => {
  const { lago } = t.context;
  const ending = { ending_at: '2026-11-20T12:30:00Z' };
  t.is(
    (await lago.call('POST', '/subscriptions', subscription('s', 'pro', { ending_at: '2026-11-03T12:00:00Z' }))).status,
    422,
  );
  await lago.call('POST', '/subscriptions', subscription('sub_1', 'pro', ending));
  await lago.advanceTo('2026-11-20T13:10:00Z');
  t.like((await lago.call('GET', '/subscriptions/sub_1?status=terminated')).body.subscription, {
    terminated_at: '2026-11-20T12:30:00Z',
  });
});

test('a trial is billed when it is over', async (t) => {
  const { lago } = t.context;
  await lago.call('POST', '/plans', plan('trial', 300_000, { trial_period: 10 }));
  await lago.call('POST', '/subscriptions', subscription('sub_1', 'trial'));
  t.is((await lago.call('GET', '/invoices')).body.meta.total_count, 0);
  await lago.advanceTo('2026-11-13T11:15:00Z');
  t.is((await lago.call('GET', '/invoices')).body.invoices[0]?.total_amount_cents, 200_000);
  await lago.hooks.wait(1, ofType('subscription.trial_ended'));
});

test('takes a customer along that it does not know, and refuses an unknown plan', async (t) => {
  const { lago } = t.context;
  await lago.call('POST', '/subscriptions', subscription('sub_1', 'pro', { external_customer_id: 'ten_9' }));
  t.like((await lago.call('GET', '/customers/ten_9')).body.customer, { external_id: 'ten_9', currency: 'DZD' });
  t.is((await lago.call('POST', '/subscriptions', subscription('sub_2', 'nope'))).body.code, 'plan_not_found');
});

test('refuses activation rules without a payment provider', async (t) => {
  const rules = { activation_rules: [{ type: 'payment', timeout_hours: 48 }] };
  const { status } = await t.context.lago.call('POST', '/subscriptions', subscription('sub_1', 'pro', rules));
  t.is(status, 422);
});
