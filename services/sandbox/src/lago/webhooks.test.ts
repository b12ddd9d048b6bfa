import test from 'ava';
import { createHmac, createPublicKey, createVerify } from 'node:crypto';
import { HMAC_KEY, ofType, plan, startLago, subscription, type LagoUnderTest } from '../../test/lago.ts';

const customer = (name: string) => ({ customer: { external_id: 'ten_1', name } });

async function withLago(run: (lago: LagoUnderTest) => Promise<void>, algorithm: 'hmac' | 'jwt' = 'hmac') {
  const lago = await startLago('2026-11-03T10:00:00Z', algorithm);
  try {
    await run(lago);
  } finally {
    await lago.stop();
  }
}

interface WebhookState {
  webhooks: { id: string; webhookType: string; status: string; attempts: number; httpStatus: number | null }[];
}
const stateOf = (lago: LagoUnderTest) => lago.standIn.state() as WebhookState;

test('signs the raw body by HMAC, and the raw body is escaped as Rails does', (t) =>
  withLago(async (lago) => {
    await lago.call('POST', '/customers', customer('<Acme & Söhne>'));
    const [delivery] = await lago.hooks.wait(1);
    const raw = delivery?.raw ?? '';
    t.is(delivery?.headers['x-lago-signature'], createHmac('sha256', HMAC_KEY).update(raw).digest('base64'));
    t.is(delivery?.headers['x-lago-signature-algorithm'], 'hmac');
    t.true(raw.includes('\\u003cAcme \\u0026 Söhne\\u003e'));
    t.not(raw, JSON.stringify(JSON.parse(raw)));
    t.like(delivery?.json, { webhook_type: 'customer.created', object_type: 'customer' });
    t.is(typeof delivery?.json['organization_id'], 'string');
  }));

test('signs by JWT when asked, with a public key anyone may fetch with the API key', (t) =>
  withLago(async (lago) => {
    await lago.call('POST', '/customers', customer('<Acme>'));
    const [delivery] = await lago.hooks.wait(1);
    const [head = '', claims = '', signature = ''] = (delivery?.headers['x-lago-signature'] ?? '').split('.');
    const encoded = (await lago.call('GET', '/webhooks/json_public_key')).body.webhook.public_key;
    const key = createPublicKey(Buffer.from(encoded, 'base64').toString());
    t.true(createVerify('RSA-SHA256').update(`${head}.${claims}`).verify(key, signature, 'base64url'));
    const decoded = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>;
    t.deepEqual(decoded, { data: delivery?.raw, iss: 'http://localhost:3000' });
    t.deepEqual(JSON.parse(Buffer.from(head, 'base64url').toString()), { alg: 'RS256' });
  }, 'jwt'));

