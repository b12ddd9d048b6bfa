import anyTest, { type TestFn } from 'ava';
import { createHmac } from 'node:crypto';
import { receive, type Receiver } from '../../test/receiver.ts';
import { ClockFrom, serve, type Served } from '../../test/serve.ts';
import { createChargily } from './chargily.ts';
import type { Checkout } from './model.ts';

const KEY = 'test_sk_sandbox';
const BASE = '/test/api/v2';

interface Answer {
  status: number;
  body: Checkout & {
    message: string;
    errors: Record<string, string[]>;
    data: { id: string }[];
    total: number;
    wallets: { balance: number }[];
  };
}

interface Context extends Served {
  hooks: Receiver;
  call: (method: string, path: string, body?: object, key?: string) => Promise<Answer>;
  submit: (id: string, outcome: string) => Promise<{ status: number; location: string | null }>;
}

const test = anyTest as TestFn<Context>;

test.beforeEach(async (t) => {
  const served = await serve(
    (world, url) => createChargily(world, { secretKey: KEY, publicUrl: () => url }),
    new ClockFrom('2026-11-03T10:00:00Z'),
  );
  t.context = {
    ...served,
    hooks: await receive(),
    call: async (method, path, body, key = KEY) => {
      const response = await fetch(`${served.url}${path}`, {
        method,
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: (await response.json()) as Answer['body'] };
    },
    submit: async (id, outcome) => {
      const response = await fetch(`${served.url}/pay/${id}`, {
        method: 'POST',
        body: new URLSearchParams({ outcome }),
        redirect: 'manual',
      });
      return { status: response.status, location: response.headers.get('location') };
    },
  };
});
test.afterEach.always(async (t) => {
  await t.context.standIn.stop?.();
  await Promise.all([t.context.close(), t.context.hooks.close()]);
});

const checkout = (hooks: Receiver, more: object = {}) => ({
  amount: 3500,
  currency: 'dzd',
  payment_method: 'edahabia',
  success_url: 'https://app.test/billing/return?inv=1',
  failure_url: 'https://app.test/billing/failed',
  webhook_endpoint: hooks.url,
  description: 'INV-2026-001',
  locale: 'fr',
  metadata: { lago_invoice_id: 'inv_1', attempt: '1' },
  ...more,
});

test('creates a checkout in whole dinars and finds it again', async (t) => {
  const { call, hooks } = t.context;
  const { status, body } = await call('POST', `${BASE}/checkouts`, checkout(hooks));
  t.is(status, 200);
  t.like(body, {
    entity: 'checkout',
    livemode: false,
    amount: 3500,
    fees: 0,
    currency: 'dzd',
    status: 'pending',
    metadata: { lago_invoice_id: 'inv_1', attempt: '1' },
    locale: 'fr',
    webhook_endpoint: hooks.url,
  });
  t.regex(body.id, /^[0-9a-z]{26}$/);
  t.is(body.checkout_url, `${t.context.url}/pay/${body.id}`);
  t.deepEqual((await call('GET', `${BASE}/checkouts/${body.id}`)).body, body);
  t.is((await call('GET', `${BASE}/checkouts`)).body.total, 1);
  t.is((await call('GET', `${BASE}/checkouts/nope`)).status, 404);
});

test('a test key is known under the test address only', async (t) => {
  const { call } = t.context;
  t.is((await call('GET', `${BASE}/balance`)).status, 200);
  t.deepEqual(await call('GET', '/api/v2/balance'), { status: 401, body: { message: 'Unauthenticated.' } as never });
  t.is((await call('GET', `${BASE}/balance`, undefined, 'live_sk_x')).status, 401);
});

test('refuses what is not a whole number of dinars, and names the field', async (t) => {
  const { call, hooks } = t.context;
  const errors = async (more: object) => {
    const { status, body } = await call('POST', `${BASE}/checkouts`, checkout(hooks, more));
    t.is(status, 422);
    return Object.keys(body.errors);
  };
  t.deepEqual(await errors({ amount: 35.5 }), ['amount']);
  t.deepEqual(await errors({ amount: '3500' }), ['amount']);
  t.deepEqual(await errors({ amount: 0 }), ['amount']);
  t.deepEqual(await errors({ currency: 'eur' }), ['currency']);
  t.deepEqual(await errors({ success_url: 'not a url' }), ['success_url']);
  t.deepEqual(await errors({ amount: undefined }), ['amount']);
  t.deepEqual(await errors({ succes_url: 'https://a.test' }), ['succes_url']);
  t.deepEqual(await errors({ payment_method: 'visa' }), ['payment_method']);
});

test('paying signs a webhook with the API key and sends the browser on', async (t) => {
  const { call, hooks, submit } = t.context;
  const { body } = await call('POST', `${BASE}/checkouts`, checkout(hooks));
  t.deepEqual(await submit(body.id, 'paid'), { status: 303, location: 'https://app.test/billing/return?inv=1' });
  const [delivery] = await hooks.wait(1);
  const raw = delivery?.raw ?? '';
  t.is(delivery?.headers['signature'], createHmac('sha256', KEY).update(raw).digest('hex'));
  t.like(delivery?.json, {
    entity: 'event',
    livemode: 'false',
    type: 'checkout.paid',
    data: { id: body.id, status: 'paid', amount: 3500, metadata: { lago_invoice_id: 'inv_1' } },
  });
  t.is((await call('GET', `${BASE}/checkouts/${body.id}`)).body.status, 'paid');
  t.is((await call('GET', `${BASE}/balance`)).body.wallets[0]?.balance, 3500);
  t.is((await submit(body.id, 'declined')).location, 'https://app.test/billing/return?inv=1');
  t.is(hooks.deliveries.length, 1);
});

test('a declined or cancelled checkout is over and goes to the failure page', async (t) => {
  const { call, hooks, submit } = t.context;
  for (const [outcome, status] of [
    ['declined', 'failed'],
    ['canceled', 'canceled'],
  ] as const) {
    const { body } = await call('POST', `${BASE}/checkouts`, checkout(hooks));
    t.is((await submit(body.id, outcome)).location, 'https://app.test/billing/failed');
    t.is((await call('GET', `${BASE}/checkouts/${body.id}`)).body.status, status);
    await hooks.wait(1, (delivery) => delivery.json['type'] === `checkout.${status}`);
  }
});

test('expires after half an hour, or on request', async (t) => {
  const { call, hooks, world } = t.context;
  const old = (await call('POST', `${BASE}/checkouts`, checkout(hooks))).body;
  await world.clock.advance(29 * 60_000);
  t.is((await call('GET', `${BASE}/checkouts/${old.id}`)).body.status, 'pending');
  await world.clock.advance(60_000);
  t.is((await call('GET', `${BASE}/checkouts/${old.id}`)).body.status, 'expired');
  await hooks.wait(1, (delivery) => delivery.json['type'] === 'checkout.expired');
  t.is((await call('POST', `${BASE}/checkouts/${old.id}/expire`)).status, 400);
  const fresh = (await call('POST', `${BASE}/checkouts`, checkout(hooks))).body;
  t.is((await call('POST', `${BASE}/checkouts/${fresh.id}/expire`)).body.status, 'expired');
  const paid = (await call('POST', `${BASE}/checkouts`, checkout(hooks))).body;
  t.context.standIn.actions?.['pay']?.({ checkoutId: paid.id });
  t.is((await call('POST', `${BASE}/checkouts/${paid.id}/expire`)).status, 403);
});

test('is not told twice by itself, so a refused webhook is lost until somebody polls or sends it again', async (t) => {
  const { call, hooks, submit, standIn } = t.context;
  const { body } = await call('POST', `${BASE}/checkouts`, checkout(hooks));
  hooks.answer(500);
  await submit(body.id, 'paid');
  await hooks.wait(1);
  await new Promise((resolve) => setTimeout(resolve, 200));
  t.is(hooks.deliveries.length, 1);
  hooks.answer(200);
  standIn.actions?.['redeliver']?.({ checkoutId: body.id });
  const [first, second] = await hooks.wait(2);
  t.is(second?.json['id'], first?.json['id']);
  t.is(second?.headers['signature'], first?.headers['signature']);
});

test('a duplicated webhook comes twice, a lost one never', async (t) => {
  const { call, hooks, submit, world } = t.context;
  world.faults.add({ target: 'chargily', kind: 'webhook_duplicate', path: 'checkout.paid', times: 1 });
  world.faults.add({ target: 'chargily', kind: 'webhook_lose', path: 'checkout.canceled', times: 1 });
  const paid = (await call('POST', `${BASE}/checkouts`, checkout(hooks))).body;
  const canceled = (await call('POST', `${BASE}/checkouts`, checkout(hooks))).body;
  await submit(canceled.id, 'canceled');
  await submit(paid.id, 'paid');
  await hooks.wait(2);
  await new Promise((resolve) => setTimeout(resolve, 100));
  t.true(hooks.deliveries.every((delivery) => delivery.json['type'] === 'checkout.paid'));
});

test('a checkout that is not what was asked for, and events that lie, on demand', async (t) => {
  const { call, hooks, standIn } = t.context;
  const { body } = await call('POST', `${BASE}/checkouts`, checkout(hooks));
  standIn.actions?.['process']?.({ checkoutId: body.id });
  t.is((await call('GET', `${BASE}/checkouts/${body.id}`)).body.status, 'processing');
  t.is((await call('POST', `${BASE}/checkouts/${body.id}/expire`)).status, 403);
  standIn.actions?.['alter']?.({ checkoutId: body.id, amount: 35, metadata: { lago_invoice_id: 'inv_of_another' } });
  standIn.actions?.['pay']?.({ checkoutId: body.id });
  t.like((await call('GET', `${BASE}/checkouts/${body.id}`)).body, {
    status: 'paid',
    amount: 35,
    metadata: { lago_invoice_id: 'inv_of_another' },
  });
  standIn.actions?.['announce_again']?.({ checkoutId: body.id });
  const paid = await hooks.wait(2, (delivery) => delivery.json['type'] === 'checkout.paid');
  t.is(new Set(paid.map(({ json }) => json['id'])).size, 2);
  standIn.actions?.['send_made_up']?.({ checkoutId: body.id, type: 'checkout.failed', data: { status: 'failed' } });
  await hooks.wait(1, (delivery) => delivery.json['type'] === 'checkout.failed');
  t.is((await call('GET', `${BASE}/checkouts/${body.id}`)).body.status, 'paid');
});

test('a forged signature is not that of the key', async (t) => {
  const { call, hooks, standIn, submit } = t.context;
  const { body } = await call('POST', `${BASE}/checkouts`, checkout(hooks));
  await submit(body.id, 'paid');
  standIn.actions?.['send_forged']?.({ checkoutId: body.id });
  const forged = (await hooks.wait(2))[1];
  t.not(
    forged?.headers['signature'],
    createHmac('sha256', KEY)
      .update(forged?.raw ?? '')
      .digest('hex'),
  );
});

test('a lost answer leaves a checkout that the list finds by its metadata', async (t) => {
  const { call, hooks, world } = t.context;
  world.faults.add({ target: 'chargily', kind: 'drop_after', path: '/checkouts', times: 1 });
  await t.throwsAsync(call('POST', `${BASE}/checkouts`, checkout(hooks)));
  world.faults.add({ target: 'chargily', kind: 'status', status: 429, times: 1 });
  t.is((await call('GET', `${BASE}/checkouts`)).status, 429);
  const { data } = (await call('GET', `${BASE}/checkouts`)).body;
  t.like(data[0], { metadata: { lago_invoice_id: 'inv_1', attempt: '1' } });
});

test('metadata left out is null, and without a webhook endpoint nobody is told', async (t) => {
  const { call, submit, standIn } = t.context;
  const input = { amount: 100, currency: 'dzd', success_url: 'https://app.test/ok' };
  const { body } = await call('POST', `${BASE}/checkouts`, input);
  t.is(body.metadata, null);
  t.is((await submit(body.id, 'canceled')).location, 'https://app.test/ok');
  t.like(standIn.state(), { checkouts: [{ id: body.id, status: 'canceled' }], webhooks: [] });
});

test('a checkout of items adds up their prices and lists them', async (t) => {
  const { call, hooks } = t.context;
  const product = (await call('POST', `${BASE}/products`, { name: 'Pro' })).body;
  const price = (await call('POST', `${BASE}/prices`, { amount: 1500, currency: 'dzd', product_id: product.id })).body;
  const items = [{ price: price.id, quantity: 2 }];
  const more = { amount: undefined, currency: undefined, items };
  const { body } = await call('POST', `${BASE}/checkouts`, checkout(hooks, more));
  t.is(body.amount, 3000);
  t.like((await call('GET', `${BASE}/checkouts/${body.id}/items`)).body.data[0], { id: price.id, quantity: 2 });
  t.is(
    (await call('POST', `${BASE}/checkouts`, checkout(hooks, { ...more, items: [{ price: 'x', quantity: 1 }] })))
      .status,
    422,
  );
});

test('keeps customers', async (t) => {
  const { call, hooks } = t.context;
  const { body } = await call('POST', `${BASE}/customers`, { name: 'Acme', email: 'a@acme.dz' });
  t.like(body, { entity: 'customer', name: 'Acme', phone: null });
  t.like((await call('PATCH', `${BASE}/customers/${body.id}`, { phone: '0550' })).body, {
    name: 'Acme',
    phone: '0550',
  });
  t.is((await call('POST', `${BASE}/checkouts`, checkout(hooks, { customer_id: body.id }))).body.customer_id, body.id);
  await call('DELETE', `${BASE}/customers/${body.id}`);
  t.is((await call('GET', `${BASE}/customers/${body.id}`)).status, 404);
  t.is((await call('POST', `${BASE}/checkouts`, checkout(hooks, { customer_id: body.id }))).status, 422);
});

test('the page offers every outcome and shows whole dinars', async (t) => {
  const { call, hooks, url } = t.context;
  const { body } = await call('POST', `${BASE}/checkouts`, checkout(hooks, { description: '<b>x</b>' }));
  const html = await (await fetch(body.checkout_url)).text();
  for (const outcome of ['paid', 'declined', 'canceled']) t.true(html.includes(`value="${outcome}"`));
  t.true(html.includes('3,500 DZD'));
  t.false(html.includes('<b>x'));
  const wrong = await fetch(`${url}/pay/${body.id}`, { method: 'POST', body: new URLSearchParams({ outcome: 'x' }) });
  t.is(wrong.status, 400);
});

test('asks for a minimum only when it is switched on, and serves live keys under the live address', async (t) => {
  const live = await serve((world, url) =>
    createChargily(world, { secretKey: 'live_sk_x', publicUrl: () => url, minimumAmount: 75 }),
  );
  const create = async (amount: number) => {
    const response = await fetch(`${live.url}/api/v2/checkouts`, {
      method: 'POST',
      headers: { authorization: 'Bearer live_sk_x', 'content-type': 'application/json' },
      body: JSON.stringify({ amount, currency: 'dzd', success_url: 'https://app.test/ok' }),
    });
    return { status: response.status, body: (await response.json()) as Checkout };
  };
  t.is((await create(74)).status, 422);
  t.like(await create(75), { status: 200, body: { livemode: true } });
  await live.close();
  const { call, hooks } = t.context;
  t.is((await call('POST', `${BASE}/checkouts`, checkout(hooks, { amount: 1 }))).status, 200);
});
