import test from 'ava';
import fc from 'fast-check';
import { SseSplitter } from '../../gateway/sse-splitter.ts';
import type { StreamEvent } from '../provider.ts';
import { readChatAnswer, readChatEvent } from './chat.ts';

const event = (data: unknown): Buffer =>
  Buffer.from(`data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`);
const chunk = (choices: unknown, rest: object = {}) => ({
  id: 'c1',
  object: 'chat.completion.chunk',
  choices,
  ...rest,
});
const usage = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 };
const counted = { promptTokens: 5, completionTokens: 2 };
const text = (delta: object) => chunk([{ index: 0, delta, finish_reason: null }]);

const EVENTS: Record<string, [Buffer, object]> = {
  'a comment, as OpenRouter and DeepSeek send while they wait': [
    Buffer.from(': OPENROUTER PROCESSING\n\n'),
    { kind: 'other' },
  ],
  'an empty event': [Buffer.from('\n'), { kind: 'other' }],
  'the end': [event('[DONE]'), { kind: 'done' }],
  'the end without a space, with CRLF': [Buffer.from('data:[DONE]\r\n\r\n'), { kind: 'done' }],
  'the role': [
    event(text({ role: 'assistant', content: '' })),
    { kind: 'part', text: '', isFinal: false, usage: null },
  ],
  'a text': [event(text({ content: 'Hé 👋' })), { kind: 'part', text: 'Hé 👋', isFinal: false }],
  'data in two lines, and an id': [
    Buffer.from('id: 7\nevent: message\ndata: {"choices":[{"delta":\ndata: {"content":"a"}}]}\n\n'),
    { kind: 'part', text: 'a' },
  ],
  'reasoning as Groq and OpenRouter name it': [event(text({ reasoning: 'Hm' })), { kind: 'part', text: 'Hm' }],
  'reasoning as DeepSeek names it': [
    event(text({ content: null, reasoning_content: 'Hm' })),
    { kind: 'part', text: 'Hm' },
  ],
  'reasoning under both names counts once': [
    event(text({ reasoning: 'Hm', reasoning_content: 'Hm' })),
    { kind: 'part', text: 'Hm' },
  ],
  'reasoning as Mistral nests it': [
    event(
      text({
        content: [
          { type: 'thinking', thinking: [{ type: 'text', text: 'Hm' }] },
          { type: 'text', text: '!' },
        ],
      }),
    ),
    { kind: 'part', text: 'Hm!' },
  ],
  'a refusal': [event(text({ refusal: 'No' })), { kind: 'part', text: 'No' }],
  'arguments of tools': [
    event(
      text({ tool_calls: [{ index: 0, function: { arguments: '{"a"' } }, { index: 1, custom: { input: 'b' } }, null] }),
    ),
    { kind: 'part', text: '{"a"b' },
  ],
  'arguments of the function of old': [
    event(text({ function_call: { arguments: '{}' } })),
    { kind: 'part', text: '{}' },
  ],
  'two choices': [
    event(chunk([{ delta: { content: 'a' } }, { index: 1, delta: { content: 'b' }, finish_reason: 'stop' }])),
    { kind: 'part', text: 'ab', isFinal: true },
  ],
  'the last part': [
    event(chunk([{ delta: {}, finish_reason: 'stop' }])),
    { kind: 'part', text: '', isFinal: true, usage: null },
  ],
  'OpenAI’s usage at the end': [event(chunk([], { usage })), { kind: 'usage', usage: counted }],
  'usage in the last part: Mistral, Together, Fireworks': [
    event(chunk([{ delta: { content: '' }, finish_reason: 'stop' }], { usage })),
    { kind: 'part', text: '', isFinal: true, usage: counted },
  ],
  'usage in every part: Perplexity’s Sonar, vLLM with continuous usage': [
    event(chunk([{ delta: { content: 'a' }, message: { content: 'all of a' }, finish_reason: null }], { usage })),
    { kind: 'part', text: 'a', usage: counted },
  ],
  'usage without choices at all: Groq': [
    event({ id: 'c1', object: 'chat.completion.chunk', usage }),
    { kind: 'usage', usage: counted },
  ],
  'usage beside an x_groq': [
    event(chunk([{ delta: {}, finish_reason: 'stop' }], { x_groq: { id: 'req_1', usage } })),
    { kind: 'part', isFinal: true, usage: counted },
  ],
  'an x_groq without usage': [
    event(chunk([{ delta: { role: 'assistant', content: '' } }], { x_groq: { id: 'req_1' }, usage: null })),
    { kind: 'part', usage: null },
  ],
  'usage with a cost, on a choice without text: OpenRouter': [
    event(
      chunk([{ delta: { role: 'assistant', content: '' }, finish_reason: null }], { usage: { ...usage, cost: 0.001 } }),
    ),
    { kind: 'part', isFinal: false, usage: { ...counted, costNanoUsd: 1_000_000 } },
  ],
  'what Azure says of the prompt before anything else': [
    event(chunk([], { prompt_filter_results: [{ prompt_index: 0 }] })),
    { kind: 'other' },
  ],
  'choices that are null': [event(chunk(null, { usage: null })), { kind: 'other' }],
  'a choice that is null': [event(chunk([null])), { kind: 'part', text: '', isFinal: false }],
  'what is not JSON': [event('{"choices":['), { kind: 'broken' }],
  'what is not an object': [event('[1]'), { kind: 'broken' }],
  'an error before the first part': [
    event({ error: { message: 'Provider returned error', code: 502 } }),
    { kind: 'error', error: { status: 502, isOurs: true } },
  ],
  'an error beside a choice: OpenRouter': [
    event(
      chunk([{ delta: { content: '' }, finish_reason: 'error' }], { error: { code: 'server_error', message: 'x' } }),
    ),
    { kind: 'error', error: { status: 502, isOurs: true } },
  ],
  'an error as a text': [event({ error: 'gone' }), { kind: 'error', error: { status: 502 } }],
  'an error as an object of its own: vLLM': [
    event({ object: 'error', message: 'the model’s maximum context length is 4', type: 'BadRequestError', code: 400 }),
    { kind: 'error', error: { status: 400, isOurs: false, body: { code: 'context_length_exceeded' } } },
  ],
  'a limit of ours in the middle': [
    event({ error: { message: 'Rate limit', type: 'tokens', code: 'rate_limit_exceeded' } }),
    { kind: 'error', error: { status: 429, isOurs: true } },
  ],
};