test('tries three times in all under one unique key, then gives up', (t) =>
  withLago(async (lago) => {
    lago.hooks.answer(500);
    await lago.call('POST', '/customers', customer('Acme'));
    const tries = await lago.hooks.wait(3);
    t.is(new Set(tries.map((delivery) => delivery.headers['x-lago-unique-key'])).size, 1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    t.like(stateOf(lago).webhooks[0], { status: 'failed', attempts: 3, httpStatus: 500 });
  }));

test('takes 200, 201, 202 and 204 for an answer, and nothing else', (t) =>
  withLago(async (lago) => {
    for (const status of [200, 201, 202, 204]) {
      lago.hooks.answer(status);
      await lago.call('POST', '/customers', customer(`answered ${status}`));
      await lago.hooks.wait(1, (delivery) => delivery.raw.includes(`answered ${status}`));
    }
    lago.hooks.answer(203);
    await lago.call('POST', '/customers', customer('answered 203'));
    t.is((await lago.hooks.wait(2, (delivery) => delivery.raw.includes('answered 203'))).length, 2);
    t.is(lago.hooks.deliveries.filter((delivery) => !delivery.raw.includes('answered 203')).length, 4);
  }));

test('never stores what happens while no endpoint is registered', (t) =>
  withLago(async (lago) => {
    const { webhook_endpoints: endpoints } = (await lago.call('GET', '/webhook_endpoints')).body;
    const id = (endpoints[0] as { lago_id: string }).lago_id;
    t.is((await lago.call('DELETE', `/webhook_endpoints/${id}`)).status, 200);
    await lago.call('POST', '/customers', customer('Acme'));
    t.is(stateOf(lago).webhooks.length, 0);
  }));

test('sends an endpoint only the types it asked for', (t) =>
  withLago(async (lago) => {
    const { webhook_endpoints: endpoints } = (await lago.call('GET', '/webhook_endpoints')).body;
    const id = (endpoints[0] as { lago_id: string }).lago_id;
    const change = { webhook_endpoint: { event_types: ['invoice.created'] } };
    await lago.call('PUT', `/webhook_endpoints/${id}`, change);
    await lago.call('POST', '/plans', plan('pro', 1000));
    await lago.call('POST', '/subscriptions', subscription('sub_1', 'pro'));
    await lago.hooks.wait(1);
    t.deepEqual(
      stateOf(lago).webhooks.map((row) => row.webhookType),
      ['invoice.created'],
    );
  }));

test('registers ten endpoints at most, each address once', (t) =>
  withLago(async (lago) => {
    const add = (port: number) =>
      lago.call('POST', '/webhook_endpoints', { webhook_endpoint: { webhook_url: `http://orchestrator:${port}/` } });
    for (let port = 1; port <= 9; port += 1) t.is((await add(port)).status, 200);
    t.deepEqual((await add(1)).body.error_details, { webhook_url: ['value_already_exist'] });
    t.deepEqual((await add(10)).body.error_details, { base: ['exceeded_limit'] });
  }));

test('a lost webhook never comes, a duplicated one comes twice under one key', (t) =>
  withLago(async (lago) => {
    lago.world.faults.add({ target: 'lago', kind: 'webhook_lose', path: 'customer.created', times: 1 });
    lago.world.faults.add({ target: 'lago', kind: 'webhook_duplicate', path: 'customer.updated', times: 1 });
    await lago.call('POST', '/customers', customer('first'));
    await lago.call('POST', '/customers', customer('second'));
    const twice = await lago.hooks.wait(2, ofType('customer.updated'));
    t.is(new Set(twice.map((delivery) => delivery.headers['x-lago-unique-key'])).size, 1);
    t.is(lago.hooks.deliveries.filter(ofType('customer.created')).length, 0);
  }));

test('a reordered webhook comes after the one that followed it', (t) =>
  withLago(async (lago) => {
    lago.world.faults.add({ target: 'lago', kind: 'webhook_reorder', path: 'customer.created', times: 1 });
    await lago.call('POST', '/customers', customer('first'));
    await lago.call('POST', '/customers', customer('second'));
    const deliveries = await lago.hooks.wait(2);
    t.deepEqual(
      deliveries.map((delivery) => delivery.json['webhook_type']),
      ['customer.updated', 'customer.created'],
    );
  }));

test('a dropped answer leaves the work done', (t) =>
  withLago(async (lago) => {
    lago.world.faults.add({ target: 'lago', kind: 'drop_after', path: '/customers', times: 1 });
    await t.throwsAsync(lago.call('POST', '/customers', customer('Acme')));
    t.is((await lago.call('GET', '/customers/ten_1')).status, 200);
  }));

test('sends a stored webhook again under its own key', (t) =>
  withLago(async (lago) => {
    await lago.call('POST', '/customers', customer('Acme'));
    const [first] = await lago.hooks.wait(1);
    lago.standIn.actions?.['redeliver']?.({ webhookType: 'customer.created' });
    const [, second] = await lago.hooks.wait(2);
    t.is(second?.headers['x-lago-unique-key'], first?.headers['x-lago-unique-key']);
    t.is(second?.raw, first?.raw);
  }));

test('webhooks that are forged or made up, on demand', (t) =>
  withLago(async (lago) => {
    await lago.call('POST', '/customers', customer('Acme'));
    await lago.hooks.wait(1);
    lago.standIn.actions?.['send_forged']?.({ webhookType: 'customer.created' });
    const forged = (await lago.hooks.wait(2))[1];
    const honest = createHmac('sha256', HMAC_KEY)
      .update(forged?.raw ?? '')
      .digest('base64');
    t.not(forged?.headers['x-lago-signature'], honest);
    lago.standIn.actions?.['send_made_up']?.({
      webhookType: 'invoice.payment_status_updated',
      objectType: 'invoice',
      object: { lago_id: 'inv_of_another', payment_status: 'succeeded' },
    });
    const [madeUp] = await lago.hooks.wait(1, ofType('invoice.payment_status_updated'));
    t.like(madeUp?.json, { object_type: 'invoice', invoice: { lago_id: 'inv_of_another' } });
  }));

test('a burst of errors, slowness and an answer that is lost leave one subscription', (t) =>
  withLago(async (lago) => {
    const { faults } = lago.world;
    await lago.call('POST', '/customers', customer('Acme'));
    await lago.call('POST', '/plans', plan('pro', 300_000));
    const path = '/subscriptions';
    faults.add({ target: 'lago', kind: 'status', status: 500, path, times: 2 });
    const subscribe = () => lago.call('POST', path, subscription('sub_1', 'pro'));
    t.deepEqual([(await subscribe()).status, (await subscribe()).status], [500, 500]);
    faults.add({ target: 'lago', kind: 'latency', ms: 50, path, times: 1 });
    faults.add({ target: 'lago', kind: 'drop_after', path, times: 1 });
    t.is((await subscribe()).status, 200);
    await t.throwsAsync(subscribe());
    t.is((await subscribe()).status, 200);
    t.is((await lago.call('GET', path)).body.meta.total_count, 1);
    t.is((await lago.call('GET', '/invoices')).body.meta.total_count, 1);
  }));

test('forgets everything on reset', (t) =>
  withLago(async (lago) => {
    await lago.call('POST', '/customers', customer('Acme'));
    await lago.standIn.reset();
    t.is((await lago.call('GET', '/customers/ten_1')).status, 404);
    t.is((await lago.call('GET', '/webhook_endpoints')).body.meta.total_count, 0);
  }));
