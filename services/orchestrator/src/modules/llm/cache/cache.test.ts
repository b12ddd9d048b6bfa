import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { Redis } from 'ioredis';
import OpenAI from 'openai';
import { loadConfig } from '#core/config/load.ts';
import { createLogger } from '#core/log.ts';
import { createMetrics } from '#core/metrics.ts';
import { TEST_ENV, eventually } from '#test/support/stack.ts';
import { startTcpProxy } from '#test/support/tcp-proxy.ts';
import type { TokenUsage } from '../providers/provider.ts';
import { cacheWish } from './cache-wish.ts';
import { canonical } from './canonical.ts';
import { assembleChat } from './chat-assembly.ts';
import { type CachedAnswer, ResponseCache, replayStream } from './response-cache.ts';
import { StreamRecorder } from './stream-recorder.ts';
import { isWholeAnswer } from './whole-answer.ts';

const REDIS_URL = process.env['TEST_REDIS_URL'] ?? '';
const USAGE: TokenUsage = {
  promptTokens: 12,
  cachedTokens: 3,
  cacheWriteTokens: 0,
  completionTokens: 7,
  reasoningTokens: 2,
  audioPromptTokens: 0,
  audioCompletionTokens: 0,
  costNanoUsd: null,
};
const FACTS = { provider: 'groq', model: 'llama-3.3', usage: USAGE };
const hello = { model: 'm', messages: [{ role: 'user', content: 'Hello' }] };
const chat = (body: Record<string, unknown>) => ({ surface: 'chat' as const, isStream: body['stream'] === true, body });
const completion = (content: string, finishReason = 'stop') =>
  Buffer.from(
    JSON.stringify({
      id: 'chatcmpl-1',
      object: 'chat.completion',
      created: 1,
      model: 'm',
      choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: finishReason }],
      usage: { prompt_tokens: 12, completion_tokens: 7, total_tokens: 19 },
    }),
  );

async function open(t: ExecutionContext, overrides: Record<string, string> = {}) {
  const config = loadConfig({
    ...TEST_ENV,
    DATABASE_URL: 'mysql://nobody@127.0.0.1:1/none',
    REDIS_URL,
    REDIS_CACHE_URL: REDIS_URL,
    REDIS_PREFIX: `t-${randomBytes(6).toString('hex')}`,
    ...overrides,
  });
  const metrics = createMetrics('gateway');
  const cache = ResponseCache.open({ config, log: createLogger(config, 'test'), metrics });
  if (!cache) throw new Error('there is a URL');
  t.teardown(() => cache.stop());
  await eventually('it is connected', async () => {
    await cache.lookup('nothing');
    return /result="miss"/.test(await metrics.registry.metrics());
  });
  const name = (body: Record<string, unknown>, tenantId = 'ten_1') => cache.nameOf(tenantId, chat(body)) ?? '';
  return { cache, name, prefix: config.REDIS_PREFIX, metrics: () => metrics.registry.metrics() };
}

/** A machine with other things to do takes more than 50 ms now and then: then nothing is kept, or found. */
const kept = (cache: ResponseCache, name: string, store: () => void = () => undefined) =>
  eventually('it is kept', () => {
    store();
    return cache.lookup(name);
  });
const textOf = ({ bytes }: CachedAnswer) => bytes.toString('utf8');

/** By the official client, which knows what a stream must look like. */
async function readByClient(events: Buffer) {
  const client = new OpenAI({
    apiKey: 'x',
    fetch: () =>
      Promise.resolve(
        new Response(Buffer.concat([events, Buffer.from('data: [DONE]\n\n')]), {
          headers: { 'content-type': 'text/event-stream' },
        }),
      ),
  });
  return client.chat.completions
    .stream({ model: 'm', messages: [{ role: 'user', content: 'Hello' }] })
    .finalChatCompletion();
}

const event = (chunk: object) => Buffer.from(`data: ${JSON.stringify(chunk)}\n\n`);
const chunk = (index: number, delta: object, rest: object = {}) =>
  event({
    id: 'chatcmpl-9',
    object: 'chat.completion.chunk',
    created: 5,
    model: 'm',
    choices: [{ index, delta, finish_reason: null, ...rest }],
  });