/** Of `said` what `expected` names, as deep as it names it. */
function named(said: unknown, expected: unknown): unknown {
  if (typeof expected !== 'object' || expected === null) return said;
  const of = said as Record<string, unknown> | null;
  return Object.fromEntries(Object.entries(expected).map(([key, value]) => [key, named(of?.[key], value)]));
}

for (const [what, [bytes, expected]] of Object.entries(EVENTS))
  test(`reads ${what}`, (t) => t.deepEqual(named(readChatEvent(bytes), expected), expected));

test('reads whole answers, with everything that was produced', (t) => {
  const answer = readChatAnswer(
    Buffer.from(
      JSON.stringify({
        choices: [
          { message: { content: 'a', reasoning_content: 'b' } },
          { message: { content: null, tool_calls: [{ function: { name: 'f', arguments: '{"c":1}' } }] } },
          null,
        ],
        usage,
      }),
    ),
  );
  t.deepEqual(answer?.text, ['a', 'b', '{"c":1}']);
  t.is(answer?.usage?.promptTokens, 5);
  t.is(readChatAnswer(Buffer.from('{"choices":[]}'))?.usage, null);
  for (const broken of ['', 'null', '[]', '{}', '<html>', '{"choices":{}}', '{"error":{"message":"x","code":500}}'])
    t.is(readChatAnswer(Buffer.from(broken)), undefined, broken);
});

const STREAM = [
  ': hello\n\n',
  'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}\n\n',
  'data: {"choices":[{"index":0,"delta":{"content":"Zażółć 👩‍👩‍👧 gęślą"}}]}\r\n\r\n',
  'data: {"choices":[{"index":0,"delta":{"content":" jaźń"},"finish_reason":"stop"}]}\n\n',
  'data: {"choices":[],"usage":{"prompt_tokens":11,"completion_tokens":0,"total_tokens":11}}\n\n',
  'data: [DONE]\n\n',
];
const summary = (events: readonly StreamEvent[]) =>
  events.map((said) => [said.kind, 'text' in said ? said.text : '', 'usage' in said ? said.usage?.promptTokens : null]);

test('however the network cuts a stream, its text and its usage are the same', (t) => {
  const bytes = Buffer.from(STREAM.join(''));
  const whole = summary(STREAM.map((one) => readChatEvent(Buffer.from(one))));
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length), { maxLength: 30 }), (cuts) => {
      const splitter = new SseSplitter(1024);
      const said: StreamEvent[] = [];
      const points = [0, ...cuts.sort((a, b) => a - b), bytes.length];
      for (const [index, end] of points.entries())
        for (const one of splitter.push(bytes.subarray(points[index - 1] ?? 0, end)) ?? [])
          said.push(readChatEvent(one));
      t.deepEqual(summary(said), whole);
    }),
  );
});

test('whatever the order of its fields, a chunk says the same', (t) => {
  const fields = Object.entries(
    chunk([{ finish_reason: 'stop', delta: { content: 'a' } }], { usage, x_groq: null, model: 'm' }),
  );
  fc.assert(
    fc.property(fc.shuffledSubarray(fields, { minLength: fields.length }), (order) => {
      t.like(readChatEvent(event(Object.fromEntries(order))), {
        kind: 'part',
        text: 'a',
        isFinal: true,
        usage: counted,
      });
    }),
  );
});
