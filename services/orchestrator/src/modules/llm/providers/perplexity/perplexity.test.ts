import test from 'ava';
import { bodyOf } from '#test/support/dialects.ts';
import fc from 'fast-check';
import { type StreamEvent, type UpstreamCall, Untranslatable } from '../provider.ts';
import { perplexity } from './perplexity.ts';

const provider = perplexity({ name: 'perplexity', label: 'Perplexity', url: 'https://api.perplexity.ai/v1', key: 'k' });

function call(more: object, surface: 'chat' | 'responses' = 'chat'): UpstreamCall {
  const body = { model: 'asked', messages: [{ role: 'user', content: 'hi' }], ...more };
  const isStream = 'stream' in more;
  return {
    requestId: 'req_1',
    surface,
    model: 'perplexity/sonar',
    body: bodyOf(body),
    isStream,
  };
}
const sent = (more: object, surface: 'chat' | 'responses' = 'chat') => {
  const request = provider.dialects[surface]?.request(call(more, surface));
  return { path: request?.path, body: JSON.parse(String(request?.body)) as Record<string, unknown> };
};

test('a chat completion is asked of the Agent API, in its words and with its search', (t) => {
  const { path, body } = sent({
    messages: [
      { role: 'system', content: 'Be brief.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is this?' },
          { type: 'image_url', image_url: { url: 'https://x.example/a.png' } },
        ],
      },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 't1', type: 'function', function: { name: 'f', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: 't1', content: 'a cat' },
      { role: 'assistant', content: 'A cat.' },
      { role: 'user', content: 'Sure?' },
    ],
    max_completion_tokens: 100,
    temperature: 0.2,
    reasoning_effort: 'low',
    tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }],
    tool_choice: 'auto',
    seed: 1,
    user: 'u',
    stream: true,
    stream_options: { include_usage: true },
  });
  t.is(path, '/responses');
  t.deepEqual(body, {
    model: 'perplexity/sonar',
    input: [
      { type: 'message', role: 'system', content: 'Be brief.' },
      {
        type: 'message',
        role: 'user',
        content: [
          { type: 'input_text', text: 'What is this?' },
          { type: 'input_image', image_url: 'https://x.example/a.png' },
        ],
      },
      { type: 'function_call', call_id: 't1', name: 'f', arguments: '{}' },
      { type: 'function_call_output', call_id: 't1', output: 'a cat' },
      { type: 'message', role: 'assistant', content: 'A cat.' },
      { type: 'message', role: 'user', content: 'Sure?' },
    ],
    tools: [{ type: 'web_search' }, { type: 'function', name: 'f', parameters: { type: 'object' } }],
    max_output_tokens: 100,
    temperature: 0.2,
    reasoning: { effort: 'low' },
    stream: true,
  });
  t.deepEqual(sent({ tool_choice: 'none' }).body['tools'], undefined);
});

test('what it has no words for is refused by name', (t) => {
  const cases: [object, string][] = [
    [{ n: 2 }, 'n'],
    [{ logprobs: true }, 'logprobs'],
    [{ stop: 'x' }, 'stop'],
    [{ frequency_penalty: 1 }, 'frequency_penalty'],
    [{ response_format: { type: 'json_object' } }, 'response_format'],
    [
      { messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: { data: 'x', format: 'wav' } }] }] },
      'messages',
    ],
  ];
  for (const [more, param] of cases) t.is(t.throws(() => sent(more), { instanceOf: Untranslatable }).param, param);
  t.notThrows(() => sent({ n: 1, frequency_penalty: 0, stop: null }));
  t.is(
    t.throws(() => sent({ input: 'x', preset: 'high' }, 'responses'), { instanceOf: Untranslatable }).param,
    'preset',
  );
});

test('its usage cannot be switched off', (t) => {
  const body = { input: 'x', stream: true, stream_options: { include_usage: false } };
  t.false('stream_options' in sent(body, 'responses').body);
});

test('a schema stands where it wants it', (t) => {
  const schema = { name: 's', schema: { type: 'object' } };
  const format = { type: 'json_schema', json_schema: schema };
  t.deepEqual(sent({ response_format: format }).body['response_format'], format);
  const asked = { input: 'x', text: { format: { type: 'json_schema', ...schema } } };
  t.like(sent(asked, 'responses').body, { response_format: format, text: undefined });
});

