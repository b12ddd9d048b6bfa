import anyTest, { type TestFn } from 'ava';
import { plan, startLago, subscription, type LagoUnderTest } from '../../test/lago.ts';

const test = anyTest as TestFn<{ lago: LagoUnderTest }>;

test.beforeEach(async (t) => {
  t.context.lago = await startLago();
});
test.afterEach.always((t) => t.context.lago.stop());

const metric = (code: string, more = {}) => ({
  billable_metric: { name: code, code, aggregation_type: 'sum_agg', field_name: 'value', ...more },
});

test('answers 401 for a wrong key and 200 for health without one', async (t) => {
  const { url } = t.context.lago;
  const refused = await fetch(`${url}/api/v1/plans`, { headers: { authorization: 'Bearer wrong' } });
  t.deepEqual([refused.status, await refused.json()], [401, { status: 401, error: 'Unauthorized' }]);
  t.is((await fetch(`${url}/health`)).status, 200);
});

test('upserts a customer by its external id and keeps the fields that were not sent', async (t) => {
  const { call } = t.context.lago;
  const first = await call('POST', '/customers', {
    customer: { external_id: 'ten_1', name: 'Acme', email: 'a@acme.dz', metadata: [{ key: 'tenant', value: 'acme' }] },
  });
  const second = await call('POST', '/customers', { customer: { external_id: 'ten_1', name: 'Acme SARL' } });
  t.is(second.body.customer.lago_id, first.body.customer.lago_id);
  t.like(second.body.customer, { name: 'Acme SARL', email: 'a@acme.dz' });
  t.is(second.body.customer.metadata.length, 1);
  t.is((await call('GET', '/customers')).body.meta.total_count, 1);
  t.like(await call('GET', '/customers/ten_9'), { status: 404, body: { code: 'customer_not_found' } });
});

test('names the field of a customer that breaks the contract', async (t) => {
  const { call } = t.context.lago;
  const details = async (customer: object) => (await call('POST', '/customers', { customer })).body.error_details;
  t.deepEqual(await details({ name: 'x' }), { external_id: ['value_is_mandatory'] });
  t.deepEqual(await details({ external_id: 'a', emial: 'x' }), { emial: ['unknown_parameter'] });
  t.deepEqual(await details({ external_id: 'a', metadata: [{ key: 'k'.repeat(21), value: 'v' }] }), {
    'metadata.0.key': ['value_is_too_long'],
  });
  const many = Array.from({ length: 6 }, (_, index) => ({ key: `k${index}`, value: 'v' }));
  t.deepEqual(await details({ external_id: 'a', metadata: many }), { metadata: ['invalid_count'] });
  t.is((await call('POST', '/customers', {})).status, 400);
});

test('refuses a second metric or plan with the same code', async (t) => {
  const { call } = t.context.lago;
  await call('POST', '/billable_metrics', metric('gb'));
  await call('POST', '/plans', plan('pro', 1000));
  const taken = { status: 422, body: { code: 'validation_errors', error_details: { code: ['value_already_exist'] } } };
  t.like(await call('POST', '/billable_metrics', metric('gb')), taken);
  t.like(await call('POST', '/plans', plan('pro', 2000)), taken);
});

test('asks for the field of every metric that adds something up', async (t) => {
  const { call } = t.context.lago;
  const answer = await call('POST', '/billable_metrics', metric('gb', { field_name: null }));
  t.deepEqual(answer.body.error_details, { field_name: ['value_is_mandatory'] });
});

test('changes only the names of a metric that a plan uses', async (t) => {
  const { call } = t.context.lago;
  const { body } = await call('POST', '/billable_metrics', metric('gb', { recurring: true }));
  await call('PUT', '/billable_metrics/gb', { billable_metric: { aggregation_type: 'weighted_sum_agg' } });
  t.like((await call('GET', '/billable_metrics/gb')).body.billable_metric, {
    aggregation_type: 'weighted_sum_agg',
    recurring: true,
  });
  const charge = {
    billable_metric_id: body.billable_metric.lago_id,
    charge_model: 'standard',
    properties: { amount: '1' },
  };
  await call('POST', '/plans', plan('pro', 1000, { charges: [charge] }));
  await call('PUT', '/billable_metrics/gb', { billable_metric: { name: 'Storage', aggregation_type: 'max_agg' } });
  t.like((await call('GET', '/billable_metrics/gb')).body.billable_metric, {
    name: 'Storage',
    aggregation_type: 'weighted_sum_agg',
  });
});

test('a PUT of a plan deletes every charge it does not list by id', async (t) => {
  const { call } = t.context.lago;
  const { body } = await call('POST', '/billable_metrics', metric('gb'));
  const id = body.billable_metric.lago_id;
  const charge = (code: string) => ({
    billable_metric_id: id,
    code,
    charge_model: 'standard',
    properties: { amount: '0.5' },
  });
  const created = await call('POST', '/plans', plan('pro', 1000, { charges: [charge('a'), charge('b')] }));
  const keptId = created.body.plan.charges[0]?.lago_id;
  const updated = await call('PUT', '/plans/pro', {
    plan: { name: 'Pro', charges: [{ id: keptId, properties: { amount: '0.7' } }, charge('c')] },
  });
  t.deepEqual(
    updated.body.plan.charges.map((row) => [row.code, row.properties.amount]),
    [
      ['a', '0.7'],
      ['c', '0.5'],
    ],
  );
  await call('PUT', '/plans/pro', { plan: { description: 'no charges sent' } });
  t.is((await call('GET', '/plans/pro')).body.plan.charges.length, 2);
});

