import test, { type ExecutionContext } from 'ava';
import OpenAI, { APIError } from 'openai';
import { serve } from '../../test/serve.ts';
import { createLlm } from './llm.ts';
import type { Produced } from './ledger.ts';

const HELLO = [{ role: 'user', content: 'Bonjour à tous' }] as const;

async function provider(t: ExecutionContext, settings: Record<string, unknown> = {}) {
  const served = await serve((world) => createLlm(world, { apiKey: 'sk-up' }));
  t.teardown(() => served.close());
  const { standIn, world } = served;
  standIn.actions?.configure?.(settings);
  const openai = new OpenAI({ apiKey: 'sk-up', baseURL: `${served.url}/v1`, maxRetries: 0, logLevel: 'off' });
  const books = () => standIn.state() as { totals: Record<string, number>; requests: Produced[] };
  const settled = async () => {
    while (books().requests.some(({ outcome }) => outcome === 'open')) await new Promise((r) => setTimeout(r, 5));
    return books().requests;
  };
  const fault = (kind: string, more = {}) => world.faults.add({ target: 'llm', kind, times: 1, ...more });
  const post = (body: object, headers = {}) =>
    fetch(`${served.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: 'Bearer sk-up', 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ model: 'm', messages: HELLO, ...body }),
    });
  return { ...served, openai, books, settled, fault, post };
}

type Provider = Awaited<ReturnType<typeof provider>>;

async function stream({ openai }: Provider, more = {}) {
  let text = '';
  let usage: OpenAI.CompletionUsage | undefined;
  let finish: string | null = null;
  const chunks = await openai.chat.completions.create({
    model: 'm',
    messages: [...HELLO],
    stream: true,
    stream_options: { include_usage: true },
    ...more,
  });
  for await (const chunk of chunks) {
    text += chunk.choices[0]?.delta.content ?? '';
    finish = chunk.choices[0]?.finish_reason ?? finish;
    if (chunk.usage) usage = chunk.usage;
  }
  return { text, usage, finish };
}

test('gives the same answer to the same messages, plain and streamed, with the same usage', async (t) => {
  const p = await provider(t);
  const plain = await p.openai.chat.completions.create({ model: 'm', messages: [...HELLO] });
  const streamed = await stream(p);
  const text = plain.choices[0]?.message.content ?? '';
  t.true(text.startsWith('You said: “Bonjour à tous”.'));
  t.is(streamed.text, text);
  t.deepEqual(streamed.usage, plain.usage);
  t.is(plain.usage?.prompt_tokens, 3 + 4 + 4);
  t.is(plain.usage?.completion_tokens, Math.ceil([...text].length / 4));
  const other = await p.openai.chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'Hi' }] });
  t.not(other.choices[0]?.message.content, text);
  t.is(p.books().totals.requests, 3);
});

test('stops at the limit and says so', async (t) => {
  const p = await provider(t, { completionTokens: 50 });
  const cut = await stream(p, { max_tokens: 7 });
  t.is(cut.finish, 'length');
  t.is(cut.usage?.completion_tokens, 7);
  const whole = await stream(p, { max_completion_tokens: 50 });
  t.is(whole.finish, 'stop');
  t.is(whole.usage?.completion_tokens, 50);
});

test('sends usage in a stream only when asked', async (t) => {
  const p = await provider(t);
  t.is((await stream(p, { stream_options: undefined })).usage, undefined);
});

test('counts as cached what it has seen before, beyond 1024 tokens', async (t) => {
  const p = await provider(t);
  const messages = [
    { role: 'system' as const, content: 'x'.repeat(5000) },
    { role: 'user' as const, content: 'Hi' },
  ];
  const ask = () => p.openai.chat.completions.create({ model: 'm', messages });
  t.is((await ask()).usage?.prompt_tokens_details?.cached_tokens, 0);
  t.is((await ask()).usage?.prompt_tokens_details?.cached_tokens, 1152);
});

test('calls a tool when it must, and talks when it may', async (t) => {
  const p = await provider(t);
  const parameters = {
    type: 'object',
    properties: { city: { type: 'string' }, unit: { enum: ['c', 'f'] }, days: { type: 'integer' } },
    required: ['city', 'unit', 'days'],
  };
  const tools = [{ type: 'function' as const, function: { name: 'weather', parameters } }];
  const ask = { model: 'm', messages: [...HELLO], tools };
  const forced = await p.openai.chat.completions.create({ ...ask, tool_choice: 'required' });
  const call = forced.choices[0]?.message.tool_calls?.[0];
  t.is(forced.choices[0]?.finish_reason, 'tool_calls');
  if (call?.type !== 'function') return t.fail('no function call');
  t.is(call.function.name, 'weather');
  t.deepEqual(JSON.parse(call.function.arguments), { city: 'Bonjour à tous', unit: 'c', days: 1 });
  const streamed = await p.openai.chat.completions
    .stream({ ...ask, tool_choice: { type: 'function', function: { name: 'weather' } } })
    .finalChatCompletion();
  const again = streamed.choices[0]?.message.tool_calls?.[0];
  t.is(again?.type === 'function' && again.function.arguments, call.function.arguments);
  const free = await p.openai.chat.completions.create(ask);
  t.is(free.choices[0]?.finish_reason, 'stop');
});

test('answers responses as it answers chats: plain, streamed, with tools, at the same cost', async (t) => {
  const p = await provider(t);
  const chat = await p.openai.chat.completions.create({ model: 'm', messages: [...HELLO] });
  const plain = await p.openai.responses.create({ model: 'm', input: 'Bonjour à tous' });
  t.is(plain.output_text, chat.choices[0]?.message.content ?? '');
  t.is(plain.usage?.output_tokens, chat.usage?.completion_tokens);
  let text = '';
  const streamed = p.openai.responses.stream({ model: 'm', input: [{ role: 'user', content: 'Bonjour à tous' }] });
  streamed.on('response.output_text.delta', ({ delta }) => (text += delta));
  const last = await streamed.finalResponse();
  t.is(text, plain.output_text);
  t.deepEqual(last.usage, { ...plain.usage, input_tokens_details: last.usage?.input_tokens_details });
  const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
  const weather = { type: 'function' as const, name: 'weather', strict: true, parameters };
  const asked = { model: 'm', input: 'Paris', tools: [weather], tool_choice: 'required' as const };
  for (const { output } of [
    await p.openai.responses.create(asked),
    await p.openai.responses.stream(asked).finalResponse(),
  ]) {
    const [call] = output;
    t.deepEqual(call?.type === 'function_call' ? JSON.parse(call.arguments) : undefined, { city: 'Paris' });
  }
  const short = await p.openai.responses.create({ model: 'm', input: 'Hi', max_output_tokens: 3 });
  t.is(short.status, 'incomplete');
  t.is(short.usage?.output_tokens, 3);
  p.fault('stream_cut');
  await t.throwsAsync(() => p.openai.responses.stream({ model: 'm', input: 'Hi' }).finalResponse());
  const requests = await p.settled();
  t.true(requests.slice(1).every(({ path }) => path === '/v1/responses'));
  t.is(requests.at(-1)?.outcome, 'cut');
});

test('answers JSON that fits the schema that was asked for, plain and streamed', async (t) => {
  const p = await provider(t);
  const schema = {
    type: 'object',
    properties: { city: { type: 'string' }, days: { type: 'integer' }, sky: { enum: ['clear', 'cloudy'] } },
    required: ['city', 'days', 'sky'],
  };
  const ask = {
    model: 'm',
    messages: [...HELLO],
    response_format: { type: 'json_schema' as const, json_schema: { name: 'forecast', strict: true, schema } },
  };
  const plain = (await p.openai.chat.completions.create(ask)).choices[0]?.message.content ?? '';
  t.deepEqual(JSON.parse(plain), { city: 'Bonjour à tous', days: 1, sky: 'clear' });
  t.is((await stream(p, ask)).text, plain);
  const loose = await p.openai.chat.completions.create({ ...ask, response_format: { type: 'json_object' } });
  t.deepEqual(JSON.parse(loose.choices[0]?.message.content ?? ''), {});
});

test('gives the same unit vector to the same text, in both encodings', async (t) => {
  const { openai } = await provider(t);
  const ask = (input: string[], format: 'float' | 'base64') =>
    openai.embeddings.create({ model: 'e', input, encoding_format: format, dimensions: 64 });
  const floats = await ask(['one', 'two'], 'float');
  const [one, two] = floats.data.map((item) => item.embedding);
  t.is(one?.length, 64);
  t.true(Math.abs(Math.hypot(...(one ?? [])) - 1) < 1e-9);
  t.notDeepEqual(one, two);
  t.is(floats.usage.prompt_tokens, 2);
  const defaults = await openai.embeddings.create({ model: 'e', input: 'one', dimensions: 64 });
  t.true(Math.abs((defaults.data[0]?.embedding[0] ?? 0) - (one?.[0] ?? 1)) < 1e-6);
});

test('stops making tokens when the client leaves a stream, and bills what it made', async (t) => {
  const p = await provider(t, { chunkDelayMs: 20, completionTokens: 200 });
  const chunks = await p.openai.chat.completions.create({ model: 'm', messages: [...HELLO], stream: true });
  let seen = 0;
  for await (const chunk of chunks) if (chunk.choices[0]?.delta.content && (seen += 1) === 5) break;
  const [entry] = await p.settled();
  t.like(entry, { aborted: true, outcome: 'aborted', promptTokens: 11 });
  t.true((entry?.completionTokens ?? 0) >= 5 && (entry?.completionTokens ?? 0) < 100);
});

test('notices a client who leaves before the first byte, plain and streamed', async (t) => {
  const p = await provider(t, { chunkDelayMs: 20, completionTokens: 200 });
  for (const [index, streamed] of [false, true].entries()) {
    p.fault('stall_before', { ms: streamed ? 5000 : 0 });
    const controller = new AbortController();
    const answer = p.openai.chat.completions.create(
      { model: 'm', messages: [...HELLO], stream: streamed },
      { signal: controller.signal },
    );
    const refused = t.throwsAsync(answer);
    // The client leaves once the provider has its request, however long that took.
    while (p.books().requests.length <= index) await new Promise((r) => setTimeout(r, 5));
    controller.abort();
    await refused;
  }
  const entries = await p.settled();
  t.deepEqual(
    entries.map(({ aborted }) => aborted),
    [true, true],
  );
  t.true((entries[0]?.completionTokens ?? 200) < 100);
  t.is(entries[1]?.completionTokens, 0);
});

test('keeps what it made under the request id it was given, and echoes it', async (t) => {
  const p = await provider(t, { completionTokens: 10 });
  const response = await p.post({}, { 'x-request-id': 'req-1' });
  t.is(response.headers.get('x-request-id'), 'req-1');
  t.like(p.books().requests[0], { requestId: 'req-1', promptTokens: 11, completionTokens: 10, outcome: 'complete' });
});

test('words an injected status as OpenAI does', async (t) => {
  const p = await provider(t);
  const ask = () => p.openai.chat.completions.create({ model: 'm', messages: [...HELLO] });
  for (const [status, code] of [
    [429, 'rate_limit_exceeded'],
    [401, 'invalid_api_key'],
    [500, null],
  ] as const) {
    p.fault('status', { status, ms: 2500 });
    const error = await t.throwsAsync(ask(), { instanceOf: APIError });
    t.like(error, { status, code });
    t.is((error as APIError<number, Headers>).headers.get('retry-after'), status === 429 ? '3' : null);
  }
  t.is(p.books().requests.length, 0);
});

test('refuses a wrong key, a broken body, a second choice and an unknown model', async (t) => {
  const p = await provider(t, { models: ['known'] });
  const other = new OpenAI({ apiKey: 'sk-no', baseURL: `${p.url}/v1`, maxRetries: 0 });
  await t.throwsAsync(other.models.list(), { message: /Incorrect API key/ });
  t.is((await p.post({ messages: [] })).status, 400);
  t.is((await p.post({ n: 2 })).status, 400);
  const unknown = await p.post({ model: 'unknown' });
  t.is(unknown.status, 404);
  t.like(await unknown.json(), { error: { code: 'model_not_found', param: 'model' } });
  t.deepEqual(
    (await p.openai.models.list()).data.map(({ id }) => id),
    ['known'],
  );
});

test('stalls before the first byte and in the middle', async (t) => {
  const p = await provider(t);
  p.fault('stall_before', { ms: 120 });
  p.fault('stall_mid', { ms: 120, chunks: 2 });
  const before = Date.now();
  const response = await p.post({ stream: true });
  const firstByteAt = Date.now();
  await response.text();
  t.true(firstByteAt - before >= 115);
  t.true(Date.now() - firstByteAt >= 100);
});

test('cuts a stream after so many tokens, and a plain answer in the middle', async (t) => {
  const p = await provider(t);
  p.fault('stream_cut', { chunks: 2 });
  await t.throwsAsync(stream(p));
  p.fault('stream_cut');
  await t.throwsAsync(p.post({}).then((response) => response.text()));
  const entries = await p.settled();
  t.like(entries[0], { outcome: 'cut', completionTokens: 2, aborted: false });
  t.is(entries[1]?.outcome, 'cut');
});

test('does not spend a fault of streams on other requests', async (t) => {
  const p = await provider(t);
  p.fault('stream_error', { chunks: 1 });
  await p.openai.models.list();
  await p.openai.chat.completions.create({ model: 'm', messages: [...HELLO] });
  await p.openai.embeddings.create({ model: 'e', input: 'one' });
  t.is(p.world.faults.list().length, 1);
});

test('fails in the middle of a stream with an event, without [DONE]', async (t) => {
  const p = await provider(t);
  p.fault('stream_error', { chunks: 2 });
  const text = await (await p.post({ stream: true })).text();
  t.true(text.includes('"code":"internal_error"'));
  t.false(text.includes('[DONE]'));
});

test('leaves usage out, or puts it on the last choice', async (t) => {
  const p = await provider(t);
  p.fault('no_usage');
  t.is((await stream(p)).usage, undefined);
  p.fault('no_usage');
  t.is((await p.openai.chat.completions.create({ model: 'm', messages: [...HELLO] })).usage, undefined);
  p.fault('usage_with_choices');
  const text = await (await p.post({ stream: true, stream_options: { include_usage: true } })).text();
  t.regex(text, /"finish_reason":"stop"}],"usage":{"prompt_tokens":11/);
  t.false(text.includes('"choices":[]'));
});

test('frames oddly without changing what is said', async (t) => {
  const p = await provider(t);
  const usual = await stream(p);
  p.fault('odd_framing');
  t.deepEqual(await stream(p), usual);
});

test('answers what is not JSON, and a proxy page', async (t) => {
  const p = await provider(t);
  p.fault('bad_json');
  await t.throwsAsync(p.post({}).then((response) => response.json()));
  p.fault('bad_json');
  await t.throwsAsync(stream(p));
  p.fault('html_502');
  const page = await p.post({});
  t.is(page.status, 502);
  t.is(page.headers.get('content-type'), 'text/html');
});

test('forgets its books and settings on reset', async (t) => {
  const p = await provider(t, { completionTokens: 5 });
  await stream(p);
  await p.standIn.reset();
  t.like(p.standIn.state(), { settings: { completionTokens: null }, totals: { requests: 0 }, requests: [] });
});