test('headers say what is wanted; without them the key’s setting does', (t) => {
  t.is(cacheWish({}, false, 60), null);
  t.deepEqual(cacheWish({}, true, 60), { reads: true, ttlS: 60 });
  t.is(cacheWish({ 'x-gateway-cache': 'off' }, true, 60), null);
  t.deepEqual(cacheWish({ 'x-gateway-cache': 'On' }, false, 60), { reads: true, ttlS: 60 });
  t.deepEqual(cacheWish({ 'x-gateway-cache': 'refresh', 'x-gateway-cache-ttl': '5' }, false, 60), {
    reads: false,
    ttlS: 5,
  });
  for (const headers of [
    { 'x-gateway-cache': 'yes' },
    { 'x-gateway-cache': 'on', 'x-gateway-cache-ttl': '0' },
    { 'x-gateway-cache': 'on', 'x-gateway-cache-ttl': '86401' },
    { 'x-gateway-cache': 'on', 'x-gateway-cache-ttl': '1.5' },
    { 'x-gateway-cache': 'on', 'x-gateway-cache-ttl': 'soon' },
  ])
    t.regex((cacheWish(headers, false, 60) as { message: string }).message, /must be/);
});

test('requests that mean the same have one name', (t) => {
  const same = [
    hello,
    { messages: [{ content: 'Hello', role: 'user' }], model: 'm' },
    { ...hello, stream: true, stream_options: { include_usage: true } },
    { ...hello, user: 'u1', metadata: { a: 'b' }, safety_identifier: 's', n: 1, temperature: null },
  ];
  t.is(new Set(same.map((body) => canonical(chat(body)))).size, 1);
});

test('requests that mean something else have another one', (t) => {
  const tool = (properties: object) => [{ type: 'function', function: { name: 'f', parameters: { properties } } }];
  const different = [
    hello,
    { ...hello, model: 'n' },
    { ...hello, temperature: 0 },
    { ...hello, n: 2 },
    { ...hello, max_tokens: 5 },
    { ...hello, seed: 1 },
    { ...hello, something_new: true },
    { ...hello, messages: [{ role: 'system', content: 'Hello' }] },
    { ...hello, messages: [...hello.messages, ...hello.messages] },
    { ...hello, messages: [{ role: 'user', content: 'hello' }] },
    { ...hello, tools: tool({ a: {}, b: {} }) },
    { ...hello, tools: tool({ b: {}, a: {} }) },
  ];
  const names = different.map((body) => canonical(chat(body)));
  const messages = { surface: 'messages' as const, body: hello };
  names.push(canonical({ ...messages, isStream: true }), canonical({ ...messages, isStream: false }));
  t.is(new Set(names).size, different.length + 2);
});

test('only what the provider finished is whole', (t) => {
  const whole = (surface: Parameters<typeof isWholeAnswer>[0], body: unknown) =>
    isWholeAnswer(surface, Buffer.from(JSON.stringify(body)));
  for (const reason of ['stop', 'length', 'tool_calls']) t.true(isWholeAnswer('chat', completion('x', reason)), reason);
  for (const reason of ['content_filter', 'error']) t.false(isWholeAnswer('chat', completion('x', reason)), reason);
  t.false(whole('chat', { choices: [] }));
  t.false(whole('chat', { choices: [{ message: {}, finish_reason: null }] }));
  t.false(whole('chat', { choices: [{ message: { audio: { data: '' } }, finish_reason: 'stop' }] }));
  t.false(whole('chat', { error: { message: 'no' }, choices: [{ message: {}, finish_reason: 'stop' }] }));
  t.false(isWholeAnswer('chat', Buffer.from('<html>')));
  t.true(whole('embeddings', { data: [{ embedding: [1] }] }));
  t.false(whole('embeddings', { data: [] }));
  t.true(whole('responses', { status: 'completed', error: null }));
  t.true(whole('responses', { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }));
  t.false(whole('responses', { status: 'failed', error: { code: 'x' } }));
  t.true(whole('messages', { type: 'message', stop_reason: 'end_turn' }));
  t.false(whole('messages', { type: 'error', error: {} }));
});

test('an answer is found again by the tenant that asked, and by no other', async (t) => {
  const { cache, name, metrics } = await open(t);
  const hit = await kept(cache, name({ ...hello, user: 'somebody else of this tenant' }), () =>
    cache.storeAnswer(name(hello), 60, 'chat', { ...FACTS, body: completion('Hi!') }),
  );
  t.is(textOf(hit), completion('Hi!').toString());
  t.like(hit, { ...FACTS, form: 'answer' });
  t.true(hit.ageS < 30);
  t.is(await cache.lookup(name(hello, 'ten_2')), undefined);
  t.is(await cache.lookup(name({ ...hello, temperature: 1 })), undefined);
  const text = await metrics();
  for (const result of ['hit', 'miss', 'stored'])
    t.regex(text, new RegExp(`bastide_llm_cache_total\\{result="${result}"`));
});

