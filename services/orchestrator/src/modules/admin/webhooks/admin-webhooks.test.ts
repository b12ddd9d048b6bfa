import test from 'ava';
import { newId } from '#core/ids.ts';
import { receive } from '#core/inbox/receive.ts';
import { WEBHOOK_JOBS } from '#modules/billing/webhooks/schemas.ts';
import { startTestApi } from '#test/support/api.ts';
import { type BillingWorld, onPaymentPage, startBillingWorld } from '#test/support/billing-world.ts';
import type { Caller } from '#test/support/matrix.ts';
import { createUser } from '#test/support/people.ts';
import { type TestApp, atEnd, createTestApp, eventually } from '#test/support/stack.ts';
import type { ReceivedWebhook, ReceivedWebhookWithBody } from './schemas.ts';

interface WebhookPage {
  items: ReceivedWebhook[];
  nextCursor: string | null;
}

async function listed(
  { api }: Pick<BillingWorld, 'api'>,
  caller: Caller,
  query: Record<string, string> = {},
): Promise<ReceivedWebhook[]> {
  const { body } = await api.request('get', '/v1/admin/webhooks', caller, { query });
  return (body as WebhookPage).items;
}

const from = (app: TestApp, source: keyof typeof WEBHOOK_JOBS, eventKey: string, body: object, eventType = 'x.y') =>
  receive(app.ctx, { source, eventKey, eventType, body: JSON.stringify(body), job: WEBHOOK_JOBS[source] });

test('found by where it came from, type, state, time, and any id in it', async (t) => {
  const app = await createTestApp(atEnd(t));
  const api = await startTestApi(app);
  const support = await createUser(app, { roles: ['support'] });
  const found = async (query: Record<string, string>) =>
    (await listed({ api }, support, query)).map(({ eventId }) => eventId);
  await from(app, 'lago', 'lago-1', { invoice: { lago_id: 'a-lago-id' } }, 'invoice.created');
  await from(app, 'stripe', 'evt_1', { data: { object: { id: 'cs_100%_sure' } } });
  await from(app, 'stripe', 'evt_2', { data: {} });
  await app.ctx.db('inbox').where({ event_key: 'evt_1' }).update({ handled_at: new Date(), outcome: 'paid' });
  await app.ctx.db('outbox').where('key', 'like', 'billing.lago_webhook/%').update({ state: 'failed', error: 'no' });
  t.deepEqual(await found({}), ['evt_2', 'evt_1', 'lago-1']);
  t.deepEqual(await found({ source: 'lago' }), ['lago-1']);
  t.deepEqual(await found({ type: 'invoice.created' }), ['lago-1']);
  t.deepEqual(await found({ state: 'handled' }), ['evt_1']);
  t.deepEqual(await found({ state: 'failed' }), ['lago-1']);
  t.deepEqual(await found({ state: 'waiting' }), ['evt_2']);
  t.deepEqual(await found({ q: 'a-lago-id' }), ['lago-1']);
  t.deepEqual(await found({ q: 'evt_2' }), ['evt_2']);
  t.deepEqual(await found({ q: '100%_sure' }), ['evt_1']);
  t.deepEqual(await found({ q: '100__sure' }), [], 'what is looked for is text, not a pattern');
  const [newest] = await listed({ api }, support, { q: 'evt_2' });
  t.deepEqual(await found({ q: newest?.id ?? '' }), ['evt_2']);
  t.deepEqual(await found({ since: new Date(Date.now() - 60_000).toISOString() }), ['evt_2', 'evt_1', 'lago-1']);
  t.deepEqual(await found({ since: new Date(Date.now() + 60_000).toISOString() }), []);
  t.deepEqual(await found({ until: new Date(Date.now() - 60_000).toISOString() }), []);
  t.deepEqual(await found({ limit: '1' }), ['evt_2']);
  const [failed] = await listed({ api }, support, { state: 'failed' });
  t.like(failed, { problem: 'no', nextTryAt: null, outcome: null });
});

test('text is looked for in the last week unless the question says since when', async (t) => {
  const app = await createTestApp(atEnd(t));
  const api = await startTestApi(app);
  const support = await createUser(app, { roles: ['support'] });
  const monthAgo = new Date(Date.now() - 30 * 86_400_000);
  const row = { source: 'lago', event_key: 'old', event_type: 'x', body: '"the old one"', received_at: monthAgo };
  await app.ctx.db('inbox').insert({ id: newId('inbox', monthAgo), ...row });
  t.is((await listed({ api }, support)).length, 1);
  t.is((await listed({ api }, support, { q: 'the old one' })).length, 0);
  const since = new Date(monthAgo.getTime() - 1000).toISOString();
  t.is((await listed({ api }, support, { q: 'the old one', since })).length, 1);
});

