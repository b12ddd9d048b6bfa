import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { Agent, request } from 'undici';
import { redisNames } from '#modules/llm/limits/names.ts';
import {
  type GatewayProcess,
  type LlmWorld,
  type Produced,
  type UsageRow,
  hello,
  startLlmWorld,
} from '#test/support/llm-world.ts';
import { atEnd, eventually } from '#test/support/stack.ts';

const REQUESTS = 10_000;
const CLIENTS = 48;
const KILL_EVERY = 1500;
const NAMES = ['openrouter', 'groq'];
/** Its tokenizer is not public: what nobody counted is counted by the stand-ins' own rule. */
const ask = { ...hello, model: 'llama-4-scout' };

/** What a provider does to some of the requests that reach it. */
const FAULTS = [
  { kind: 'status', status: 500, probability: 0.02 },
  { kind: 'status', status: 429, ms: 1000, probability: 0.001 },
  { kind: 'drop_before', probability: 0.01 },
  { kind: 'stream_cut', chunks: 3, probability: 0.02 },
  { kind: 'stream_error', chunks: 2, probability: 0.01 },
  { kind: 'stall_mid', ms: 30, probability: 0.02 },
  { kind: 'stall_before', ms: 40, probability: 0.02 },
  { kind: 'no_usage', probability: 0.05 },
] as const;

interface Tally {
  /** Ids of answers that arrived whole. */
  whole: Set<string>;
  refused: number;
  lost: number;
}

/** False when nobody was there to ask. */
async function one(url: string, secret: string, agent: Agent, tally: Tally): Promise<boolean> {
  const stream = Math.random() < 0.5;
  const leaves = Math.random() < 0.08;
  try {
    const { statusCode, headers, body } = await request(`${url}/chat/completions`, {
      method: 'POST',
      dispatcher: agent,
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...ask, stream, max_tokens: 24 }),
      ...(leaves && { signal: AbortSignal.timeout(Math.ceil(Math.random() * 250)) }),
    });
    const text = await body.text();
    if (statusCode !== 200) tally.refused += 1;
    else if (!stream || text.endsWith('data: [DONE]\n\n')) tally.whole.add(String(headers['x-request-id']));
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ECONNREFUSED') {
      await sleep(50);
      return false;
    }
    tally.lost += 1;
  }
  return true;
}

