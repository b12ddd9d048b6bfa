import anyTest, { type TestFn } from 'ava';
import { ofEvent, startStripe, type StripeUnderTest } from '../../../test/stripe.ts';

const test = anyTest as TestFn<StripeUnderTest>;

test.beforeEach(async (t) => {
  t.context = await startStripe();
});
test.afterEach.always((t) => t.context.stop());

test('finds a price by its lookup key, with its product', async (t) => {
  const { stripe } = t.context;
  const price = await stripe.prices.create({
    currency: 'EUR',
    unit_amount: 2900,
    recurring: { interval: 'month' },
    lookup_key: 'starter-m-eur-v1',
    product_data: { name: 'Starter' },
    metadata: { plan: 'starter' },
  });
  t.like(price, {
    object: 'price',
    type: 'recurring',
    currency: 'eur',
    unit_amount: 2900,
    recurring: { interval: 'month', interval_count: 1, usage_type: 'licensed', meter: null },
    active: true,
  });
  t.is(String(price.unit_amount_decimal), '2900');
  const found = await stripe.prices.list({
    lookup_keys: ['starter-m-eur-v1', 'nope'],
    active: true,
    expand: ['data.product'],
  });
  t.is(found.data.length, 1);
  t.like(found.data[0]?.product, { object: 'product', name: 'Starter', active: true });
});

test('one active price holds a lookup key until it is transferred', async (t) => {
  const { stripe, hooks, verify } = t.context;
  await stripe.webhookEndpoints.create({ url: hooks.url, enabled_events: ['price.updated'] });
  const product = await stripe.products.create({ name: 'Starter', id: 'prod_starter' });
  t.is(product.id, 'prod_starter');
  const fields = { product: product.id, currency: 'eur', recurring: { interval: 'month' as const } };
  const first = await stripe.prices.create({ ...fields, unit_amount: 2900, lookup_key: 'starter' });
  await t.throwsAsync(stripe.prices.create({ ...fields, unit_amount: 3900, lookup_key: 'starter' }), {
    message: /already uses that lookup key/,
  });
  const second = await stripe.prices.create({
    ...fields,
    unit_amount: 3900,
    lookup_key: 'starter',
    transfer_lookup_key: true,
  });
  t.is((await stripe.prices.retrieve(first.id)).lookup_key, null);
  t.is((await stripe.prices.list({ lookup_keys: ['starter'] })).data[0]?.id, second.id);
  const [updated] = await hooks.wait(1, ofEvent('price.updated'));
  t.throws(() => verify(updated), undefined, 'signed by the secret of its own endpoint');
  t.like(updated?.json, { data: { previous_attributes: { lookup_key: 'starter' } } });
});

test('an amount never changes, a name does, and a product with prices stays', async (t) => {
  const { stripe, raw } = t.context;
  const product = await stripe.products.create({ name: 'Starter' });
  const price = await stripe.prices.create({ product: product.id, currency: 'eur', unit_amount: 100 });
  t.is(price.type, 'one_time');
  const refused = await raw('POST', `/v1/prices/${price.id}`, 'unit_amount=200');
  t.like(await refused.json(), { error: { code: 'parameter_unknown', param: 'unit_amount' } });
  t.is((await stripe.prices.update(price.id, { active: false })).active, false);
  t.is((await stripe.products.update(product.id, { name: 'Starter 2' })).name, 'Starter 2');
  await t.throwsAsync(stripe.products.del(product.id), { message: /cannot be deleted/ });
  const empty = await stripe.products.create({ name: 'x' });
  t.true((await stripe.products.del(empty.id)).deleted);
  await t.throwsAsync(stripe.products.create({ id: product.id, name: 'x' }), { code: 'resource_already_exists' });
  const list = await stripe.products.list({ active: true, ids: [product.id] });
  t.deepEqual(
    list.data.map(({ id }) => id),
    [product.id],
  );
});

test('refuses metered prices and tiers, which nobody here counts', async (t) => {
  const { stripe } = t.context;
  const product = await stripe.products.create({ name: 'x' });
  const fields = { product: product.id, currency: 'eur', unit_amount: 1 };
  await t.throwsAsync(stripe.prices.create({ ...fields, recurring: { interval: 'month', usage_type: 'metered' } }), {
    message: /usage_type/,
  });
  await t.throwsAsync(stripe.prices.create({ ...fields, billing_scheme: 'tiered' }), { message: /billing_scheme/ });
});
