import Anthropic, { APIError } from '@anthropic-ai/sdk';
import test, { type ExecutionContext } from 'ava';
import { serve } from '../../test/serve.ts';
import { createLlm } from '../llm/llm.ts';
import type { Produced } from '../llm/ledger.ts';
import { createAnthropic } from './anthropic.ts';

const ASK = { model: 'claude-x', max_tokens: 500, messages: [{ role: 'user' as const, content: 'Bonjour à tous' }] };
const WEATHER = {
  name: 'weather',
  input_schema: { type: 'object' as const, properties: { city: { type: 'string' } }, required: ['city'] },
};

async function provider(t: ExecutionContext, settings: Record<string, unknown> = {}) {
  const served = await serve((world) => createAnthropic(world, { apiKey: 'sk-ant' }));
  t.teardown(() => served.close());
  const { standIn, world, url } = served;
  standIn.actions?.['configure']?.(settings);
  const client = new Anthropic({ apiKey: 'sk-ant', baseURL: url, maxRetries: 0, logLevel: 'off' });
  const books = () => standIn.state() as { totals: Record<string, number>; requests: Produced[] };
  const fault = (kind: string, more = {}) => world.faults.add({ target: 'anthropic', kind, times: 1, ...more });
  const post = (body: object, headers: Record<string, string> = {}) =>
    fetch(`${url}/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': 'sk-ant', 'anthropic-version': '2023-06-01', ...headers },
      body: JSON.stringify(body),
    });
  return { ...served, client, books, fault, post };
}

const textOf = ({ content }: { content: Anthropic.ContentBlock[] }) =>
  content.map((block) => (block.type === 'text' ? block.text : '')).join('');

test('gives the same answer to the same question, plain and streamed, and as the stand-in llm does', async (t) => {
  const p = await provider(t);
  const plain = await p.client.messages.create(ASK);
  const streamed = await p.client.messages.stream(ASK).finalMessage();
  t.true(textOf(plain).startsWith('You said: “Bonjour à tous”.'));
  t.is(textOf(streamed), textOf(plain));
  t.is(streamed.stop_reason, 'end_turn');
  t.is(streamed.usage.output_tokens, plain.usage.output_tokens);
  t.is(plain.usage.input_tokens, 11);
  t.is(plain.usage.output_tokens, Math.ceil([...textOf(plain)].length / 4));
  const llm = await serve((world) => createLlm(world, { apiKey: 'k' }));
  t.teardown(() => llm.close());
  const chat = await fetch(`${llm.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: 'Bearer k' },
    body: JSON.stringify({ ...ASK, messages: ASK.messages }),
  });
  t.like(await chat.json(), { choices: [{ message: { content: textOf(plain) } }] });
});

test('thinks when told to, signs it, and tells it only when asked', async (t) => {
  const p = await provider(t);
  const shown = await p.client.messages.stream({ ...ASK, thinking: { type: 'adaptive' } }).finalMessage();
  t.like(shown.content[0], { type: 'thinking', thinking: 'Let me think about it.' });
  t.is(shown.usage.output_tokens_details?.thinking_tokens, 6);
  const hidden = await p.client.messages.create({ ...ASK, thinking: { type: 'adaptive', display: 'omitted' } });
  t.like(hidden.content[0], { type: 'thinking', thinking: '' });
  t.is(hidden.usage.output_tokens, shown.usage.output_tokens);
});

test('uses a tool when it must, plain and streamed', async (t) => {
  const p = await provider(t);
  const ask = { ...ASK, tools: [WEATHER], tool_choice: { type: 'any' as const } };
  const plain = await p.client.messages.create(ask);
  t.is(plain.stop_reason, 'tool_use');
  t.like(plain.content[0], { type: 'tool_use', name: 'weather', input: { city: 'Bonjour à tous' } });
  const streamed = await p.client.messages.stream(ask).finalMessage();
  t.deepEqual(streamed.content[0], { ...plain.content[0], id: (streamed.content[0] as { id: string }).id } as never);
});

