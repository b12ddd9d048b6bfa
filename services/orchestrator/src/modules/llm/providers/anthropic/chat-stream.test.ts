import test from 'ava';
import {
  CREATED,
  callOf,
  chunksOf,
  completionOf,
  forwardOf,
  produced,
  readStream,
  usageOf,
} from '#test/support/dialects.ts';
import { openChatStream } from './chat-stream.ts';

const asked = callOf({ messages: [], stream: true, stream_options: { include_usage: true } });
const read = (wire: string, segmentBytes?: number) => readStream(() => openChatStream(asked), wire, segmentBytes);

const wireOf = (events: readonly { type: string }[]) =>
  events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('');
const start = (usage: object = { input_tokens: 12, output_tokens: 1 }) => ({
  type: 'message_start',
  message: {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-x',
    content: [],
    stop_reason: null,
    usage,
  },
});
const open = (index: number, content_block: object) => ({ type: 'content_block_start', index, content_block });
const delta = (index: number, delta: object) => ({ type: 'content_block_delta', index, delta });
const close = (index: number) => ({ type: 'content_block_stop', index });
const finish = (stop_reason: string | null, usage: object, more = {}) => ({
  type: 'message_delta',
  delta: { stop_reason, stop_sequence: null, ...more },
  usage,
});
const stop = { type: 'message_stop' };
const ping = { type: 'ping' };
const text = (index: number, said: string) => delta(index, { type: 'text_delta', text: said });

const plain = wireOf([
  start(),
  open(0, { type: 'text', text: '' }),
  ping,
  text(0, 'Bonjour'),
  text(0, ' à tous ☕'),
  close(0),
  finish('end_turn', { input_tokens: 12, cache_read_input_tokens: 0, output_tokens: 30 }),
  stop,
]);

test('tells a stream as OpenAI does: role, words, reason, usage, end', async (t) => {
  const events = read(plain);
  const chunks = await chunksOf(events);
  t.deepEqual(
    chunks.map(({ choices }) => choices[0] && [choices[0].delta, choices[0].finish_reason]),
    [
      [{ role: 'assistant', content: '', refusal: null }, null],
      [{ content: 'Bonjour' }, null],
      [{ content: ' à tous ☕' }, null],
      [{}, 'stop'],
      undefined,
    ],
  );
  for (const chunk of chunks)
    t.like(chunk, { id: 'msg_1', object: 'chat.completion.chunk', created: CREATED, model: 'claude-x' });
  t.deepEqual(
    chunks.map(({ usage }) => usage?.total_tokens),
    [undefined, undefined, undefined, undefined, 42],
  );
  t.true(forwardOf(events).endsWith('\n\ndata: [DONE]\n\n'));
  t.is(produced(events), 'Bonjour à tous ☕');
});

test('says what is known when: the prompt at the start, everything at the end', (t) => {
  const kinds = read(plain).map(({ kind }) => kind);
  t.deepEqual(kinds, ['prompt_usage', 'other', 'other', 'part', 'part', 'other', 'part', 'usage', 'done']);
  const [first, ...rest] = read(plain);
  t.like(first, { usage: usageOf({ promptTokens: 12, completionTokens: 1 }) });
  const whole = usageOf({ promptTokens: 12, completionTokens: 30 });
  t.like(
    rest.find((event) => event.kind === 'part' && event.isFinal),
    { usage: whole },
  );
  t.like(rest.at(-2), { kind: 'usage', usage: whole });
});

for (const segmentBytes of [1, 7, 64, 1000])
  test(`reads the same from segments of ${segmentBytes} bytes, with CRLF, too`, (t) => {
    t.deepEqual(read(plain, segmentBytes), read(plain));
    t.deepEqual(forwardOf(read(plain.replaceAll('\n', '\r\n'), segmentBytes)), forwardOf(read(plain)));
  });

test('does not speak of usage to clients that did not ask', (t) => {
  const quiet = callOf({ messages: [], stream: true });
  const parts = readStream(() => openChatStream(quiet), plain).filter(({ kind }) => kind !== 'usage');
  t.false(forwardOf(parts).includes('usage'));
});

