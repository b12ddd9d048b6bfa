import test from 'ava';
import OpenAI from 'openai';
import { FREE, STUDENT, hello, startLlmWorld } from '#test/support/llm-world.ts';
import { atEnd, eventually } from '#test/support/stack.ts';

const MODEL = 'llama-3.3-70b';
const ask = { ...hello, model: MODEL };
const TWO = { providers: ['groq', 'openrouter'], hasNoRates: true };

/** What the gateway adds for whoever looks. */
const added = (completion: object) =>
  (completion as { bastide?: { provider: string; cost_usd: number; fallback: boolean; budget_fallback: boolean } })
    .bastide;

const tally = (rows: readonly { provider: string }[]): Record<string, number> =>
  Object.fromEntries([...Map.groupBy(rows, (row) => row.provider)].map(([name, of]) => [name, of.length]));

test('of 100 requests of a student exactly 85 go to Groq, whichever gateway they reach', async (t) => {
  const world = await startLlmWorld(atEnd(t), {}, TWO);
  const gateways = [await world.startGateway(), await world.startGateway()];
  world.startConsumer();
  const key = await world.createKey(await world.createTenant(STUDENT));
  const clients = gateways.map((gateway) => gateway.client(key));
  await Promise.all(Array.from({ length: 100 }, (_, at) => clients[at % 2]!.chat.completions.create(ask)));
  const rows = await world.rowsWhen(100);
  t.deepEqual(tally(rows), { groq: 85, openrouter: 15 });
  t.true(rows.every((row) => (row.provider === 'groq') === (row.cost_nano_usd === 0)));
  t.is(world.providers['groq']?.produced().length, 85);
  t.true(rows.every((row) => row.is_fallback === 0 && row.model === MODEL));
});

test('a free user gets three messages, all from Groq, for nothing; the fourth is refused', async (t) => {
  const world = await startLlmWorld(atEnd(t), {}, TWO);
  const gateway = await world.startGateway();
  world.startConsumer();
  const client = gateway.client(await world.createKey(await world.createTenant(FREE)));
  const asked = await Promise.allSettled(Array.from({ length: 12 }, () => client.chat.completions.create(ask)));
  t.is(asked.filter(({ status }) => status === 'fulfilled').length, 3);
  const error = await t.throwsAsync(() => client.chat.completions.create(ask), { instanceOf: OpenAI.RateLimitError });
  t.is(error instanceof OpenAI.RateLimitError ? error.code : '', 'insufficient_quota');
  const rows = await world.rowsWhen(3);
  t.deepEqual(tally(rows), { groq: 3 });
  t.true(rows.every((row) => row.cost_nano_usd === 0));
});

test('a pro user is served by OpenRouter first, and by Groq while OpenRouter is down', async (t) => {
  const world = await startLlmWorld(atEnd(t), {}, TWO);
  const gateway = await world.startGateway();
  world.startConsumer();
  const client = gateway.client(await world.createKey(await world.createTenant()));

  t.like(added(await client.chat.completions.create(ask)), { provider: 'openrouter', fallback: false });
  world.providers['openrouter']?.faults.add({ target: 'llm', kind: 'status', status: 500, times: 1 });
  const { data, response } = await client.chat.completions.create(ask).withResponse();
  t.like(added(data), { provider: 'groq', fallback: true, budget_fallback: false, cost_usd: 0 });
  t.is(response.headers.get('x-gateway-fallback'), 'provider_error');
  t.is(response.headers.get('x-gateway-provider'), 'groq');

  world.providers['openrouter']?.faults.add({ target: 'llm', kind: 'stream_error', chunks: 0, times: 1 });
  const { data: stream, response: streamed } = await client.chat.completions
    .create({ ...ask, stream: true, stream_options: { include_usage: true } })
    .withResponse();
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  t.is(streamed.headers.get('x-gateway-fallback'), 'provider_error');
  t.like(added(chunks.at(-1) ?? {}), { provider: 'groq', fallback: true });

  const rows = await world.rowsWhen(3);
  t.deepEqual(
    rows.map((row) => [row.provider, row.is_fallback]),
    [
      ['openrouter', 0],
      ['groq', 1],
      ['groq', 1],
    ],
  );
});

