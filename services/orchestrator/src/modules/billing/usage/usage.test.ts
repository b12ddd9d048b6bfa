import test from 'ava';
import { withTransaction } from '#core/db/transaction.ts';
import { type BillingOwner, type BillingWorld, startBillingWorld } from '#test/support/billing-world.ts';
import { atEndOfFile, eventually } from '#test/support/stack.ts';
import { activeSubscription, recordUsage } from '../service.ts';
import { flushUsage } from './flush.ts';
import type { UsageRow } from './queries.ts';

interface SentEvent {
  transaction_id: string;
  external_subscription_id: string;
  code: string;
  timestamp: string;
  properties: Record<string, unknown>;
}

const cleanUp = atEndOfFile(test);
let world: BillingWorld;
test.before(async () => {
  world = await startBillingWorld(cleanUp, { schedules: [] });
});
test.afterEach.always(() => world.sandbox.world.faults.clear());

const sent = (owner: BillingOwner) => {
  const { events } = world.sandbox.standIns['lago']?.state() as { events: SentEvent[] };
  const mine = new Set(ids.get(owner));
  return events.filter(({ external_subscription_id }) => mine.has(external_subscription_id));
};
const ids = new Map<BillingOwner, string[]>();
const rowsOf = (owner: BillingOwner) =>
  world.app.ctx.db<UsageRow>('usage_events').where({ tenant_id: owner.tenantId }).orderBy('id');

/** A tenant with the free plans running. */
async function tenant(): Promise<BillingOwner> {
  const owner = await world.createOwner();
  const active = await eventually('the free plans', async () => {
    const both = [await activeSubscription(owner.ctx, 'llm'), await activeSubscription(owner.ctx, 'agents')];
    return both.every((one) => one !== undefined) && both;
  });
  ids.set(
    owner,
    active.map((one) => one?.id ?? ''),
  );
  return owner;
}

const tokens = (owner: BillingOwner, transactionId: string, count = 10, at = new Date()) =>
  recordUsage(owner.ctx, { metric: 'llm_tokens', transactionId, properties: { tokens: count }, at });

const batches = () =>
  world.sandbox.world.log.list({ standIn: 'lago' }).filter(({ path }) => path.includes('/events/batch')).length;

test.serial('usage is sent once, however often it is recorded and flushed', async (t) => {
  const owner = await tenant();
  await tokens(owner, 'req_1');
  await tokens(owner, 'req_1', 99);
  await Promise.all([flushUsage(world.app.ctx), flushUsage(world.app.ctx)]);
  await flushUsage(world.app.ctx);
  const [event, ...others] = sent(owner);
  t.deepEqual(others, []);
  t.like(event, {
    transaction_id: 'llm_tokens/req_1',
    external_subscription_id: ids.get(owner)?.[0] ?? '',
    code: 'llm_tokens',
    properties: { tokens: 10 },
  });
});

test.serial('usage is part of the transaction that caused it', async (t) => {
  const owner = await tenant();
  await t.throwsAsync(
    withTransaction(owner.ctx, async (ctx) => {
      await recordUsage(ctx, { metric: 'llm_tokens', transactionId: 'r', properties: { tokens: 1 }, at: new Date() });
      throw new Error('rolled back');
    }),
  );
  t.deepEqual(await rowsOf(owner), []);
});

test.serial('an unknown metric, or a missing field, is refused when it is recorded', async (t) => {
  const owner = await tenant();
  const at = new Date();
  await t.throwsAsync(recordUsage(owner.ctx, { metric: 'nothing', transactionId: 'x', properties: {}, at }));
  await t.throwsAsync(recordUsage(owner.ctx, { metric: 'llm_tokens', transactionId: 'x', properties: {}, at }));
});

test.serial('batches have at most 100 events, and what Lago has already counts as delivered', async (t) => {
  const owner = await tenant();
  for (let n = 0; n < 250; n += 1) await tokens(owner, `many_${n}`);
  const before = batches();
  // The first batch arrives and its answer does not.
  world.sandbox.world.faults.add({ target: 'lago', kind: 'drop_after', path: '/events/batch', times: 1 });
  await flushUsage(world.app.ctx);
  t.is(sent(owner).length, 100);
  await world.app.ctx.db('usage_events').update({ due_at: new Date(0) });
  // And some that came another way.
  for (const transaction of ['many_120', 'many_249'])
    await fetch(`${world.sandbox.urls.lago}/api/v1/events`, {
      method: 'POST',
      headers: { authorization: 'Bearer lago-test-key', 'content-type': 'application/json' },
      body: JSON.stringify({
        event: {
          transaction_id: `llm_tokens/${transaction}`,
          external_subscription_id: ids.get(owner)?.[0],
          code: 'llm_tokens',
          properties: { tokens: 10 },
        },
      }),
    });
  await flushUsage(world.app.ctx);
  const events = sent(owner);
  t.is(events.length, 250);
  t.is(new Set(events.map(({ transaction_id }) => transaction_id)).size, 250);
  t.true((await rowsOf(owner)).every(({ state }) => state === 'sent'));
  t.is(batches() - before, 1 + 1 + 2 + 2);
});

