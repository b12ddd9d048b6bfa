import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { Agent, request } from 'undici';
import { redisNames } from '#modules/llm/limits/names.ts';
import { hello, startLlmWorld } from '#test/support/llm-world.ts';
import { atEnd, eventually } from '#test/support/stack.ts';
import { startTcpProxy, targetOf, throughProxy } from '#test/support/tcp-proxy.ts';

const CLIENTS = 12;
/** The issue asks for a minute without the database, and in it for five seconds without Redis. */
const DATABASE_GONE_MS = 60_000;
const REDIS_GONE_MS = 5000;

/** Some clients that ask all the time, and what they were told. */
function load(url: string, secret: string) {
  const agent = new Agent({ connections: CLIENTS });
  const statuses = new Map<number, number>();
  const answered = new Set<string>();
  let slowestMs = 0;
  let isOver = false;
  const client = async () => {
    while (!isOver) {
      const startedAt = performance.now();
      const answer = await request(`${url}/chat/completions`, {
        method: 'POST',
        dispatcher: agent,
        headers: { authorization: `Bearer ${secret}` },
        body: JSON.stringify({ ...hello, max_tokens: 4 }),
      }).catch(() => undefined);
      if (!answer) return;
      const { statusCode, headers, body } = answer;
      await body.dump();
      slowestMs = Math.max(slowestMs, performance.now() - startedAt);
      statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1);
      if (statusCode === 200) answered.add(String(headers['x-request-id']));
      await sleep(statusCode === 200 ? 20 : 100);
    }
  };
  const clients = Array.from({ length: CLIENTS }, client);
  return {
    answered,
    /** Since it was asked last. */
    take: () => {
      const taken = { statuses: Object.fromEntries(statuses), slowestMs };
      statuses.clear();
      slowestMs = 0;
      return taken;
    },
    stop: async () => {
      if (isOver) return;
      isOver = true;
      await Promise.all(clients);
      await agent.close();
    },
  };
}

test('a minute without the database is not noticed; five seconds without Redis are refused, and nothing is unmetered', async (t) => {
  t.timeout(200_000);
  const database = await startTcpProxy(targetOf(process.env['TEST_DATABASE_URL'] ?? '', 3306));
  const redis = await startTcpProxy(targetOf(process.env['TEST_REDIS_URL'] ?? '', 6379));
  t.teardown(() => Promise.all([database.stop(), redis.stop()]));
  const world = await startLlmWorld(atEnd(t), { LLM_MAX_LIVE_REQUESTS: '500' });
  const gateway = await world.startGateway({
    DATABASE_URL: throughProxy(world.app.config.DATABASE_URL, database),
    REDIS_URL: throughProxy(world.app.config.REDIS_URL, redis),
  });
  const key = await world.createKey(await world.createTenant());
  const clients = load(gateway.url, key.secret);
  t.teardown(() => clients.stop());
  await eventually('the first answers', () => Promise.resolve(clients.answered.size > CLIENTS));
  clients.take();

  await database.down();
  await sleep((DATABASE_GONE_MS - REDIS_GONE_MS) / 2);
  const without = clients.take();
  t.deepEqual(Object.keys(without.statuses), ['200'], 'without the database');

  await redis.down();
  // What was let in before is answered still.
  await sleep(REDIS_GONE_MS / 2);
  clients.take();
  await sleep(REDIS_GONE_MS / 2);
  const withoutBoth = clients.take();
  t.deepEqual(Object.keys(withoutBoth.statuses), ['503'], 'without Redis nothing is let in');
  t.true(withoutBoth.slowestMs < 4000, `${withoutBoth.slowestMs} ms`);

  await redis.up();
  await eventually('answers again', () => Promise.resolve((clients.take().statuses[200] ?? 0) > 0));
  await sleep((DATABASE_GONE_MS - REDIS_GONE_MS) / 2);
  await clients.stop();
  await database.up();

  world.startConsumer();
  await world.provider.idle();
  const made = world.provider.produced();
  const { redis: direct, config } = world.app.ctx;
  const names = redisNames(config.REDIS_PREFIX);
  const rows = await eventually(
    'a row for every answer',
    async () => {
      const found = await world.rows();
      const ids = new Set(found.map((row) => row.request_id));
      const isEmpty = (await direct.xlen(names.usage)) === 0;
      return isEmpty && made.every(({ requestId, outcome }) => outcome !== 'complete' || ids.has(requestId)) && found;
    },
    60_000,
  );
  t.true([...clients.answered].every((id) => rows.some((row) => row.request_id === id)));
  t.is(new Set(rows.map((row) => row.request_id)).size, rows.length);
  t.deepEqual(await direct.keys(names.reserved('*')), [], 'nothing is still reserved');
  t.log(`${clients.answered.size} answers, ${withoutBoth.statuses[503]} refused while Redis was away`);
});
