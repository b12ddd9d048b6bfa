import Anthropic from '@anthropic-ai/sdk';
import test, { type ExecutionContext } from 'ava';
import OpenAI from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import type { ChatCompletionMessageParam } from 'openai/resources/chat/completions';
import { z } from 'zod';
import { type LlmWorld, startLlmWorld } from '#test/support/llm-world.ts';
import { eventually } from '#test/support/stack.ts';

const MODELS = { anthropic: 'claude-sonnet-4-5', gemini: 'gemini-3.5-flash' } as const;
type Name = keyof typeof MODELS;
const NAMES = ['anthropic', 'gemini'] as const;

const messages: ChatCompletionMessageParam[] = [{ role: 'user', content: 'Bonjour à tous ☕' }];
const SAID = 'You said: “Bonjour à tous ☕”.';
const Place = z.object({ city: z.string(), days: z.number().int().min(1) });
const tools = [
  {
    type: 'function' as const,
    function: {
      name: 'weather',
      parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    },
  },
];

let shared: Promise<LlmWorld> | undefined;
const cleanUps: (() => Promise<void>)[] = [];
test.after.always(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
});

/** One world for all, which are told one after the other: each with a tenant and a gateway of its own. */
async function start(t: ExecutionContext) {
  shared ??= startLlmWorld((cleanUp) => void cleanUps.push(cleanUp), {}, { providers: NAMES }).then((world) => {
    world.startConsumer();
    return world;
  });
  const world = await shared;
  await world.forgetFailures();
  const gateway = await world.startGateway();
  t.teardown(() => gateway.stop());
  const tenant = await world.createTenant();
  const key = await world.createKey(tenant);
  const provider = (name: Name) => world.providers[name] as NonNullable<(typeof world.providers)[string]>;
  const before = { anthropic: provider('anthropic').produced().length, gemini: provider('gemini').produced().length };
  const made = (name: Name) => provider(name).produced().slice(before[name]);
  const billed = (count: number) =>
    eventually(`${count} rows of the tenant`, async () => {
      const rows = (await world.rows()).filter((row) => row.tenant_id === tenant.tenantId);
      return rows.length >= count ? rows : undefined;
    });
  /** What is on the bill is what the provider made, request by request. */
  const sameBooks = async (name: Name) => {
    const rows = await billed(made(name).length);
    t.deepEqual(
      rows.map((row) => [row.provider, row.request_id, row.prompt_tokens, row.completion_tokens]),
      made(name).map((one) => [name, one.requestId, one.promptTokens, one.completionTokens]),
    );
    return rows;
  };
  return { world, gateway, key, client: gateway.client(key), provider, made, billed, sameBooks };
}

