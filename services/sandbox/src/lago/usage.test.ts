import anyTest, { type TestFn } from 'ava';
import { plan, startLago, subscription, type LagoUnderTest } from '../../test/lago.ts';

const test = anyTest as TestFn<{ lago: LagoUnderTest }>;

test.beforeEach(async (t) => {
  t.context.lago = await startLago('2026-11-01T00:00:00Z');
});
test.afterEach.always((t) => t.context.lago.stop());

interface Case {
  aggregation: string;
  values: unknown[];
  model: string;
  properties: object;
  more?: object;
}

/** Units and price of one charge after the values came in, one an hour. */
async function priced({ call }: LagoUnderTest, { aggregation, values, model, properties, more }: Case) {
  const metric = { name: 'm', code: 'm', aggregation_type: aggregation, field_name: 'v', ...more };
  const { body } = await call('POST', '/billable_metrics', { billable_metric: metric });
  const charge = { billable_metric_id: body.billable_metric.lago_id, charge_model: model, properties };
  await call('POST', '/plans', plan('p', 0, { pay_in_advance: false, charges: [charge] }));
  await call('POST', '/subscriptions', subscription('sub_1', 'p'));
  const start = new Date('2026-11-01T01:00:00Z').getTime() / 1000;
  const events = values.map((value, index) => ({
    transaction_id: `t${index}`,
    external_subscription_id: 'sub_1',
    code: 'm',
    timestamp: start + index * 3600,
    properties: { v: value },
  }));
  await call('POST', '/events/batch', { events });
  const usage = await call('GET', '/customers/ten_1/current_usage?external_subscription_id=sub_1');
  const [used] = usage.body.customer_usage.charges_usage;
  return [used?.units, used?.amount_cents, used?.events_count];
}

const perUnit = { model: 'standard', properties: { amount: '0.5' } };

test('counts events', async (t) => {
  const result = await priced(t.context.lago, { aggregation: 'count_agg', values: ['a', 'b', 'a'], ...perUnit });
  t.deepEqual(result, ['3.0', 150, 3]);
});

test('adds values up, strings that are numbers too, and leaves out what is none', async (t) => {
  const result = await priced(t.context.lago, { aggregation: 'sum_agg', values: [1.5, '2', 'x'], ...perUnit });
  t.deepEqual(result, ['3.5', 175, 2]);
});

test('takes the latest value', async (t) => {
  const result = await priced(t.context.lago, { aggregation: 'latest_agg', values: [9, 4], ...perUnit });
  t.deepEqual(result, ['4.0', 200, 2]);
});

test('counts different values', async (t) => {
  const result = await priced(t.context.lago, { aggregation: 'unique_count_agg', values: ['a', 'b', 'a'], ...perUnit });
  t.deepEqual(result, ['2.0', 100, 3]);
});

test('rounds units as the metric says', async (t) => {
  const more = { rounding_function: 'ceil', rounding_precision: 0 };
  const result = await priced(t.context.lago, { aggregation: 'max_agg', values: [2.1, 1], ...perUnit, more });
  t.deepEqual(result, ['3.0', 150, 2]);
});

test('sells packages, the first units free', async (t) => {
  const properties = { amount: '100', free_units: 5000, package_size: 1000 };
  const result = await priced(t.context.lago, { aggregation: 'sum_agg', values: [6001], model: 'package', properties });
  t.deepEqual(result, ['6001.0', 20_000, 1]);
});

test('prices all units by the range they reach', async (t) => {
  const ranges = [
    { from_value: 0, to_value: 10, per_unit_amount: '2', flat_amount: '0' },
    { from_value: 11, to_value: null, per_unit_amount: '1', flat_amount: '3' },
  ];
  const properties = { volume_ranges: ranges };
  const result = await priced(t.context.lago, { aggregation: 'sum_agg', values: [12], model: 'volume', properties });
  t.deepEqual(result, ['12.0', 1500, 1]);
});

test('takes a percentage and a fixed amount per event', async (t) => {
  const properties = { rate: '1.5', fixed_amount: '0.10' };
  const result = await priced(t.context.lago, {
    aggregation: 'sum_agg',
    values: [100, 100],
    model: 'percentage',
    properties,
  });
  t.deepEqual(result, ['200.0', 320, 2]);
});

test('a subscription dated in the past runs at once and is billed from its next period', async (t) => {
  const { lago } = t.context;
  await lago.call('POST', '/plans', plan('pro', 300_000));
  const past = { subscription_at: '2026-10-20T00:00:00Z' };
  const { body } = await lago.call('POST', '/subscriptions', subscription('sub_1', 'pro', past));
  t.like(body.subscription, { status: 'active', started_at: '2026-10-20T00:00:00.000Z' });
  t.is((await lago.call('GET', '/invoices')).body.meta.total_count, 0);
  await lago.advanceTo('2026-11-20T00:15:00Z');
  t.is((await lago.call('GET', '/invoices')).body.invoices[0]?.total_amount_cents, 300_000);
});

test('usage of the old plan stays on the upgrade invoice, later usage goes to the new one', async (t) => {
  const { lago } = t.context;
  const metric = { name: 'm', code: 'm', aggregation_type: 'sum_agg', field_name: 'v' };
  const { body } = await lago.call('POST', '/billable_metrics', { billable_metric: metric });
  const charge = {
    billable_metric_id: body.billable_metric.lago_id,
    charge_model: 'standard',
    properties: { amount: '1' },
  };
  await lago.call('POST', '/plans', plan('a', 0, { charges: [charge] }));
  await lago.call('POST', '/plans', plan('b', 0, { charges: [charge] }));
  await lago.call('POST', '/subscriptions', subscription('sub_1', 'a'));
  const use = (id: string, value: number) =>
    lago.call('POST', '/events', {
      event: { transaction_id: id, external_subscription_id: 'sub_1', code: 'm', properties: { v: value } },
    });
  await use('before', 5);
  await lago.advanceTo('2026-11-10T00:00:00Z');
  await lago.call('POST', '/subscriptions', subscription('sub_1', 'b'));
  await use('after', 7);
  t.is((await lago.call('GET', '/invoices')).body.invoices[0]?.total_amount_cents, 500);
  await lago.advanceTo('2026-12-01T00:15:00Z');
  t.is((await lago.call('GET', '/invoices')).body.invoices[0]?.total_amount_cents, 700);
});