test('creates, changes and deletes one charge by its code', async (t) => {
  const { call } = t.context.lago;
  const { body } = await call('POST', '/billable_metrics', metric('gb'));
  await call('POST', '/plans', plan('pro', 1000));
  const charge = {
    billable_metric_id: body.billable_metric.lago_id,
    code: 'storage',
    charge_model: 'package',
    properties: { amount: '100', free_units: 5, package_size: 10 },
  };
  t.is((await call('POST', '/plans/pro/charges', { charge })).status, 200);
  t.like((await call('POST', '/plans/pro/charges', { charge })).body.error_details, { code: ['value_already_exist'] });
  const properties = { amount: '120', free_units: 5, package_size: 10 };
  await call('PUT', '/plans/pro/charges/storage', { charge: { properties } });
  t.deepEqual((await call('GET', '/plans/pro/charges/storage')).body.charge.properties, properties);
  t.is((await call('GET', '/plans/pro/charges')).body.meta.total_count, 1);
  await call('DELETE', '/plans/pro/charges/storage');
  t.is((await call('GET', '/plans/pro/charges/storage')).body.code, 'charge_not_found');
});

test('refuses charge properties that are not the model’s', async (t) => {
  const { call } = t.context.lago;
  const { body } = await call('POST', '/billable_metrics', metric('gb'));
  const errors = async (charge_model: string, properties: object) => {
    const charge = { billable_metric_id: body.billable_metric.lago_id, charge_model, properties };
    return (await call('POST', '/plans', plan('pro', 1000, { charges: [charge] }))).body.error_details;
  };
  t.deepEqual(await errors('standard', { amount: 5 }), { properties: ['invalid_amount'] });
  t.deepEqual(await errors('graduated', {}), { properties: ['invalid_graduated_ranges'] });
  const gap = [
    { from_value: 0, to_value: 20, per_unit_amount: '0', flat_amount: '0' },
    { from_value: 30, to_value: null, per_unit_amount: '1', flat_amount: '0' },
  ];
  t.deepEqual(await errors('graduated', { graduated_ranges: gap }), { properties: ['invalid_graduated_ranges'] });
  t.deepEqual(await errors('graduated_percentage', {}), {
    'charges.0.charge_model': ['graduated_percentage_requires_premium_license'],
  });
});

test('keeps interval and currency of a plan with subscriptions, but lets its amount change', async (t) => {
  const { call } = t.context.lago;
  await call('POST', '/plans', plan('pro', 1000));
  await call('POST', '/subscriptions', subscription('sub_1', 'pro'));
  await call('PUT', '/plans/pro', { plan: { amount_cents: 1500, interval: 'yearly', amount_currency: 'EUR' } });
  t.like((await call('GET', '/plans/pro')).body.plan, {
    amount_cents: 1500,
    interval: 'monthly',
    amount_currency: 'DZD',
  });
});

test('pages a list and says where one is', async (t) => {
  const { call } = t.context.lago;
  for (const code of ['a', 'b', 'c']) await call('POST', '/plans', plan(code, 100));
  const { body } = await call('GET', '/plans?page=2&per_page=2');
  t.is(body.plans.length, 1);
  t.deepEqual(body.meta as unknown, { current_page: 2, next_page: null, prev_page: 1, total_pages: 2, total_count: 3 });
  t.is((await call('GET', '/invoices')).body.meta.current_page, 0);
});

test('keeps the premium features behind a 403', async (t) => {
  const { call } = t.context.lago;
  const wall = { status: 403, body: { status: 403, error: 'Forbidden', code: 'feature_unavailable' } };
  t.like(await call('POST', '/payments', { payment: {} }), wall);
  t.like(await call('POST', '/invoices/preview', {}), wall);
  await call('POST', '/plans', plan('pro', 1000));
  t.like(await call('POST', '/subscriptions', subscription('s', 'pro', { plan_overrides: {} })), wall);
});

test('hands out the HMAC key over GraphQL to whoever logged in', async (t) => {
  const { url } = t.context.lago;
  const ask = async (query: string, headers: Record<string, string> = {}) => {
    const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) });
    return (await response.json()) as { data?: Record<string, Record<string, unknown>>; errors?: unknown[] };
  };
  const login = await ask(
    'mutation { loginUser(input:{email:"a",password:"b"}) { token user { organizations { id } } } }',
  );
  const { token, user } = login.data?.['loginUser'] as { token: string; user: { organizations: [{ id: string }] } };
  const headers = { authorization: `Bearer ${token}`, 'x-lago-organization': user.organizations[0].id };
  t.is((await ask('query { organization { hmacKey } }', headers)).data?.['organization']?.['hmacKey'], 'lago-hmac-key');
  t.is((await ask('query { organization { hmacKey } }')).errors?.length, 1);
});
