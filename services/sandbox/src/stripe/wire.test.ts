import anyTest, { type TestFn } from 'ava';
import { createHmac } from 'node:crypto';
import Stripe from 'stripe';
import { checkout, clientOf, ofEvent, startStripe, WEBHOOK_SECRET, type StripeUnderTest } from '../../test/stripe.ts';
import { decodeForm } from './form.ts';

const test = anyTest as TestFn<StripeUnderTest>;

test.beforeEach(async (t) => {
  t.context = await startStripe();
});
test.afterEach.always((t) => t.context.stop());

test('decodes nested forms', (t) => {
  t.deepEqual(decodeForm('a[0][b][c]=1&a[1][b]=2&e[]=x&e[]=y&m[k%20l]=v%26w'), {
    a: [{ b: { c: '1' } }, { b: '2' }],
    e: ['x', 'y'],
    m: { 'k l': 'v&w' },
  });
  t.false('polluted' in decodeForm('__proto__[polluted]=1&a=b'));
  t.false('polluted' in {});
});

test('answers 401 for a wrong key and for none', async (t) => {
  const { raw, url } = t.context;
  const wrong = await raw('GET', '/v1/customers', undefined, { authorization: 'Bearer sk_test_wrong_abcdefgh' });
  t.is(wrong.status, 401);
  t.like(await wrong.json(), { error: { type: 'invalid_request_error' } });
  t.is((await fetch(`${url}/v1/customers`)).status, 401);
});

test('answers 404 for what does not exist', async (t) => {
  const { stripe, raw } = t.context;
  await t.throwsAsync(stripe.customers.retrieve('cus_nope'), { code: 'resource_missing', message: /No such customer/ });
  await t.throwsAsync(stripe.checkout.sessions.retrieve('cs_nope'), { code: 'resource_missing' });
  t.is((await raw('GET', '/v1/nope')).status, 404);
});

test('refuses another API version', async (t) => {
  const { raw } = t.context;
  const response = await raw('GET', '/v1/customers', undefined, { 'stripe-version': '2024-06-20' });
  t.is(response.status, 400);
  t.is((await raw('GET', '/v1/customers')).headers.get('stripe-version'), '2026-10-28.endive');
});

test('the same idempotency key gives the same answer, and another body under it an error', async (t) => {
  const { stripe, raw } = t.context;
  const options = { idempotencyKey: 'attempt-1' };
  const first = await stripe.checkout.sessions.create(checkout(), options);
  const second = await stripe.checkout.sessions.create(checkout(), options);
  t.is(second.id, first.id);
  t.is((await stripe.checkout.sessions.list()).data.length, 1);
  const error = await t.throwsAsync(stripe.checkout.sessions.create(checkout({ locale: 'fr' }), options), {
    instanceOf: Stripe.errors.StripeIdempotencyError,
  });
  t.is(error?.statusCode, 400);
  const send = () => raw('POST', '/v1/customers', 'email=a@b.dz', { 'idempotency-key': 'c-1' });
  t.is((await send()).headers.get('idempotent-replayed'), null);
  t.is((await send()).headers.get('idempotent-replayed'), 'true');
});

test('a declined charge is declined again under its key, a refused request leaves its key free', async (t) => {
  const { stripe } = t.context;
  const charge = () =>
    stripe.paymentIntents.create(
      { amount: 100, currency: 'eur', confirm: true, payment_method: 'pm_card_chargeDeclined' },
      { idempotencyKey: 'renewal-1' },
    );
  await t.throwsAsync(charge(), { code: 'card_declined' });
  await t.throwsAsync(charge(), { code: 'card_declined' });
  t.is((await stripe.paymentIntents.list()).data.length, 1);
  const options = { idempotencyKey: 'session-1' };
  await t.throwsAsync(stripe.checkout.sessions.create(checkout({ customer: 'cus_nope' }), options));
  t.regex((await stripe.checkout.sessions.create(checkout(), options)).id, /^cs_/);
});

test('a lost answer is repaired by the client’s own retry', async (t) => {
  const { port, world, stripe } = t.context;
  world.faults.add({ target: 'stripe', kind: 'drop_after', path: '/v1/checkout/sessions', times: 1 });
  await clientOf(port, 2).checkout.sessions.create(checkout());
  t.is((await stripe.checkout.sessions.list()).data.length, 1);
});

test('an injected status is an error the client understands', async (t) => {
  const { stripe, world } = t.context;
  world.faults.add({ target: 'stripe', kind: 'status', status: 503, times: 1 });
  await t.throwsAsync(stripe.customers.create({}), { instanceOf: Stripe.errors.StripeAPIError });
});