for (const name of NAMES) {
  const model = MODELS[name];

  test.serial(`${name}: OpenAI’s client chats, plain and streamed, and the bill is what was made`, async (t) => {
    const { client, sameBooks } = await start(t);
    const { data: plain, response } = await client.chat.completions.create({ model, messages }).withResponse();
    const text = plain.choices[0]?.message.content ?? '';
    t.true(text.startsWith(SAID));
    t.is(response.headers.get('x-gateway-provider'), name);

    const stream = client.chat.completions.stream({ model, messages, stream_options: { include_usage: true } });
    const streamed = await stream.finalChatCompletion();
    t.is(streamed.choices[0]?.message.content, text);
    t.is(streamed.choices[0]?.finish_reason, 'stop');
    t.is(streamed.usage?.total_tokens, plain.usage?.total_tokens);

    const chunks = [];
    for await (const chunk of await client.chat.completions.create({ model, messages, stream: true }))
      chunks.push(chunk);
    t.true(
      chunks.every((chunk) => chunk.choices.length === 1 && !('usage' in chunk)),
      'usage was not asked for',
    );

    const short = await client.chat.completions.create({ model, messages, max_completion_tokens: 5 });
    t.is(short.choices[0]?.finish_reason, 'length');
    t.is(short.usage?.completion_tokens, 5);

    const rows = await sameBooks(name);
    t.true(rows.every((row) => row.is_estimated === 0 && row.outcome === 'completed' && row.cost_nano_usd > 0));
    t.true(rows.every((row) => row.price?.startsWith(`${name}/${model}@`)));
  });

  test.serial(`${name}: OpenAI’s client uses a tool and brings its result back`, async (t) => {
    const { client, sameBooks } = await start(t);
    const ask = { model, messages, tools, reasoning_effort: 'low' as const };
    const choice = { type: 'function' as const, function: { name: 'weather' } };
    const plain = (await client.chat.completions.create({ ...ask, tool_choice: choice })).choices[0];
    const streamed = await client.chat.completions.stream({ ...ask, tool_choice: 'required' }).finalChatCompletion();
    for (const answer of [plain, streamed.choices[0]]) {
      t.is(answer?.finish_reason, 'tool_calls');
      const [call] = answer?.message.tool_calls ?? [];
      if (call?.type !== 'function') return t.fail('no call');
      t.deepEqual(JSON.parse(call.function.arguments), { city: 'Bonjour à tous ☕' });
      const result = { role: 'tool' as const, tool_call_id: call.id, content: 'sunny' };
      const asked = [...messages, answer?.message as ChatCompletionMessageParam, result];
      const next = await client.chat.completions.create({ ...ask, messages: asked });
      t.is(next.choices[0]?.finish_reason, 'stop');
    }
    await sameBooks(name);
  });

  test.serial(`${name}: OpenAI’s client gets what its schema says, plain and streamed`, async (t) => {
    const { client } = await start(t);
    const ask = { model, messages, response_format: zodResponseFormat(Place, 'place') };
    const plain = await client.chat.completions.parse(ask);
    t.deepEqual(plain.choices[0]?.message.parsed, { city: 'Bonjour à tous ☕', days: 1 });
    const streamed = await client.chat.completions.stream(ask).finalChatCompletion();
    t.deepEqual(streamed.choices[0]?.message.parsed, { city: 'Bonjour à tous ☕', days: 1 });
  });

  test.serial(`${name}: thoughts are told, counted and billed`, async (t) => {
    const { client, sameBooks } = await start(t);
    const ask = { model, messages, reasoning_effort: 'high' as const };
    const { choices, usage } = await client.chat.completions.create(ask);
    t.is((choices[0]?.message as { reasoning_content?: string }).reasoning_content, 'Let me think about it.');
    t.is(usage?.completion_tokens_details?.reasoning_tokens, 6);
    let thoughts = '';
    for await (const chunk of await client.chat.completions.create({ ...ask, stream: true }))
      thoughts += (chunk.choices[0]?.delta as { reasoning_content?: string } | undefined)?.reasoning_content ?? '';
    t.is(thoughts, 'Let me think about it.');
    await sameBooks(name);
  });

  test.serial(`${name}: what it cannot do is a 400 that names it, and costs nothing`, async (t) => {
    const { client, made } = await start(t);
    const exactly = `${name}/${model}`;
    const audio = { type: 'input_audio' as const, input_audio: { data: 'AAAA', format: 'wav' as const } };
    const body =
      name === 'anthropic'
        ? { messages: [{ role: 'user' as const, content: [audio] }] }
        : { messages: [...messages, { role: 'tool' as const, tool_call_id: 'nobody', content: '' }] };
    const error = await t.throwsAsync(client.chat.completions.create({ model: exactly, ...body }), {
      instanceOf: OpenAI.BadRequestError,
    });
    t.regex(String(error?.param), /^messages\[/);
    t.deepEqual(made(name), []);
  });

  test.serial(`${name}: what goes wrong is what OpenAI’s client knows`, async (t) => {
    const { key, provider, world } = await start(t);
    const exactly = { model: `${name}/${model}`, messages };
    const struck = async (fault: object, status: number, code: string, stream: boolean) => {
      await world.forgetFailures();
      const fresh = await world.startGateway();
      provider(name).faults.add({ target: name, times: 1, ...fault } as never);
      const request = fresh.client(key).chat.completions.create({ ...exactly, stream });
      t.like(await t.throwsAsync(request, { instanceOf: OpenAI.APIError }), { status, code }, JSON.stringify(fault));
      await fresh.stop();
    };
    for (const stream of [false, true]) {
      await struck({ kind: 'status', status: 429, ms: 7000 }, 429, 'rate_limit_exceeded', stream);
      await struck({ kind: 'status', status: 500 }, 502, 'upstream_error', stream);
      await struck({ kind: 'status', status: 403 }, 502, 'upstream_refused', stream);
      await struck({ kind: 'html_502' }, 502, 'upstream_error', stream);
    }
    await struck({ kind: 'status', status: name === 'anthropic' ? 529 : 503 }, 503, 'overloaded', true);
    await struck({ kind: 'stream_error', chunks: 0 }, 503, 'overloaded', true);
    await struck({ kind: 'bad_json' }, 502, 'upstream_invalid_response', false);
  });

  test.serial(`${name}: another provider answers when it cannot, also when it says so in its stream`, async (t) => {
    const { client, provider } = await start(t);
    for (const fault of [
      { kind: 'status', status: 500 },
      { kind: 'stream_error', chunks: 0 },
    ]) {
      provider(name).faults.add({ target: name, times: 1, ...fault });
      const asked = client.chat.completions.create({ model, messages, stream: true });
      const { data: stream, response } = await asked.withResponse();
      let text = '';
      for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
      t.true(text.startsWith(SAID));
      t.is(response.headers.get('x-gateway-provider'), 'custom');
    }
  });

  test.serial(`${name}: an error in the middle is told, without an end, and what was made is billed`, async (t) => {
    const { client, provider, made, billed } = await start(t);
    provider(name).faults.add({ target: name, kind: 'stream_error', chunks: 3, times: 1 });
    const seen: string[] = [];
    const read = async () => {
      for await (const chunk of await client.chat.completions.create({ model, messages, stream: true }))
        seen.push(chunk.choices[0]?.delta.content ?? '');
    };
    await t.throwsAsync(read(), { instanceOf: OpenAI.APIError });
    t.is(seen.join(''), 'You said: “B');
    const [row] = await billed(1);
    t.like(row, { outcome: 'cut', prompt_tokens: made(name)[0]?.promptTokens, completion_tokens: 3 });
  });

  test.serial(`${name}: who leaves stops it, and pays the prompt exactly and what was made`, async (t) => {
    const { client, provider, made, billed } = await start(t);
    provider(name).configure({ chunkDelayMs: 20, completionTokens: 500 });
    t.teardown(() => provider(name).configure({ chunkDelayMs: 0, completionTokens: null }));
    const stream = await client.chat.completions.create({ model, messages, stream: true });
    let parts = 0;
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content && (parts += 1) === 10) break;
    const leftAt = Date.now();
    await provider(name).idle();
    const [one] = made(name);
    t.is(one?.outcome, 'aborted');
    t.true((provider(name).closedAt.get(one?.requestId ?? '') ?? Infinity) - leftAt < 250);
    const [row] = await billed(1);
    t.like(row, { outcome: 'aborted', prompt_tokens: one?.promptTokens });
    const difference = (one?.completionTokens ?? 0) - (row?.completion_tokens ?? 0);
    t.true(difference >= 0 && difference <= 2, `${row?.completion_tokens} of ${one?.completionTokens}`);
  });
}

