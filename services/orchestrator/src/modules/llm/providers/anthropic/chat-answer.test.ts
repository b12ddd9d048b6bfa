import test from 'ava';
import { CREATED, callOf, jsonOf, usageOf } from '#test/support/dialects.ts';
import { readChatAnswer } from './chat-answer.ts';

const call = callOf({ messages: [] });
const message = (more: object) =>
  Buffer.from(
    JSON.stringify({
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'claude-sonnet-4-5-20250929',
      content: [],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: { input_tokens: 12, output_tokens: 30 },
      ...more,
    }),
  );
const read = (more: object) => {
  const answer = readChatAnswer(message(more), call);
  const body = jsonOf(answer?.body) as { choices: { message: object; finish_reason: string }[]; usage?: object };
  return { answer, body, choice: body.choices[0] };
};

test('answers as OpenAI does', (t) => {
  const { answer, body } = read({
    content: [
      { type: 'text', text: 'Bon' },
      { type: 'text', text: 'jour' },
    ],
  });
  t.deepEqual(body, {
    id: 'msg_1',
    object: 'chat.completion',
    created: CREATED,
    model: 'claude-sonnet-4-5-20250929',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: 'Bonjour', refusal: null },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: {
      prompt_tokens: 12,
      completion_tokens: 30,
      total_tokens: 42,
      prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
      completion_tokens_details: {
        reasoning_tokens: 0,
        audio_tokens: 0,
        accepted_prediction_tokens: 0,
        rejected_prediction_tokens: 0,
      },
    },
  });
  t.deepEqual(answer?.usage, usageOf({ promptTokens: 12, completionTokens: 30 }));
  t.deepEqual(answer?.text, ['Bonjour']);
});

test('counts what came from the cache and went into it as part of the prompt', (t) => {
  const { answer, body } = read({
    usage: {
      input_tokens: 10,
      cache_read_input_tokens: 2000,
      cache_creation_input_tokens: 300,
      output_tokens: 50,
      output_tokens_details: { thinking_tokens: 40 },
    },
  });
  t.deepEqual(
    answer?.usage,
    usageOf({
      promptTokens: 2310,
      cachedTokens: 2000,
      cacheWriteTokens: 300,
      completionTokens: 50,
      reasoningTokens: 40,
    }),
  );
  t.like(body.usage, {
    prompt_tokens: 2310,
    total_tokens: 2360,
    prompt_tokens_details: { cached_tokens: 2000, cache_write_tokens: 300 },
    completion_tokens_details: { reasoning_tokens: 40 },
  });
});

test('gives thoughts, words and calls their places', (t) => {
  const thoughts = [
    { type: 'thinking', thinking: 'hm', signature: 'sig' },
    { type: 'redacted_thinking', data: 'xx' },
  ];
  const calls = [
    { type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Oran' } },
    { type: 'tool_use', id: 'toolu_2', name: 'now', input: {} },
  ];
  const { answer, choice } = read({
    content: [...thoughts, { type: 'text', text: 'Let me look.' }, ...calls],
    stop_reason: 'tool_use',
  });
  t.deepEqual(choice?.message, {
    role: 'assistant',
    content: 'Let me look.',
    refusal: null,
    reasoning_content: 'hm',
    thinking_blocks: thoughts,
    tool_calls: [
      { id: 'toolu_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Oran"}' } },
      { id: 'toolu_2', type: 'function', function: { name: 'now', arguments: '{}' } },
    ],
  });
  t.is(choice?.finish_reason, 'tool_calls');
  t.deepEqual(answer?.text, ['hm', 'Let me look.', '{"city":"Oran"}', '{}']);
  t.like(read({ content: calls, stop_reason: 'tool_use' }).choice, { message: { content: null } });
  t.like(read({}).choice, { message: { content: '' } });
});

for (const [stopReason, finishReason] of [
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  ['pause_turn', 'stop'],
  ['of_tomorrow', 'stop'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['tool_use', 'tool_calls'],
  ['refusal', 'content_filter'],
])
  test(`says ${finishReason} for ${stopReason}`, (t) => {
    t.is(read({ stop_reason: stopReason }).choice?.finish_reason, finishReason);
  });

test('says why it would not answer', (t) => {
  const details = { type: 'refusal', category: 'cyber', explanation: 'Not this.' };
  t.like(read({ stop_reason: 'refusal', stop_details: details }).choice, {
    message: { content: null, refusal: 'Not this.' },
  });
});

test('leaves usage out when there is none, and does not take anything for an answer', (t) => {
  const { answer, body } = read({ usage: null, content: [{ type: 'text', text: 'x' }] });
  t.is(answer?.usage, null);
  t.false('usage' in body);
  for (const body of ['<html>', '[]', '{}', '{"type":"error","error":{"type":"api_error"}}'])
    t.is(readChatAnswer(Buffer.from(body), call), undefined, body);
});