test('pages a list', async (t) => {
  const { stripe } = t.context;
  const made: string[] = [];
  for (let count = 0; count < 3; count += 1) made.push((await stripe.customers.create({})).id);
  const page = await stripe.customers.list({ limit: 2 });
  t.deepEqual([page.has_more, page.data.map(({ id }) => id)], [true, [made[2], made[1]]]);
  const all: string[] = [];
  for await (const customer of stripe.customers.list({ limit: 2 })) all.push(customer.id);
  t.deepEqual(all, made.toReversed());
});

test('merges metadata and takes a key away by an empty value', async (t) => {
  const { stripe } = t.context;
  const { id } = await stripe.customers.create({ metadata: { a: '1', b: '2' } });
  t.deepEqual((await stripe.customers.update(id, { metadata: { b: '', c: '3' } })).metadata, { a: '1', c: '3' });
});

test('signs t.body by HMAC-SHA256 and sends a body that must not be re-serialised', async (t) => {
  const { stripe, hooks, submit } = t.context;
  const session = await stripe.checkout.sessions.create(checkout());
  await submit(session.url, { outcome: 'paid' });
  const [delivery] = await hooks.wait(1, ofEvent('checkout.session.completed'));
  const { t: time = '', v1 } = Object.fromEntries(
    (delivery?.headers['stripe-signature'] ?? '').split(',').map((part) => part.split('=')),
  ) as { t?: string; v1?: string };
  t.is(
    v1,
    createHmac('sha256', WEBHOOK_SECRET)
      .update(`${time}.${delivery?.raw ?? ''}`)
      .digest('hex'),
  );
  t.true(Math.abs(Number(time) - Date.now() / 1000) < 5);
  t.not(delivery?.raw, JSON.stringify(delivery?.json));
});

test('a signature 301 s old is refused by the client', async (t) => {
  const { stripe, hooks, submit, standIn, verify } = t.context;
  const session = await stripe.checkout.sessions.create(checkout());
  await submit(session.url, { outcome: 'paid' });
  await hooks.wait(1, ofEvent('checkout.session.completed'));
  standIn.actions?.['send_old']?.({ type: 'checkout.session.completed' });
  const [, old] = await hooks.wait(2, ofEvent('checkout.session.completed'));
  t.throws(() => verify(old), { message: /Timestamp outside the tolerance zone/ });
  standIn.actions?.['redeliver']?.({ type: 'checkout.session.completed' });
  const [first, , again] = await hooks.wait(3, ofEvent('checkout.session.completed'));
  t.is(verify(again).id, verify(first).id);
});

test('tries again when the receiver fails, with a fresh signature', async (t) => {
  const { stripe, hooks, standIn, verify } = t.context;
  const session = await stripe.checkout.sessions.create(checkout());
  hooks.answer(500);
  standIn.actions?.['expire']?.({ sessionId: session.id });
  await hooks.wait(1);
  hooks.answer(200);
  const deliveries = await hooks.wait(2);
  t.is(new Set(deliveries.map((delivery) => verify(delivery).id)).size, 1);
});

test('keeps every event for whoever lost the webhook', async (t) => {
  const { stripe, world, hooks, submit } = t.context;
  world.faults.add({ target: 'stripe', kind: 'webhook_lose', path: 'checkout.session.completed' });
  const session = await stripe.checkout.sessions.create(checkout());
  await submit(session.url, { outcome: 'paid' });
  await hooks.wait(1, ofEvent('payment_intent.succeeded'));
  t.is(hooks.deliveries.filter(ofEvent('checkout.session.completed')).length, 0);
  const { data } = await stripe.events.list({ type: 'checkout.session.completed' });
  t.like(await stripe.events.retrieve(data[0]?.id ?? ''), {
    data: { object: { id: session.id } },
    pending_webhooks: 1,
  });
});

test('tells an endpoint made over the API under a secret of its own', async (t) => {
  const { stripe, hooks } = t.context;
  const endpoint = await stripe.webhookEndpoints.create({ url: hooks.url, enabled_events: ['customer.created'] });
  await stripe.customers.create({});
  const [delivery] = await hooks.wait(1, ofEvent('customer.created'));
  const signature = delivery?.headers['stripe-signature'] ?? '';
  const event = stripe.webhooks.constructEvent(delivery?.raw ?? '', signature, endpoint.secret ?? '');
  t.is(event.type, 'customer.created');
  t.is((await stripe.webhookEndpoints.list()).data.length, 2);
});

test('forgets everything on reset but the endpoint it was started with', async (t) => {
  const { stripe, standIn } = t.context;
  const { id } = await stripe.customers.create({});
  await standIn.reset();
  await t.throwsAsync(stripe.customers.retrieve(id), { code: 'resource_missing' });
  t.is((await stripe.webhookEndpoints.list()).data.length, 1);
});