test.serial('gemini: embeddings, in both encodings', async (t) => {
  const { client, sameBooks } = await start(t);
  const ask = { model: 'gemini-embedding-001', input: ['one', 'two'], dimensions: 8 };
  const floats = await client.embeddings.create({ ...ask, encoding_format: 'float' });
  const packed = await client.embeddings.create(ask);
  t.deepEqual(
    floats.data.map(({ embedding }) => embedding.length),
    [8, 8],
  );
  t.true(Math.abs(Math.hypot(...(floats.data[0]?.embedding ?? [])) - 1) < 1e-9);
  t.true(Math.abs((packed.data[1]?.embedding[0] ?? 9) - (floats.data[1]?.embedding[0] ?? 0)) < 1e-6);
  await sameBooks('gemini');
});

test.serial('anthropic: what was written to the cache and read from it has prices of its own', async (t) => {
  const { client, sameBooks } = await start(t);
  const system = { type: 'text' as const, text: 'x'.repeat(8000), cache_control: { type: 'ephemeral' } };
  const asked = { model: MODELS.anthropic, messages: [{ role: 'system' as const, content: [system] }, ...messages] };
  const [first, second] = [await client.chat.completions.create(asked), await client.chat.completions.create(asked)];
  const { prompt_tokens: prompt = 0, completion_tokens: completion = 0 } = first.usage ?? {};
  const cached = second.usage?.prompt_tokens_details?.cached_tokens ?? 0;
  t.true(cached > 1500);
  const rows = await sameBooks('anthropic');
  // USD per million: 3.75 written, 0.30 read, 15 made.
  t.deepEqual(
    rows.map((row) => [row.cached_tokens, row.cost_nano_usd]),
    [
      [0, prompt * 3750 + completion * 15_000],
      [cached, cached * 300 + (prompt - cached) * 3750 + completion * 15_000],
    ],
  );
});