const usage = {
  input_tokens: 10,
  output_tokens: 20,
  total_tokens: 30,
  cost: { currency: 'USD', input_cost: 0.00001, output_cost: 0.00002, tool_calls_cost: 0.005, total_cost: 0.00503 },
};
const RESPONSE = {
  id: 'resp_1',
  object: 'response',
  created_at: 1_790_000_000,
  model: 'perplexity/sonar',
  status: 'completed',
  output: [
    { type: 'search_results', queries: ['q'], results: [{ id: 1, url: 'https://a.example', title: 'A' }] },
    { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Hello.', annotations: [] }] },
  ],
  usage,
};
const CALL = { type: 'function_call', call_id: 't1', name: 'f', arguments: '{"a":1}' };
const read = (response: object) => provider.dialects.chat?.readAnswer(Buffer.from(JSON.stringify(response)), call({}));

test('its answer is a chat completion, with what it cost and where it was found', (t) => {
  const answer = read(RESPONSE);
  t.like(answer?.usage, { promptTokens: 10, completionTokens: 20, costNanoUsd: 5_030_000 });
  t.deepEqual(answer?.text, ['Hello.']);
  t.like(JSON.parse(String(answer?.body)), {
    id: 'resp_1',
    object: 'chat.completion',
    created: 1_790_000_000,
    model: 'perplexity/sonar',
    choices: [{ index: 0, message: { role: 'assistant', content: 'Hello.' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 10, completion_tokens: 20, total_tokens: 30 },
    citations: ['https://a.example'],
  });
  const calling = JSON.parse(String(read({ ...RESPONSE, output: [CALL] })?.body)) as object;
  t.like(calling, {
    choices: [{ message: { content: null, tool_calls: [{ id: 't1' }] }, finish_reason: 'tool_calls' }],
  });
  const cut = { ...RESPONSE, status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } };
  t.like(JSON.parse(String(read(cut)?.body)), { choices: [{ finish_reason: 'length' }] });
  for (const status of ['failed', 'cancelled']) t.is(read({ ...RESPONSE, status, error: { message: 'x' } }), undefined);
});

const event = (data: object) => Buffer.from(`data: ${JSON.stringify(data)}\n\n`);
function stream(events: readonly object[], more: object = {}): StreamEvent[] {
  const next = provider.dialects.chat?.openStream(call({ stream: true, ...more }));
  return events.map((data) => next?.(event(data)) ?? []).flat();
}
const chunks = (said: readonly StreamEvent[]) =>
  said
    .map((one) => ('forward' in one ? (one.forward ?? '') : ''))
    .filter((text) => text.startsWith('data: {'))
    .map(
      (text) => JSON.parse(text.slice(6)) as { choices: { delta: Record<string, unknown>; finish_reason: unknown }[] },
    );

test('its stream is a stream of chunks, ended and counted', (t) => {
  const said = stream([
    { type: 'response.created', response: { ...RESPONSE, output: [], usage: null } },
    { type: 'response.reasoning.started' },
    { type: 'response.output_text.delta', delta: 'Hel' },
    { type: 'response.output_text.delta', delta: 'lo.' },
    { type: 'response.output_item.done', item: CALL },
    { type: 'response.completed', response: { ...RESPONSE, output: [...RESPONSE.output, CALL] } },
  ]);
  t.deepEqual(
    said.map(({ kind }) => kind),
    ['other', 'other', 'part', 'part', 'part', 'other', 'part', 'usage', 'done'],
  );
  const deltas = chunks(said).flatMap(({ choices }) => choices.map(({ delta }) => delta));
  t.deepEqual(deltas, [
    { role: 'assistant', content: '' },
    { content: 'Hel' },
    { content: 'lo.' },
    { tool_calls: [{ index: 0, id: 't1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }] },
    {},
  ]);
  t.like(said.at(-3), { isFinal: true, usage: { costNanoUsd: 5_030_000 } });
  t.like(chunks(said).at(-2), { citations: ['https://a.example'], choices: [{ finish_reason: 'tool_calls' }] });
  t.deepEqual(said.at(-1), { kind: 'done', forward: 'data: [DONE]\n\n' });
});

test('what came in no event before its end is in the end', (t) => {
  const said = stream([{ type: 'response.completed', response: { ...RESPONSE, output: [...RESPONSE.output, CALL] } }]);
  t.deepEqual(
    said.map((one) => ('text' in one ? one.text : one.kind)),
    ['Hello.', '{"a":1}', '', 'usage', 'done'],
  );
});

test('its failures are errors, before and within', (t) => {
  const error = { message: 'Rate limited', type: 'request_rate_limit_exceeded', code: 429 };
  for (const data of [{ type: 'response.failed', response: { error } }, { type: 'error', error }, { error }])
    t.like(stream([data])[0], { kind: 'error', error: { status: 429, isOurs: true } });
});

test('a text is the same in however many deltas it comes', (t) => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1 }), (texts) => {
      const deltas = texts.map((delta) => ({ type: 'response.output_text.delta', delta }));
      const said = stream([...deltas, { type: 'response.completed', response: RESPONSE }]);
      const all = chunks(said).flatMap(({ choices }) => choices.map(({ delta }) => (delta['content'] ?? '') as string));
      t.is(all.join(''), texts.join('') || 'Hello.');
    }),
  );
});
