import test, { type ExecutionContext } from 'ava';
import { type LlmWorld, hello, startLlmWorld, textOf } from '#test/support/llm-world.ts';
import { atEnd, eventually } from '#test/support/stack.ts';
import { redisNames } from '../limits/names.ts';

/** What Redis counts of today: the messages and costs of a key, and the costs of everybody. */
async function counted({ app: { ctx } }: LlmWorld, keyId: string) {
  const names = redisNames(ctx.config.REDIS_PREFIX);
  const day = new Date().toISOString().slice(0, 10);
  const values = await ctx.redis.mget(names.messages(keyId, day), names.cost(keyId, day), names.cost('all', day));
  return values.map(Number);
}

/** Rows, days, the bill and the counters all say what the provider made. */
async function assertTrue(t: ExecutionContext, world: LlmWorld, keyId: string) {
  const made = world.provider.produced();
  const rows = await world.rows();
  t.deepEqual(
    rows.map((row) => [row.request_id, row.outcome, row.prompt_tokens, row.completion_tokens, row.is_estimated]),
    made
      .map((of) => [of.requestId, 'completed', of.promptTokens, of.completionTokens, 0] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map((of) => [...of]),
  );
  const sum = (of: (row: (typeof rows)[number]) => number) => rows.reduce((all, row) => all + of(row), 0);
  const cost = sum((row) => row.cost_nano_usd);
  t.deepEqual(await counted(world, keyId), [rows.length, cost, cost]);
  const { db } = world.app.ctx;
  const days = await db('llm_usage_days').sum({ requests: 'requests', cost: 'cost_nano_usd' }).first();
  t.deepEqual([Number(days?.requests), Number(days?.cost)], [rows.length, cost]);
  const events = await db('usage_events').select<{ properties: string }[]>('properties');
  const told = (field: string) =>
    events.reduce((all, { properties }) => all + ((JSON.parse(properties) as Record<string, number>)[field] ?? 0), 0);
  t.deepEqual([told('tokens'), told('nano_usd')], [sum((row) => row.prompt_tokens + row.completion_tokens), cost]);
}

test('a gateway that was only asleep is right about what it used, whatever was estimated meanwhile', async (t) => {
  t.timeout(90_000);
  const world = await startLlmWorld(atEnd(t));
  world.startConsumer();
  const limits = { messagesPerDay: 100, budget: { nanoUsd: 1e12, period: 'day' as const } };
  const key = await world.createKey(await world.createTenant(), { limits });
  const asleep = await world.spawnGateway();
  world.provider.configure({ chunkDelayMs: 50, completionTokens: 60 });
  const client = asleep.client(key);
  const stream = await client.chat.completions.create({ ...hello, stream: true });
  const json = client.chat.completions.create(hello);
  const read = textOf(stream);
  await eventually('both to be under way', () => Promise.resolve(world.provider.produced().length === 2));
  asleep.process.child.kill('SIGSTOP');
  await world.startGateway();
  const isEstimated = async () => {
    const rows = await world.rows();
    return rows.length === 2 && rows.every((row) => row.outcome === 'interrupted');
  };
  await eventually('the estimates', isEstimated, 30_000);
  await world.provider.idle();
  const [messages, cost, all] = await counted(world, key.id);
  t.is(messages, 2);
  t.is(cost, all);
  asleep.process.child.kill('SIGCONT');
  t.is((await json).usage?.completion_tokens, 60);
  t.not(await read, '');
  const isTold = async () => (await world.rows()).every((row) => row.outcome === 'completed');
  await eventually('the truth', isTold, 30_000);
  await assertTrue(t, world, key.id);
  const { response } = await client.chat.completions.create(hello).withResponse();
  t.is(response.status, 200, 'it goes on');
  await world.rowsWhen(3);
  await assertTrue(t, world, key.id);
});