test('shows the body, and no secret in it', async (t) => {
  const app = await createTestApp(atEnd(t));
  const api = await startTestApi(app);
  const support = await createUser(app, { roles: ['support'] });
  const body = { data: { object: { id: 'pi_1', client_secret: 'pi_1_secret_x', charges: [{ secret: 'y' }] } } };
  await from(app, 'stripe', 'evt_1', body);
  const [webhook] = await listed({ api }, support);
  const params = { webhookId: webhook?.id ?? '' };
  const answer = await api.request('get', '/v1/admin/webhooks/:webhookId', support, { params });
  t.deepEqual((answer.body as ReceivedWebhookWithBody).body, {
    data: { object: { id: 'pi_1', client_secret: '[hidden]', charges: [{ secret: '[hidden]' }] } },
  });
});

test('handled again, it reads from its sender, and changes nothing that is right already', async (t) => {
  const world = await startBillingWorld(atEnd(t), { schedules: [] });
  const { app, api } = world;
  const support = await createUser(app, { roles: ['support'] });
  const owner = await world.createOwner();
  const invoice = await owner.invoiceOf((await owner.subscribe('starter-m-eur-v1')).id);
  await onPaymentPage((await owner.checkout(invoice.id)).url, 'paid');
  await owner.paid(invoice.id);
  const all = await eventually('all to be handled', async () => {
    const found = await listed(world, support, { limit: '100' });
    return found.length > 3 && found.every(({ state }) => state === 'handled') && found;
  });
  const replay = (webhookId: string) =>
    api.request('post', '/v1/admin/webhooks/:webhookId/replay', support, { params: { webhookId } });
  for (const { id } of [...all, ...all.slice(0, 2)]) {
    const answer = await replay(id);
    t.is(answer.status, 202, JSON.stringify(answer.body));
    t.is((answer.body as ReceivedWebhook).state, 'waiting');
  }
  const again = await eventually('all to be handled again', async () => {
    const found = await listed(world, support, { limit: '100' });
    return found.every(({ state }) => state === 'handled') && found;
  });
  t.true(again.every(({ replays, outcome }) => replays >= 1 && outcome !== 'projected' && outcome !== 'paid'));
  t.is(again.filter(({ replays }) => replays === 2).length, 2);
  const payments = await app.ctx.db('payments').where({ tenant_id: owner.tenantId });
  t.is(payments.length, 1);
  const [audit] = await app.ctx
    .db('audit_log')
    .where({ action: 'webhook.replay' })
    .count<{ count: number }[]>({ count: '*' });
  t.is(Number(audit?.count), all.length + 2);
});

test('a webhook that was given up is handled after it was replayed', async (t) => {
  const world = await startBillingWorld(atEnd(t), { schedules: [], isIdle: true });
  const support = await createUser(world.app, { roles: ['support'] });
  await from(world.app, 'lago', 'lago-1', { webhook_type: 'customer.updated' });
  await world.app.ctx.db('outbox').update({ state: 'failed', error: 'no' });
  const [webhook] = await listed(world, support, { state: 'failed' });
  const params = { webhookId: webhook?.id ?? '' };
  await world.api.request('post', '/v1/admin/webhooks/:webhookId/replay', support, { params });
  t.is((await listed(world, support, { state: 'waiting' })).length, 1);
  world.startWorker();
  await eventually('it to be handled', async () => (await listed(world, support, { state: 'handled' })).length === 1);
});

test('support reads and replays; finance does neither', async (t) => {
  const app = await createTestApp(atEnd(t));
  const api = await startTestApi(app);
  await from(app, 'lago', 'lago-1', {});
  const [row] = await app.ctx.db('inbox').select<{ id: string }[]>('id');
  const params = { webhookId: row?.id ?? '' };
  for (const [role, read, write] of [
    ['superadmin', 200, 202],
    ['support', 200, 202],
    ['finance', 403, 403],
  ] as const) {
    const caller = await createUser(app, { roles: [role] });
    t.is((await api.request('get', '/v1/admin/webhooks', caller)).status, read, role);
    t.is((await api.request('get', '/v1/admin/webhooks/:webhookId', caller, { params })).status, read, role);
    t.is((await api.request('post', '/v1/admin/webhooks/:webhookId/replay', caller, { params })).status, write, role);
  }
});