test('the server knows neither question nor answer, and an answer does not open under another name', async (t) => {
  const { cache, name, prefix } = await open(t);
  await kept(cache, name(hello), () =>
    cache.storeAnswer(name(hello), 60, 'chat', { ...FACTS, body: completion('the secret answer') }),
  );
  const redis = new Redis(REDIS_URL);
  t.teardown(() => redis.disconnect());
  const [key = ''] = await redis.keys(`${prefix}:llm:cache:*`);
  const value = await redis.getBuffer(key);
  for (const word of ['secret', 'Hello', 'groq', 'ten_1'])
    t.false(`${key}${value?.toString('latin1')}`.includes(word), word);
  const other = { ...hello, seed: 2 };
  await redis.set(`${prefix}:llm:cache:${name(other)}`, value ?? '');
  t.is(await cache.lookup(name(other)), undefined);
  await redis.set(key, 'garbage');
  t.is(await cache.lookup(name(hello)), undefined);
});

test('nothing is kept longer than was asked for', async (t) => {
  const { cache, name } = await open(t);
  await kept(cache, name(hello), () =>
    cache.storeAnswer(name(hello), 1, 'chat', { ...FACTS, body: completion('Hi!') }),
  );
  await sleep(1200);
  t.is(await cache.lookup(name(hello)), undefined);
});

test('what is too large, cut or refused is not kept', async (t) => {
  const { cache, name, prefix, metrics } = await open(t);
  cache.storeAnswer(name(hello), 60, 'chat', { ...FACTS, body: completion('x'.repeat(300_000)) });
  cache.storeAnswer(name(hello), 60, 'chat', { ...FACTS, body: completion('half', 'content_filter') });
  const recorder = cache.record();
  recorder.push(chunk(0, { content: 'half' }));
  cache.storeStream(name(hello), 60, 'chat', { ...FACTS, recorder });
  const long = cache.record();
  for (let i = 0; i < 400; i += 1) long.push(Buffer.alloc(1024, 'x'));
  cache.storeStream(name(hello), 60, 'chat', { ...FACTS, recorder: long });
  await kept(cache, name({ ...hello, seed: 1 }), () =>
    cache.storeAnswer(name({ ...hello, seed: 1 }), 60, 'chat', { ...FACTS, body: completion('kept') }),
  );
  const redis = new Redis(REDIS_URL);
  t.teardown(() => redis.disconnect());
  t.is((await redis.keys(`${prefix}:llm:cache:*`)).length, 1);
  t.regex(await metrics(), /result="too_large",process="gateway"\} 2/);
});

test('a streamed answer is replayed whole, and as a stream that the official client reads', async (t) => {
  const { cache, name } = await open(t);
  const recorder = cache.record();
  const spoken = ['', 'Grüße', ' aus', ' Algier 👋'.repeat(100), '!'];
  recorder.push(Buffer.from(': keep-alive\n\n'));
  for (const [i, content] of spoken.entries())
    recorder.push(chunk(0, i === 0 ? { role: 'assistant', content } : { content }));
  recorder.push(chunk(0, {}, { finish_reason: 'stop' }));
  const hit = await kept(cache, name(hello), () =>
    cache.storeStream(name({ ...hello, stream: true }), 60, 'chat', { ...FACTS, recorder }),
  );
  const whole = JSON.parse(textOf(hit)) as OpenAI.ChatCompletion;
  t.like(whole, { id: 'chatcmpl-9', object: 'chat.completion', created: 5, model: 'm' });
  t.is(whole.choices[0]?.message.content, spoken.join(''));
  t.like(whole.usage, { prompt_tokens: 12, completion_tokens: 7, total_tokens: 19 });
  const plain = replayStream(hit, false);
  t.is(plain.usageEvent, null);
  const read = await readByClient(plain.events);
  t.is(read.choices[0]?.message.content, spoken.join(''));
  t.false(plain.events.toString().includes('�'), 'no character is cut');
  t.true(plain.events.toString().split('\n\n').length > 5, 'it comes in pieces');
  const { events, usageEvent } = replayStream(hit, true);
  t.like((await readByClient(Buffer.concat([events, usageEvent ?? Buffer.alloc(0)]))).usage, { total_tokens: 19 });
});