test('gives OpenAI’s own client what thoughts, words and calls there were', async (t) => {
  const wire = wireOf([
    start({ input_tokens: 10, cache_read_input_tokens: 100, cache_creation_input_tokens: 20, output_tokens: 1 }),
    open(0, { type: 'thinking', thinking: '', signature: '' }),
    delta(0, { type: 'thinking_delta', thinking: 'I should ' }),
    delta(0, { type: 'thinking_delta', thinking: 'look.' }),
    delta(0, { type: 'signature_delta', signature: 'sig' }),
    close(0),
    open(1, { type: 'redacted_thinking', data: 'xx' }),
    close(1),
    open(2, { type: 'text', text: '' }),
    text(2, 'Let me look.'),
    close(2),
    open(3, { type: 'tool_use', id: 'toolu_1', name: 'weather', input: {} }),
    delta(3, { type: 'input_json_delta', partial_json: '' }),
    delta(3, { type: 'input_json_delta', partial_json: '{"city":' }),
    ping,
    delta(3, { type: 'input_json_delta', partial_json: '"Oran"}' }),
    close(3),
    open(4, { type: 'tool_use', id: 'toolu_2', name: 'now', input: {} }),
    delta(4, { type: 'input_json_delta', partial_json: '' }),
    close(4),
    open(5, { type: 'tool_use', id: 'toolu_3', name: 'whole', input: { at: 'once' } }),
    close(5),
    finish('tool_use', { output_tokens: 48 }),
    stop,
  ]);
  const events = read(wire);
  const { choices, usage } = await completionOf(events);
  t.is(choices[0]?.finish_reason, 'tool_calls');
  t.is(choices[0]?.message.content, 'Let me look.');
  t.deepEqual(choices[0]?.message.tool_calls, [
    { id: 'toolu_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Oran"}' } },
    { id: 'toolu_2', type: 'function', function: { name: 'now', arguments: '{}' } },
    { id: 'toolu_3', type: 'function', function: { name: 'whole', arguments: '{"at":"once"}' } },
  ] as never);
  t.like(usage, { prompt_tokens: 130, completion_tokens: 48, prompt_tokens_details: { cached_tokens: 100 } });
  t.like(events.at(-2), { usage: { promptTokens: 130, cachedTokens: 100, cacheWriteTokens: 20 } });
  t.is(produced(events), 'I should look.Let me look.{"city":"Oran"}{}{"at":"once"}');
  const deltas = (await chunksOf(events)).map(
    ({ choices: [choice] }) => choice?.delta as Record<string, unknown> | undefined,
  );
  t.deepEqual(
    deltas.flatMap((one) => one?.['reasoning_content'] ?? []),
    ['I should ', 'look.'],
  );
  t.deepEqual(
    deltas.flatMap((one) => one?.['thinking_blocks'] ?? []),
    [
      { type: 'thinking', thinking: 'I should look.', signature: 'sig' },
      { type: 'redacted_thinking', data: 'xx' },
    ],
  );
});

test('says why it would not answer', async (t) => {
  const details = { stop_details: { type: 'refusal', explanation: 'Not this.' } };
  const { choices } = await completionOf(
    read(wireOf([start(), ping, finish('refusal', { output_tokens: 5 }, details), stop])),
  );
  t.is(choices[0]?.finish_reason, 'content_filter');
  t.is(choices[0]?.message.refusal, 'Not this.');
});

test('begins once, although a relay may say so twice, and passes over what is new', (t) => {
  const wire = wireOf([
    start(),
    start(),
    { type: 'news' },
    text(0, 'x'),
    finish(null, {}),
    finish('end_turn', { output_tokens: 2 }),
    stop,
  ]);
  t.is(forwardOf(read(wire)).match(/"role":"assistant"/g)?.length, 1);
  t.is(produced(read(wire)), 'x');
  t.is(read(wire).filter((event) => event.kind === 'part' && event.isFinal).length, 1);
});

test('takes what the end says of the prompt for truer than the start', (t) => {
  const wire = wireOf([
    start({ input_tokens: 43, output_tokens: 1 }),
    finish('end_turn', { input_tokens: 61, output_tokens: 2 }),
    stop,
  ]);
  t.like(read(wire).at(-2), { usage: usageOf({ promptTokens: 61, completionTokens: 2 }) });
});

test('ends without usage when there was none', (t) => {
  const wire = wireOf([start({}), text(0, 'x'), finish('end_turn', {}), stop]);
  t.deepEqual(
    read(wire).map(({ kind }) => kind),
    ['other', 'part', 'part', 'done'],
  );
});

for (const [type, status] of [
  ['overloaded_error', 503],
  ['rate_limit_error', 429],
  ['api_error', 502],
  ['authentication_error', 502],
  ['of_tomorrow', 502],
] as const)
  test(`an ${type} in a stream is a ${status} of ours`, (t) => {
    const wire = wireOf([start(), { type: 'error', error: { type, message: 'Overloaded' } } as { type: string }]);
    t.like(read(wire).at(-1), { kind: 'error', error: { status, isOurs: true } });
  });

test('knows a broken event, and a comment', (t) => {
  t.is(read('data: {"type":"content_bl\n\n')[0]?.kind, 'broken');
  t.is(read('data: [DONE]\n\n')[0]?.kind, 'broken');
  t.deepEqual(read(': hello\n\n'), [{ kind: 'other', forward: '' }]);
});