test('a provider that is down is left alone, and comes back by itself', async (t) => {
  const world = await startLlmWorld(atEnd(t), {}, TWO);
  const gateway = await world.startGateway();
  const client = gateway.client(await world.createKey(await world.createTenant()));
  const openrouter = world.providers['openrouter'];
  openrouter?.faults.add({ target: 'llm', kind: 'status', status: 503 });
  for (let at = 0; at < 8; at += 1) t.is(added(await client.chat.completions.create(ask))?.provider, 'groq');
  t.regex(
    await gateway.ctx.metrics.registry.metrics(),
    /bastide_llm_breaker_state\{[^}]*provider="openrouter"[^}]*\} 2/,
  );
  openrouter?.faults.clear();
  await eventually(
    'OpenRouter to be asked again',
    async () => added(await client.chat.completions.create(ask))?.provider === 'openrouter',
    15_000,
  );
});

test('a client’s own mistake is answered at once: nobody else is asked', async (t) => {
  const world = await startLlmWorld(atEnd(t), {}, TWO);
  const gateway = await world.startGateway();
  const client = gateway.client(await world.createKey(await world.createTenant()));
  await t.throwsAsync(
    () => client.chat.completions.create({ ...ask, messages: [{ role: 'nobody' as 'user', content: 'x' }] }),
    {
      instanceOf: OpenAI.BadRequestError,
    },
  );
  t.is(world.providers['groq']?.produced().length, 0);
});

test('once the day’s budget is spent the free provider answers, says so, and costs nothing', async (t) => {
  const world = await startLlmWorld(atEnd(t), { LLM_DAILY_BUDGET_USD: '0.000001' }, TWO);
  const gateway = await world.startGateway();
  world.startConsumer();
  const client = gateway.client(await world.createKey(await world.createTenant()));
  const { data, response } = await client.chat.completions.create(ask).withResponse();
  t.deepEqual(added(data), { provider: 'groq', cost_usd: 0, fallback: false, budget_fallback: true });
  t.is(response.headers.get('x-gateway-fallback'), 'budget_fallback');
  const [row] = await world.rowsWhen(1);
  t.like(row, { provider: 'groq', cost_nano_usd: 0, is_budget_fallback: 1 });

  world.providers['groq']?.faults.add({ target: 'llm', kind: 'status', status: 500 });
  const error = await t.throwsAsync(() => client.chat.completions.create(ask), { instanceOf: OpenAI.APIError });
  t.is(error instanceof OpenAI.APIError ? error.status : 0, 503);
  t.is(error instanceof OpenAI.APIError ? error.code : '', 'budget_spent');
  t.is(world.providers['openrouter']?.produced().length, 0, 'never an unpaid bill');
});

test('requests of one session stay with one provider', async (t) => {
  const world = await startLlmWorld(atEnd(t), {}, TWO);
  const gateway = await world.startGateway();
  const client = gateway.client(await world.createKey(await world.createTenant(STUDENT)));
  const first = new Set<string | undefined>();
  for (let at = 0; at < 30; at += 1) {
    const inSession = { headers: { 'x-gateway-session': `s${at}` } };
    const a = added(await client.chat.completions.create(ask, inSession))?.provider;
    t.is(added(await client.chat.completions.create(ask, inSession))?.provider, a);
    first.add(a);
  }
  t.deepEqual([...first].sort(), ['groq', 'openrouter'], 'but not all sessions');
});

test('the first clients’ own API gives what it always gave', async (t) => {
  const world = await startLlmWorld(atEnd(t), {}, TWO);
  const gateway = await world.startGateway();
  const { secret } = await world.createKey(await world.createTenant());
  const base = gateway.url.replace(/\/v1$/, '/api/v2');
  const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' };
  const chat = (body: object) => fetch(`${base}/chat`, { method: 'POST', headers, body: JSON.stringify(body) });
  const answered = (await (await chat({ prompt: 'Bonjour', model: MODEL })).json()) as Record<string, unknown>;
  t.deepEqual(Object.keys(answered), ['answer', 'provider', 'model', 'cost', 'fallback', 'budget_fallback']);
  t.like(answered, { provider: 'openrouter', fallback: false, budget_fallback: false });
  t.regex(String(answered['answer']), /Bonjour/);
  t.is((await chat({ prompt: 'Bonjour' })).status, 200);
  const refused = await chat({ model: MODEL });
  t.is(refused.status, 400);
  t.like(await refused.json(), { error: { param: 'prompt' } });
  const listed = (await (await fetch(`${base}/models`, { headers })).json()) as { models: string[] };
  t.true(listed.models.includes(MODEL));
  t.is((await fetch(`${base}/chat`, { method: 'POST' })).status, 401);
});