test('tool calls, several choices, reasoning and logprobs survive both ways', async (t) => {
  const stream = Buffer.concat([
    chunk(0, {
      role: 'assistant',
      content: null,
      tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'look', arguments: '' } }],
    }),
    chunk(0, { tool_calls: [{ index: 0, function: { arguments: '{"at":' } }] }),
    chunk(0, {
      tool_calls: [{ index: 1, id: 'call_2', type: 'function', function: { name: 'listen', arguments: '{}' } }],
    }),
    chunk(0, { tool_calls: [{ index: 0, id: '', function: { name: 'look', arguments: '"sea"}' } }] }),
    chunk(1, { role: 'assistant', reasoning_content: 'hm, ' }),
    chunk(1, { reasoning_content: 'yes' }),
    chunk(1, { content: 'Y' }, { logprobs: { content: [{ token: 'Y', logprob: -0.1 }] } }),
    chunk(1, { content: 'es' }, { logprobs: { content: [{ token: 'es', logprob: -0.2 }] } }),
    chunk(0, {}, { finish_reason: 'tool_calls' }),
    chunk(1, {}, { finish_reason: 'length' }),
    event({ id: 'chatcmpl-9', choices: [], usage: { prompt_tokens: 1, completion_tokens: 1 } }),
    Buffer.from('data: [DONE]\n\n'),
  ]);
  const whole = assembleChat(stream, USAGE);
  if (!whole) throw new Error('it is whole');
  const { choices } = JSON.parse(whole.toString()) as OpenAI.ChatCompletion;
  t.deepEqual(choices[0]?.message, {
    role: 'assistant',
    content: null,
    tool_calls: [
      { id: 'call_1', type: 'function', function: { name: 'look', arguments: '{"at":"sea"}' } },
      { id: 'call_2', type: 'function', function: { name: 'listen', arguments: '{}' } },
    ],
  } as never);
  t.like(choices[1], {
    finish_reason: 'length',
    message: { content: 'Yes', reasoning_content: 'hm, yes' },
    logprobs: { content: [{ token: 'Y' }, { token: 'es' }] },
  } as never);
  const again = replayStream({ ...FACTS, ageS: 0, form: 'answer', bytes: whole }, false);
  t.deepEqual(JSON.parse(assembleChat(again.events, USAGE)?.toString() ?? ''), JSON.parse(whole.toString()));
  const byClient = await readByClient(again.events);
  t.is(byClient.choices[0]?.message.tool_calls?.[1]?.type, 'function');
  t.is(byClient.choices[1]?.message.content, 'Yes');
});

test('a stream that tries to write into every object does not', (t) => {
  const evil = Buffer.from(
    'data: {"choices":[{"index":0,"delta":{"__proto__":{"polluted":"yes"},"content":"x"},"finish_reason":"stop"}]}\n\n',
  );
  t.truthy(assembleChat(evil, USAGE));
  t.is(({} as Record<string, unknown>)['polluted'], undefined);
});

test('a stream with an error or with what is not JSON is not an answer', (t) => {
  const done = chunk(0, {}, { finish_reason: 'stop' });
  t.is(
    assembleChat(Buffer.concat([chunk(0, { content: 'x' }), event({ error: { message: 'no' } }), done]), USAGE),
    undefined,
  );
  t.is(assembleChat(Buffer.concat([Buffer.from('data: {"choices":\n\n'), done]), USAGE), undefined);
  t.is(assembleChat(Buffer.from('data: [DONE]\n\n'), USAGE), undefined);
});

test('streams of other surfaces are replayed as they were', async (t) => {
  const { cache } = await open(t);
  const request = { surface: 'messages' as const, isStream: true, body: { ...hello, max_tokens: 5 } };
  const name = cache.nameOf('ten_1', request) ?? '';
  const recorder = new StreamRecorder(1000);
  const events = ['event: message_start\ndata: {}\n\n', 'event: message_stop\ndata: {}\n\n'];
  for (const one of events) recorder.push(Buffer.from(one));
  const hit = await kept(cache, name, () => cache.storeStream(name, 60, 'messages', { ...FACTS, recorder }));
  t.is(replayStream(hit, true).events.toString(), events.join(''));
});

test('a cache that is away or hangs is no cache, and costs no time', async (t) => {
  const target = new URL(REDIS_URL);
  const proxy = await startTcpProxy({ host: target.hostname, port: Number(target.port) });
  t.teardown(() => proxy.stop());
  const { cache, name } = await open(t, { REDIS_CACHE_URL: `redis://127.0.0.1:${proxy.port}` });
  await kept(cache, name(hello), () =>
    cache.storeAnswer(name(hello), 60, 'chat', { ...FACTS, body: completion('Hi!') }),
  );
  await proxy.down();
  const began = performance.now();
  for (let i = 0; i < 50; i += 1) t.is(await cache.lookup(name(hello)), undefined);
  t.true(performance.now() - began < 1000);
  await proxy.up();
  t.truthy(await kept(cache, name(hello)), 'it is used again');
});

test('a request that is nested too deeply has no name', async (t) => {
  const { cache } = await open(t);
  let deep: unknown = 'x';
  for (let i = 0; i < 100_000; i += 1) deep = [deep];
  t.is(cache.nameOf('ten_1', chat({ model: 'm', messages: deep })), undefined);
});