/** Asks two gateways, of which one is killed and started again from time to time. */
async function storm(world: LlmWorld, secret: string): Promise<Tally & { kills: number }> {
  const gateways: GatewayProcess[] = [await world.spawnGateway(), await world.spawnGateway()];
  const agent = new Agent({ connections: CLIENTS });
  const tally: Tally & { kills: number } = { whole: new Set(), refused: 0, lost: 0, kills: 0 };
  let asked = 0;
  let killing = Promise.resolve();
  const kill = async () => {
    const victim = tally.kills % 2;
    tally.kills += 1;
    await gateways[victim]?.process.kill('SIGKILL');
    gateways[victim] = await world.spawnGateway();
  };
  const client = async () => {
    while (asked < REQUESTS) {
      asked += 1;
      if (asked % KILL_EVERY === 0 && tally.kills < asked / KILL_EVERY) killing = killing.then(kill);
      if (!(await one(gateways[asked % 2]?.url ?? '', secret, agent, tally))) asked -= 1;
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  await killing;
  await agent.close();
  return tally;
}

/** By provider and request: what each made, of whatever became of it. */
function produced(world: LlmWorld): Map<string, Produced> {
  const all = Object.entries({ ...world.providers, custom: world.provider });
  const made = all.flatMap(([name, provider]) =>
    provider.produced().map((one): [string, Produced] => [`${name}/${one.requestId}`, one]),
  );
  return new Map(made);
}

function assertRowsAreWhatWasMade(t: ExecutionContext, rows: readonly UsageRow[], world: LlmWorld, { whole }: Tally) {
  const made = produced(world);
  let shortBy = 0;
  let delivered = 0;
  for (const row of rows) {
    const one = made.get(`${row.provider}/${row.request_id}`);
    // Killed or left while the request was on its way: whether the provider read it, nobody can know.
    if (!one) {
      t.true(row.outcome === 'interrupted' || row.outcome === 'aborted', row.outcome);
      t.is(row.completion_tokens, 0);
      continue;
    }
    t.is(row.prompt_tokens, one.promptTokens);
    const missing = one.completionTokens - row.completion_tokens;
    if (row.outcome === 'completed') t.is(missing, 0, `${row.request_id} of ${row.provider}`);
    else t.true(missing >= 0, `${row.outcome} ${row.request_id}: ${row.completion_tokens} of ${one.completionTokens}`);
    if (row.outcome === 'aborted') shortBy += missing;
    delivered += row.completion_tokens;
  }
  const completed = new Set(rows.filter(({ outcome }) => outcome === 'completed').map((row) => row.request_id));
  t.true(
    [...whole].every((id) => completed.has(id)),
    'whoever got an answer has a row',
  );
  t.log(`${delivered} tokens billed; ${shortBy} were on the wire to clients that left`);
}

test('10 000 requests, failing providers, leaving clients and killed gateways: each is billed once, for what was made', async (t) => {
  t.timeout(280_000);
  const world = await startLlmWorld(atEnd(t), { LLM_IDLE_TIMEOUT_MS: '5000' }, { providers: NAMES, hasNoRates: true });
  for (const name of NAMES) {
    world.providers[name]?.configure({ completionTokens: 24 });
    for (const fault of FAULTS) world.providers[name]?.faults.add({ target: 'llm', ...fault });
  }
  world.startConsumer();
  const tenant = await world.createTenant();
  const key = await world.createKey(tenant, { limits: { budget: { nanoUsd: 900e9, period: 'day' } } });
  const tally = await storm(world, key.secret);
  for (const name of NAMES) await world.providers[name]?.idle();

  const { redis, config, db } = world.app.ctx;
  const names = redisNames(config.REDIS_PREFIX);
  const reservations = async () => {
    const kept = await redis.keys(names.reserved('*'));
    const counts = await Promise.all(kept.map((one) => redis.hlen(one)));
    return counts.reduce((sum, count) => sum + count, 0);
  };
  // A gateway that lives takes over from the dead: the last two do.
  await eventually('no reservation to be left', async () => (await reservations()) === 0, 60_000);
  const settled = await eventually(
    'a row for every answer',
    async () => {
      const rows = await world.rows();
      const ids = new Set(rows.map((row) => row.request_id));
      return [...tally.whole].every((id) => ids.has(id)) && (await redis.xlen(names.usage)) === 0 && rows;
    },
    60_000,
  );
  await sleep(3000);
  const rows = await world.rows();
  t.true(rows.length >= settled.length);
  t.is(new Set(rows.map((row) => row.request_id)).size, rows.length);
  assertRowsAreWhatWasMade(t, rows, world, tally);

  const spent = rows.reduce((sum, row) => sum + Number(row.cost_nano_usd), 0);
  const [days] = await db('llm_usage_days').sum({ cost: 'cost_nano_usd', requests: 'requests' });
  t.is(Number((days as { cost: unknown }).cost), spent);
  t.is(Number((days as { requests: unknown }).requests), rows.length);
  const [counter = ''] = await redis.keys(`${names.cost(key.id, '*')}`);
  t.is(Number(await redis.get(counter)), spent, 'the key’s budget has counted exactly what the rows cost');
  t.deepEqual(
    await Promise.all((await redis.keys(names.live('*'))).map((one) => redis.get(one))).then((all) =>
      all.filter((value) => value !== '0' && value !== null),
    ),
    [],
  );
  const outcomes = Object.entries(Object.groupBy(rows, (row) => row.outcome)).map(
    ([name, of = []]) => `${of.length} ${name}`,
  );
  t.log(`${outcomes.join(', ')}; ${tally.refused} refused, ${tally.lost} lost to the client, ${tally.kills} kills`);
});