test.serial('Lago down: everything waits with growing pauses and goes out once it is back', async (t) => {
  const owner = await tenant();
  for (let n = 0; n < 3; n += 1) await tokens(owner, `down_${n}`);
  const fault = world.sandbox.world.faults.add({ target: 'lago', kind: 'status', status: 503, path: '/events' });
  await flushUsage(world.app.ctx);
  const waiting = await rowsOf(owner);
  t.true(waiting.every(({ state, attempts, problem }) => state === 'waiting' && attempts === 1 && problem !== null));
  await flushUsage(world.app.ctx);
  t.true(
    (await rowsOf(owner)).every(({ attempts }) => attempts === 1),
    'not due yet',
  );
  world.sandbox.world.faults.remove(fault.id);
  await world.app.ctx.db('usage_events').update({ due_at: new Date(0) });
  await flushUsage(world.app.ctx);
  t.is(sent(owner).length, 3);
});

test.serial('one event that Lago refuses is set aside and holds nobody up', async (t) => {
  const owner = await tenant();
  for (let n = 0; n < 7; n += 1) await tokens(owner, `bad_${n}`);
  await world.app.ctx
    .db('usage_events')
    .where({ tenant_id: owner.tenantId, transaction_id: 'bad_4' })
    .update({ properties: '{"tokens": {"nested": 1}}' });
  await flushUsage(world.app.ctx);
  const rows = await rowsOf(owner);
  t.deepEqual(
    rows.filter(({ state }) => state !== 'sent').map(({ transaction_id, state }) => `${transaction_id} ${state}`),
    ['bad_4 refused'],
  );
  t.is(sent(owner).length, 6);
});

test.serial('usage without a subscription waits until there is one, and keeps the one it was sent for', async (t) => {
  const owner = await tenant();
  const storage = () =>
    recordUsage(owner.ctx, { metric: 'site_storage_gb', transactionId: 'w1', properties: { gb: 2 }, at: new Date() });
  await storage();
  await flushUsage(world.app.ctx);
  t.like((await rowsOf(owner))[0], { state: 'waiting', subscription_id: null, problem: 'no subscription yet' });
  const { id } = await owner.subscribe('starter-m-eur-v1');
  await owner.invoiceOf(id);
  await world.app.ctx.db('usage_events').update({ due_at: new Date(0) });
  world.sandbox.world.faults.add({ target: 'lago', kind: 'drop_after', path: '/events/batch', times: 1 });
  await flushUsage(world.app.ctx);
  t.like((await rowsOf(owner))[0], { state: 'waiting', subscription_id: id });
  // The plan is replaced before the answer could be believed: another id would count the event a second time.
  const replacement = await owner.subscribe('business-m-eur-v1');
  await owner.invoiceOf(replacement.id);
  await world.app.ctx.db('usage_events').update({ due_at: new Date(0) });
  await flushUsage(world.app.ctx);
  t.like((await rowsOf(owner))[0], { state: 'sent', subscription_id: id });
});

test.serial('usage from before the subscription: seconds are the clocks’, more is kept aside', async (t) => {
  const owner = await tenant();
  const started = (await activeSubscription(owner.ctx, 'llm'))?.startedAt ?? new Date();
  await tokens(owner, 'just_before', 5, new Date(started.getTime() - 2000));
  await tokens(owner, 'long_before', 5, new Date(started.getTime() - 3_600_000));
  await flushUsage(world.app.ctx);
  const states = (await rowsOf(owner)).map(({ transaction_id, state }) => `${transaction_id} ${state}`);
  t.deepEqual(states, ['just_before sent', 'long_before late']);
  const usage = await fetch(
    `${world.sandbox.urls.lago}/api/v1/customers/${owner.tenantId}/current_usage?external_subscription_id=${ids.get(owner)?.[0] ?? ''}`,
    { headers: { authorization: 'Bearer lago-test-key' } },
  );
  const body = (await usage.json()) as {
    customer_usage: { charges_usage: { units: string; billable_metric: { code: string } }[] };
  };
  const counted = body.customer_usage.charges_usage.find(
    ({ billable_metric }) => billable_metric.code === 'llm_tokens',
  );
  t.is(counted?.units, '5.0');
});