test.serial('anthropic: its own client speaks to it as if we were not there', async (t) => {
  const { gateway, key, provider, sameBooks } = await start(t);
  const baseURL = gateway.url.replace(/\/v1$/, '');
  const client = new Anthropic({ apiKey: key.secret, baseURL, maxRetries: 0, logLevel: 'off' });
  const ask = {
    model: 'anthropic/claude-sonnet-4-6',
    max_tokens: 200,
    messages: [{ role: 'user' as const, content: 'Bonjour' }],
  };
  const plain = await client.messages.create(ask);
  t.like(plain, { type: 'message', role: 'assistant', stop_reason: 'end_turn' });
  const streamed = await client.messages.stream(ask).finalMessage();
  t.deepEqual(streamed.content, plain.content);
  t.is(streamed.usage.output_tokens, plain.usage.output_tokens);

  const thinking = { type: 'enabled' as const, budget_tokens: 1024 };
  const schema = { type: 'object' as const, properties: { city: { type: 'string' } }, required: ['city'] };
  const weather = { name: 'weather', input_schema: schema };
  const thought = await client.messages.create({ ...ask, max_tokens: 2000, thinking, tools: [weather] });
  t.is(thought.content[0]?.type, 'thinking');
  const called = await client.messages.create({ ...ask, tools: [weather], tool_choice: { type: 'any' } });
  t.like(called.content[0], { type: 'tool_use', input: { city: 'Bonjour' } });
  await sameBooks('anthropic');

  const wrong = new Anthropic({ apiKey: `sk-bst-${'x'.repeat(43)}`, baseURL, maxRetries: 0, logLevel: 'off' });
  t.like(await t.throwsAsync(wrong.messages.create(ask)), { status: 401, type: 'authentication_error' });
  const bad = client.messages.create({ ...ask, messages: [{ role: 'assistant', content: 'first' }] });
  t.like(await t.throwsAsync(bad, { instanceOf: Anthropic.BadRequestError }), { type: 'invalid_request_error' });
  const priced = client.messages.create({ ...ask, cache_control: { type: 'ephemeral', ttl: '1h' } });
  t.regex(String(await t.throwsAsync(priced)), /five minutes/);
  provider('anthropic').faults.add({ target: 'anthropic', kind: 'stream_error', chunks: 2, times: 1 });
  await t.throwsAsync(client.messages.stream(ask).finalMessage(), { instanceOf: Anthropic.APIError });
});
