import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { Redis } from 'ioredis';
import OpenAI from 'openai';
import { startPrivateRedis } from '#test/support/full-stack.ts';
import {
  type GatewayProcess,
  type LlmWorld,
  type UsageRow,
  hello,
  startLlmWorld,
  textOf,
} from '#test/support/llm-world.ts';
import { type RunningProcess, startOrchestrator } from '#test/support/processes.ts';
import { atEnd, eventually } from '#test/support/stack.ts';

const REQUESTS = 240;
const CLIENTS = 8;
const GATEWAY_KILLS = 5;
const WORKER_KILLS = 3;
const random = (max: number) => Math.ceil(Math.random() * max);

/** Ids of the answers that clients received whole, as headers said. */
type Received = Set<string>;

async function ask(gateway: GatewayProcess, secret: string, received: Received): Promise<void> {
  const client = gateway.client(secret);
  const signal = Math.random() < 0.2 ? AbortSignal.timeout(random(400)) : AbortSignal.timeout(30_000);
  try {
    if (Math.random() < 0.4) {
      const { response } = await client.chat.completions.create(hello, { signal }).withResponse();
      received.add(response.headers.get('x-request-id') ?? '');
      return;
    }
    const { data, response } = await client.chat.completions
      .create({ ...hello, stream: true }, { signal })
      .withResponse();
    await textOf(data);
    if (!signal.aborted) received.add(response.headers.get('x-request-id') ?? '');
  } catch (error) {
    // Killed, aborted, or refused while Redis was away: what matters is what was written down.
    if (error instanceof OpenAI.APIConnectionError || (error instanceof OpenAI.APIError && error.status === 503))
      await sleep(50);
  }
}

async function assertBooksBalance(t: ExecutionContext, world: LlmWorld, received: Received): Promise<void> {
  await world.provider.idle();
  const made = world.provider.produced();
  const rowOf = await eventually(
    'a row for every request that the provider knows',
    async () => {
      const rows = new Map((await world.rows()).map((row) => [row.request_id, row]));
      return made.every(({ requestId }) => rows.has(requestId)) && rows;
    },
    120_000,
  );
  const known = new Set(made.map(({ requestId }) => requestId));
  for (const { requestId, outcome, promptTokens, completionTokens } of made) {
    const row = rowOf.get(requestId);
    t.is(row?.prompt_tokens, promptTokens);
    const wasRead = received.has(requestId) || (row?.outcome === 'completed' && outcome === 'complete');
    if (wasRead) t.is(row?.completion_tokens, completionTokens, `${requestId} ${row?.outcome}`);
    else t.true((row?.completion_tokens ?? 0) <= completionTokens);
  }
  t.true([...received].every((requestId) => rowOf.get(requestId)?.outcome === 'completed'));
  const unknown = [...rowOf.values()].filter((row) => !known.has(row.request_id));
  t.true(unknown.length <= 2 && unknown.every(isInterruptedAtOnce), 'killed while the request was being sent');
  const outcomes = Object.entries(Object.groupBy(rowOf.values(), (row) => row.outcome));
  t.log(outcomes.map(([outcome, rows = []]) => `${rows.length} ${outcome}`).join(', '));
}

const isInterruptedAtOnce = (row: UsageRow) => row.outcome === 'interrupted' && row.completion_tokens === 0;

async function assertBillingWasTold(t: ExecutionContext, world: LlmWorld): Promise<void> {
  const events = await world.app.ctx
    .db('usage_events')
    .where('metric', 'llm_tokens')
    .select<{ transaction_id: string; properties: string }[]>('transaction_id', 'properties');
  const told = events.reduce((sum, { properties }) => sum + (JSON.parse(properties) as { tokens: number }).tokens, 0);
  const rows = await world.rows();
  t.is(
    told,
    rows.reduce((sum, row) => sum + row.prompt_tokens + row.completion_tokens, 0),
  );
}

async function assertDaysBalance(t: ExecutionContext, { app: { ctx } }: LlmWorld): Promise<void> {
  const sums = (table: string, requests: string) =>
    ctx.db(table).first(
      ctx.db.raw(
        `cast(sum(${requests}) as char) as requests, cast(sum(prompt_tokens) as char) as prompt,
         cast(sum(completion_tokens) as char) as completion, cast(sum(cost_nano_usd) as char) as cost`,
      ),
    );
  t.deepEqual(await sums('llm_usage_days', 'requests'), await sums('llm_usage', '1'));
}

test('usage is counted once, whoever is killed and whatever Redis forgets', async (t) => {
  t.timeout(6 * 60_000);
  const redis = await startPrivateRedis(atEnd(t));
  const world = await startLlmWorld(atEnd(t), { REDIS_URL: redis.url });
  const { secret } = await world.createKey(await world.createTenant());
  world.provider.configure({ chunkDelayMs: 8 });
  const gateways = [await world.spawnGateway(), await world.spawnGateway()];
  const logs: string[][] = gateways.map((gateway) => gateway.process.output);
  let worker: RunningProcess = await startOrchestrator('worker', world.app.env);
  t.teardown(() => worker.kill('SIGKILL'));

  const received: Received = new Set();
  let asked = 0;
  const clients = Array.from({ length: CLIENTS }, async () => {
    while (asked < REQUESTS) {
      asked += 1;
      const gateway = gateways[random(gateways.length) - 1];
      if (gateway) await ask(gateway, secret, received);
    }
  });
  const trouble = (async () => {
    for (let kill = 0; kill < GATEWAY_KILLS; kill += 1) {
      await sleep(random(1200));
      const victim = random(gateways.length) - 1;
      await gateways[victim]?.process.kill('SIGKILL');
      const successor = await world.spawnGateway();
      logs.push(successor.process.output);
      gateways[victim] = successor;
      if (kill < WORKER_KILLS) {
        await worker.kill('SIGKILL');
        worker = await startOrchestrator('worker', world.app.env);
      }
      if (kill === 1) await flush(redis.url);
      if (kill === 3) await redis.wipe(500);
    }
  })();
  await Promise.all([...clients, trouble]);
  await Promise.all(Array.from({ length: 10 }, async () => ask(gateways[0] as GatewayProcess, secret, received)));
  t.true(received.size > 10);
  await assertBooksBalance(t, world, received);
  await assertBillingWasTold(t, world);
  await assertDaysBalance(t, world);
  const said = (what: string) => logs.flat().filter((line) => line.includes(what)).length;
  t.true(said('took over from a gateway that is gone') > 0);
  t.log(`usage was sent again ${said('was sent again')} times`);
});

async function flush(url: string): Promise<void> {
  const redis = new Redis(url);
  await redis.flushall();
  redis.disconnect();
}