test('answers JSON that fits the schema', async (t) => {
  const p = await provider(t);
  const schema = { ...WEATHER.input_schema, additionalProperties: false };
  const answer = await p.client.messages.create({ ...ASK, output_config: { format: { type: 'json_schema', schema } } });
  t.deepEqual(JSON.parse(textOf(answer)), { city: 'Bonjour à tous' });
});

test('counts as cached only what was marked: written first, read then', async (t) => {
  const p = await provider(t);
  const text = 'x'.repeat(6000);
  const ask = (cache_control?: { type: 'ephemeral' }) =>
    p.client.messages.create({ ...ASK, system: [{ type: 'text', text, ...(cache_control && { cache_control }) }] });
  t.like((await ask()).usage, { cache_read_input_tokens: 0, cache_creation_input_tokens: 0 });
  const first = (await ask({ type: 'ephemeral' })).usage;
  t.is(first.input_tokens, 0);
  t.true((first.cache_creation_input_tokens ?? 0) > 1500);
  const second = (await ask({ type: 'ephemeral' })).usage;
  t.is(second.cache_read_input_tokens, 1408);
  const whole = ({
    input_tokens: input,
    cache_read_input_tokens: read,
    cache_creation_input_tokens: written,
  }: Anthropic.Usage) => input + (read ?? 0) + (written ?? 0);
  t.is(whole(second), whole(first));
});

test('keeps its books by request id, and bills what it made for who left', async (t) => {
  const p = await provider(t, { chunkDelayMs: 20, completionTokens: 200 });
  const stream = await p.client.messages.create({ ...ASK, stream: true }, { headers: { 'x-request-id': 'req-1' } });
  let seen = 0;
  for await (const event of stream) if (event.type === 'content_block_delta' && (seen += 1) === 5) break;
  while (p.books().requests.some(({ outcome }) => outcome === 'open')) await new Promise((r) => setTimeout(r, 5));
  const [entry] = p.books().requests;
  t.like(entry, { requestId: 'req-1', outcome: 'aborted', promptTokens: 11, path: '/v1/messages' });
  t.true((entry?.completionTokens ?? 0) >= 5 && (entry?.completionTokens ?? 0) < 100);
});

test('misbehaves as told: cut, error in the middle, no usage, odd frames, refusals', async (t) => {
  const p = await provider(t);
  const stream = () => p.client.messages.stream(ASK).finalMessage();
  const usual = await stream();
  p.fault('odd_framing');
  t.is(textOf(await stream()), textOf(usual));
  p.fault('stream_error', { chunks: 2 });
  t.regex(String(await t.throwsAsync(stream())), /overloaded_error/);
  p.fault('stream_cut', { chunks: 2 });
  await t.throwsAsync(stream());
  p.fault('refuse');
  t.like(await stream(), { stop_reason: 'refusal', content: [] });
  p.fault('refuse');
  t.like(await p.client.messages.create(ASK), { stop_reason: 'refusal', content: [] });
  p.fault('no_usage');
  t.is((await p.client.messages.create(ASK)).usage, undefined as never);
  p.fault('no_usage');
  t.false((await (await p.post({ ...ASK, stream: true })).text()).includes('usage'));
  p.fault('html_502');
  t.is((await p.post(ASK)).headers.get('content-type'), 'text/html');
  t.deepEqual(
    p
      .books()
      .requests.map(({ outcome }) => outcome)
      .slice(0, 4),
    ['complete', 'complete', 'failed', 'cut'],
  );
});

test('words an injected status as Anthropic does', async (t) => {
  const p = await provider(t);
  for (const [status, type] of [
    [429, 'rate_limit_error'],
    [529, 'overloaded_error'],
    [500, 'api_error'],
  ] as const) {
    p.fault('status', { status, ms: 2500 });
    const error = await t.throwsAsync(p.client.messages.create(ASK), { instanceOf: APIError });
    t.like(error, { status, type });
    t.is((error as APIError<number, Headers>).headers.get('retry-after'), status === 500 ? null : '3');
  }
});

