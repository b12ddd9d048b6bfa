import test from 'ava';
import OpenAI from 'openai';
import { type LlmWorld, hello, startLlmWorld } from '#test/support/llm-world.ts';
import { atEnd, eventually } from '#test/support/stack.ts';

const on = { headers: { 'x-gateway-cache': 'on' } };

async function worldWithCache(cleanUp: Parameters<typeof startLlmWorld>[0]) {
  const world = await startLlmWorld(cleanUp, { REDIS_CACHE_URL: process.env['TEST_REDIS_URL'] ?? '' });
  const gateway = await world.startGateway();
  world.startConsumer();
  return { world, gateway };
}

const asked = ({ provider }: LlmWorld) => provider.produced().length;

test('the same question of a tenant is answered from its cache, counted, and for nothing', async (t) => {
  const { world, gateway } = await worldWithCache(atEnd(t));
  const tenant = await world.createTenant();
  const client = gateway.client(await world.createKey(tenant));
  const first = await client.chat.completions.create(hello, on).withResponse();
  t.is(first.response.headers.get('x-gateway-cache'), 'miss');
  const again = await eventually('a hit', async () => {
    const asked = await client.chat.completions.create(hello, on).withResponse();
    return asked.response.headers.get('x-gateway-cache') === 'hit' && asked;
  });
  t.deepEqual(again.data.choices, first.data.choices);
  t.deepEqual(again.data.usage, first.data.usage);
  t.like(again.data, { bastide: { provider: 'cache', cost_usd: 0, fallback: false, budget_fallback: false } });
  t.is(again.response.headers.get('x-gateway-cost-usd'), '0.000000000');
  t.regex(again.response.headers.get('age') ?? '', /^\d+$/);

  const made = asked(world);
  const stream = await client.chat.completions.create(
    { ...hello, stream: true, stream_options: { include_usage: true } },
    on,
  );
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  t.is(
    chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join(''),
    first.data.choices[0]?.message.content ?? '',
  );
  t.is(chunks.at(-1)?.usage?.completion_tokens, first.data.usage?.completion_tokens);
  t.is(asked(world), made, 'the stream came from the cache as well');

  const rows = await world.rowsWhen(made + 2);
  const hits = rows.filter((row) => row.is_cache_hit === 1);
  t.true(hits.length >= 2);
  t.true(hits.every((row) => row.provider === 'cache' && row.cost_nano_usd === 0 && row.price === 'cache'));
  t.true(hits.every((row) => row.completion_tokens === first.data.usage?.completion_tokens));
});

test('a streamed answer is kept as well, and a hit counts against the quota', async (t) => {
  const { world, gateway } = await worldWithCache(atEnd(t));
  const key = await world.createKey(await world.createTenant(), {
    usesCache: true,
    limits: { messagesPerDay: 4 },
  });
  const client = gateway.client(key);
  const stream = await client.chat.completions.create({ ...hello, stream: true });
  for await (const _ of stream);
  await eventually('the stream to be kept', async () => {
    const { response } = await client.chat.completions.create(hello).withResponse();
    return response.headers.get('x-gateway-cache') === 'hit';
  });
  const refusals: unknown[] = [];
  for (let at = 0; at < 4; at += 1)
    await client.chat.completions.create(hello).catch((error: unknown) => refusals.push(error));
  t.true(refusals.length > 0 && refusals.every((error) => error instanceof OpenAI.RateLimitError));
});

test('another tenant, another question and whoever did not ask for it get nothing from the cache', async (t) => {
  const { world, gateway } = await worldWithCache(atEnd(t));
  const client = gateway.client(await world.createKey(await world.createTenant()));
  const other = gateway.client(await world.createKey(await world.createTenant()));
  const kept = async (ask: () => ReturnType<OpenAI['chat']['completions']['create']>) =>
    (await ask().withResponse()).response.headers.get('x-gateway-cache');
  await eventually('a hit', async () => (await kept(() => client.chat.completions.create(hello, on))) === 'hit');
  t.is(await kept(() => other.chat.completions.create(hello, on)), 'miss');
  t.is(await kept(() => client.chat.completions.create({ ...hello, temperature: 0.3 }, on)), 'miss');
  t.is(await kept(() => client.chat.completions.create(hello)), null);
  t.is(await kept(() => client.chat.completions.create(hello, { headers: { 'x-gateway-cache': 'refresh' } })), 'miss');
  const wrong = { headers: { 'x-gateway-cache': 'perhaps' } };
  const error = await t.throwsAsync(() => client.chat.completions.create(hello, wrong), {
    instanceOf: OpenAI.BadRequestError,
  });
  t.is(error instanceof OpenAI.BadRequestError ? error.param : '', 'x-gateway-cache');
});

test('what was cut, failed or left is not kept', async (t) => {
  const { world, gateway } = await worldWithCache(atEnd(t));
  const client = gateway.client(await world.createKey(await world.createTenant()));
  world.provider.faults.add({ target: 'llm', kind: 'stream_cut', times: 1 });
  const stream = await client.chat.completions.create({ ...hello, stream: true }, on);
  await t.throwsAsync(async () => {
    for await (const _ of stream);
  });
  const { response } = await client.chat.completions.create(hello, on).withResponse();
  t.is(response.headers.get('x-gateway-cache'), 'miss');
});
