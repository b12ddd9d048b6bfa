import anyTest, { type TestFn } from 'ava';
import { hook, ofType, plan, startLago, subscription, type LagoUnderTest } from '../../test/lago.ts';

const test = anyTest as TestFn<{ lago: LagoUnderTest }>;

const seconds = (instant: string) => new Date(instant).getTime() / 1000;

const event = (transactionId: string, more: object = {}) => ({
  transaction_id: transactionId,
  external_subscription_id: 'sub_1',
  code: 'storage_gb',
  timestamp: seconds('2026-11-03T11:00:00Z'),
  properties: { gb: 21 },
  ...more,
});

test.beforeEach(async (t) => {
  const lago = await startLago('2026-11-03T10:00:00Z');
  const { body } = await lago.call('POST', '/billable_metrics', {
    billable_metric: { name: 'Storage', code: 'storage_gb', aggregation_type: 'max_agg', field_name: 'gb' },
  });
  const ranges = [
    { from_value: 0, to_value: 20, per_unit_amount: '0', flat_amount: '0' },
    { from_value: 21, to_value: null, per_unit_amount: '50', flat_amount: '0' },
  ];
  const charge = {
    billable_metric_id: body.billable_metric.lago_id,
    charge_model: 'graduated',
    properties: { graduated_ranges: ranges },
  };
  await lago.call('POST', '/plans', plan('pro', 300_000, { charges: [charge] }));
  await lago.call('POST', '/subscriptions', subscription('sub_1', 'pro'));
  t.context.lago = lago;
});
test.afterEach.always((t) => t.context.lago.stop());

test('takes an event and refuses its transaction id a second time', async (t) => {
  const { call } = t.context.lago;
  const first = await call('POST', '/events', { event: event('a') });
  t.like(first.body.event, {
    transaction_id: 'a',
    lago_customer_id: null,
    lago_subscription_id: null,
    timestamp: '2026-11-03T11:00:00.000Z',
  });
  const second = await call('POST', '/events', { event: event('a') });
  t.is(second.status, 422);
  t.deepEqual(second.body.error_details, { transaction_id: ['value_already_exist'] });
  const other = await call('POST', '/events', { event: event('a', { external_subscription_id: 'sub_2' }) });
  t.is(other.status, 200);
});

test('keeps nothing of a batch with one duplicate, and names each by its index', async (t) => {
  const { call } = t.context.lago;
  await call('POST', '/events', { event: event('a') });
  const batch = await call('POST', '/events/batch', { events: [event('b'), event('a'), event('c'), event('c')] });
  t.is(batch.status, 422);
  t.deepEqual(batch.body.error_details, {
    1: { transaction_id: ['value_already_exist'] },
    3: { transaction_id: ['value_already_exist'] },
  });
  t.is((await call('GET', '/events/b')).status, 404);
  t.is((await call('POST', '/events/batch', { events: [event('b'), event('c')] })).body.events.length, 2);
});

test('takes 1 to 100 events at a time', async (t) => {
  const { call } = t.context.lago;
  const many = (count: number) => Array.from({ length: count }, (_, index) => event(`t${index}`));
  t.deepEqual((await call('POST', '/events/batch', { events: many(101) })).body.error_details, {
    events: ['too_many_events'],
  });
  t.deepEqual((await call('POST', '/events/batch', { events: [] })).body.error_details, { events: ['no_events'] });
  t.is((await call('POST', '/events/batch', { events: many(100) })).body.events.length, 100);
});

test('names what breaks the contract in one event of a batch', async (t) => {
  const { call } = t.context.lago;
  const wrong = event('x', { timestamp: 'today', property: {} });
  const { body } = await call('POST', '/events/batch', { events: [event('a'), wrong] });
  t.deepEqual(body.error_details, { 1: { timestamp: ['invalid_format'], property: ['unknown_parameter'] } });
});

test('accepts an event for a subscription nobody knows', async (t) => {
  const { call } = t.context.lago;
  t.is((await call('POST', '/events', { event: event('a', { external_subscription_id: 'sub_nope' }) })).status, 200);
});

test('prices the usage of the current period', async (t) => {
  const { call } = t.context.lago;
  const small = event('a', { properties: { gb: 3 } });
  // Before the subscription started: silently not counted.
  const early = event('c', { properties: { gb: 99 }, timestamp: seconds('2026-11-03T09:00:00Z') });
  await call('POST', '/events/batch', { events: [small, event('b', { properties: { gb: '21' } }), early] });
  const { body } = await call('GET', '/customers/ten_1/current_usage?external_subscription_id=sub_1');
  t.like(body.customer_usage, {
    to_datetime: '2026-12-02T23:59:59Z',
    currency: 'DZD',
    amount_cents: 5000,
    total_amount_cents: 5000,
    lago_invoice_id: null,
  });
  t.like(body.customer_usage.charges_usage[0], {
    units: '21.0',
    events_count: 2,
    amount_cents: 5000,
    charge: { charge_model: 'graduated', code: 'storage_gb' },
    billable_metric: { code: 'storage_gb', aggregation_type: 'max_agg' },
  });
});

test('bills usage with the next period and never what comes after that', async (t) => {
  const { call, advanceTo } = t.context.lago;
  await call('POST', '/events', { event: event('a', { properties: { gb: 25 } }) });
  await advanceTo('2026-12-03T00:15:00Z');
  const [invoice] = (await call('GET', '/invoices')).body.invoices;
  t.is(invoice?.total_amount_cents, 300_000 + 25_000);
  const full = (await call('GET', `/invoices/${invoice?.lago_id ?? ''}`)).body.invoice;
  t.deepEqual(
    full.fees.map((fee) => [fee.item.type, fee.item.code, fee.amount_cents]),
    [
      ['subscription', 'pro', 300_000],
      ['charge', 'storage_gb', 25_000],
    ],
  );
  await call('POST', '/events', { event: event('late', { properties: { gb: 90 } }) });
  await advanceTo('2027-01-03T00:15:00Z');
  t.is((await call('GET', '/invoices')).body.invoices[0]?.total_amount_cents, 300_000);
  const past = await call('GET', '/customers/ten_1/past_usage?external_subscription_id=sub_1');
  t.deepEqual(
    past.body.usage_periods.map((usage) => [
      usage.from_datetime.slice(0, 13),
      usage.amount_cents,
      usage.charges_usage[0]?.units,
    ]),
    [
      ['2026-12-03T00', 0, '0.0'],
      ['2026-11-03T10', 25_000, '25.0'],
    ],
  );
  t.is((await call('GET', '/customers/ten_1/past_usage')).status, 400);
});

test('tells of events it cannot use once, in the hourly check', async (t) => {
  const { lago } = t.context;
  await lago.call('POST', '/events', { event: event('unknown', { code: 'nope' }) });
  await lago.call('POST', '/events', { event: event('empty', { properties: {} }) });
  await lago.call('POST', '/events', { event: event('stray', { external_subscription_id: 'sub_nope' }) });
  await lago.advanceTo('2026-11-03T13:00:00Z');
  t.like(await hook(lago, 'events.errors', 'events_errors'), {
    invalid_code: ['unknown'],
    missing_aggregation_property: ['empty'],
  });
  await lago.advanceTo('2026-11-03T15:00:00Z');
  t.is(lago.hooks.deliveries.filter(ofType('events.errors')).length, 1);
});