const call = { type: 'tool_use', id: 'a', name: 'weather', input: {} };
const result = { type: 'tool_result', tool_use_id: 'a' };
const user = (...content: object[]) => ({ role: 'user', content });
const assistant = (...content: object[]) => ({ role: 'assistant', content });
const hi = { type: 'text', text: 'hi' };
const broken: [string, object, RegExp][] = [
  ['a field it does not know', { n: 2 }, /^n: Extra inputs are not permitted/],
  ['no limit', { max_tokens: undefined }, /^max_tokens: /],
  ['an empty text', { messages: [user({ type: 'text', text: '' })] }, /non-empty/],
  ['an assistant who begins', { messages: [assistant(hi)] }, /first message/],
  ['a temperature of OpenAI’s', { temperature: 1.5 }, /^temperature: /],
  [
    'a call without result',
    { messages: [user(hi), assistant(call), user(hi)], tools: [WEATHER] },
    /without `tool_result`/,
  ],
  ['a result without call', { messages: [user(result)], tools: [WEATHER] }, /unexpected `tool_use_id`/],
  [
    'a result after words',
    { messages: [user(hi), assistant(call), user(hi, result)], tools: [WEATHER] },
    /must come first/,
  ],
  ['tools used but not named', { messages: [user(hi), assistant(call), user(result)] }, /must define `tools`/],
  [
    'an id of others',
    { messages: [user(hi), assistant({ ...call, id: 'a:1' })], tools: [WEATHER] },
    /^messages\.1\.content/,
  ],
  ['thoughts longer than the answer', { thinking: { type: 'enabled', budget_tokens: 1024 } }, /greater than/],
  [
    'thoughts before a forced tool',
    { thinking: { type: 'adaptive' }, tools: [WEATHER], tool_choice: { type: 'any' } },
    /may not be enabled/,
  ],
  [
    'lost thoughts',
    {
      max_tokens: 3000,
      thinking: { type: 'enabled', budget_tokens: 1024 },
      tools: [WEATHER],
      messages: [user(hi), assistant(call), user(result)],
    },
    /Expected `thinking`/,
  ],
  ['white space at the end', { messages: [user(hi), assistant({ type: 'text', text: 'so ' })] }, /trailing whitespace/],
  ['a choice of nothing', { tool_choice: { type: 'any' } }, /while providing tools/],
  [
    'an open schema',
    { output_config: { format: { type: 'json_schema', schema: { type: 'object' } } } },
    /additionalProperties/,
  ],
  [
    'a schema it cannot keep to',
    {
      tools: [
        {
          name: 'f',
          strict: true,
          input_schema: {
            type: 'object',
            additionalProperties: false,
            properties: { a: { type: 'integer', minimum: 1 } },
          },
        },
      ],
    },
    /'minimum' is not supported/,
  ],
];
for (const [what, more, message] of broken)
  test(`refuses ${what}, as Anthropic does`, async (t) => {
    const p = await provider(t);
    const answer = await p.post({ ...ASK, ...more });
    t.is(answer.status, 400);
    const { error } = (await answer.json()) as { error: { type: string; message: string } };
    t.is(error.type, 'invalid_request_error');
    t.regex(error.message, message);
  });

test('refuses a wrong key, a missing version, an unknown model and what is not JSON', async (t) => {
  const p = await provider(t, { models: ['known'] });
  t.is((await p.post(ASK, { 'x-api-key': 'no' })).status, 401);
  t.is((await fetch(`${p.url}/v1/messages`, { headers: { 'x-api-key': 'sk-ant' } })).status, 400);
  t.is((await p.post(ASK)).status, 404);
  const headers = { 'x-api-key': 'sk-ant', 'anthropic-version': '2023-06-01' };
  t.is((await fetch(`${p.url}/v1/messages`, { method: 'POST', headers, body: '{' })).status, 400);
  t.is((await fetch(`${p.url}/v1/nowhere`, { headers })).status, 404);
  t.deepEqual(
    (await p.client.models.list()).data.map(({ id }) => id),
    ['known'],
  );
});
