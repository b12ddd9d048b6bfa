import test from 'ava';
import { CREATED, callOf, jsonOf, usageOf } from '#test/support/dialects.ts';
import { readChatAnswer } from './chat-answer.ts';

interface Body {
  choices: { index: number; message: { tool_calls?: { id: string }[] }; logprobs: unknown; finish_reason: string }[];
  usage?: object;
}

const bytesOf = (response: object) => Buffer.from(JSON.stringify(response));
const candidate = (parts: object[], more: object = {}) => ({
  content: { role: 'model', parts },
  finishReason: 'STOP',
  ...more,
});
const response = (...candidates: object[]) => ({
  candidates,
  usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 13, thoughtsTokenCount: 302, totalTokenCount: 324 },
  modelVersion: 'gemini-3-flash-preview',
  responseId: 'M3iLaY',
});
const read = (given: object, asked: object = {}) => {
  const answer = readChatAnswer(bytesOf(given), callOf({ messages: [], ...asked }));
  const body = jsonOf(answer?.body) as Body;
  return { answer, body, choice: body.choices[0] };
};

test('answers as OpenAI does', (t) => {
  const { answer, body } = read(response(candidate([{ text: 'Bon' }, { text: 'jour' }])));
  t.like(body, { id: 'M3iLaY', object: 'chat.completion', created: CREATED, model: 'gemini-3-flash-preview' });
  t.deepEqual(body.choices, [
    {
      index: 0,
      message: { role: 'assistant', content: 'Bonjour', refusal: null },
      logprobs: null,
      finish_reason: 'stop',
    },
  ] as never);
  t.like(body.usage, {
    prompt_tokens: 9,
    completion_tokens: 315,
    total_tokens: 324,
    completion_tokens_details: { reasoning_tokens: 302 },
  });
  t.deepEqual(answer?.usage, usageOf({ promptTokens: 9, completionTokens: 315, reasoningTokens: 302 }));
  t.deepEqual(answer?.text, ['Bonjour']);
});

test('counts cached and spoken tokens, and what Google’s own tools returned', (t) => {
  const usageMetadata = {
    promptTokenCount: 5000,
    cachedContentTokenCount: 4096,
    toolUsePromptTokenCount: 100,
    candidatesTokenCount: 20,
    promptTokensDetails: [
      { modality: 'TEXT', tokenCount: 4700 },
      { modality: 'AUDIO', tokenCount: 300 },
    ],
    candidatesTokensDetails: [{ modality: 'AUDIO', tokenCount: 12 }],
  };
  t.deepEqual(
    read({ ...response(candidate([{ text: 'x' }])), usageMetadata }).answer?.usage,
    usageOf({
      promptTokens: 5100,
      cachedTokens: 4096,
      completionTokens: 20,
      audioPromptTokens: 300,
      audioCompletionTokens: 12,
    }),
  );
});

const CALLS = [
  { functionCall: { name: 'weather', args: { city: 'Oran' } }, thoughtSignature: 'sig' },
  { functionCall: { name: 'now' } },
  { functionCall: { id: 'own', name: 'now', args: {} } },
];

test('gives thoughts, words and calls their places, and calls ids that stay the same', (t) => {
  const given = response(candidate([{ text: 'hm', thought: true }, { text: 'Let me look.' }, ...CALLS]));
  const { answer, choice } = read(given);
  t.deepEqual(choice?.message, {
    role: 'assistant',
    content: 'Let me look.',
    refusal: null,
    reasoning_content: 'hm',
    tool_calls: [
      {
        id: 'call_M3iLaY_0_0',
        type: 'function',
        function: { name: 'weather', arguments: '{"city":"Oran"}' },
        extra_content: { google: { thought_signature: 'sig' } },
      },
      { id: 'call_M3iLaY_0_1', type: 'function', function: { name: 'now', arguments: '{}' } },
      { id: 'own', type: 'function', function: { name: 'now', arguments: '{}' } },
    ],
  } as never);
  t.is(choice?.finish_reason, 'tool_calls');
  t.deepEqual(answer?.text, ['hm', 'Let me look.', '{"city":"Oran"}', '{}', '{}']);
  t.deepEqual(read(given).body, read(given).body);
  t.like(read(response(candidate(CALLS))).choice, { message: { content: null } });
});

test('makes ids that OpenAI would take, also without an id of the answer', (t) => {
  const { responseId, ...given } = response(candidate(CALLS));
  const ids = read(given).choice?.message.tool_calls?.map(({ id }) => id) ?? [];
  t.is(responseId, 'M3iLaY');
  t.is(new Set(ids).size, 3);
  t.true(ids.every((id) => id.length <= 40));
});

test('calls one tool at a time when told so', (t) => {
  t.is(read(response(candidate(CALLS)), { parallel_tool_calls: false }).choice?.message.tool_calls?.length, 1);
});

test('gives several answers', (t) => {
  const { body } = read(
    response(candidate([{ text: 'a' }]), candidate([{ text: 'b' }], { index: 1, finishReason: 'MAX_TOKENS' })),
  );
  t.deepEqual(
    body.choices.map(({ index, finish_reason }) => [index, finish_reason]),
    [
      [0, 'stop'],
      [1, 'length'],
    ],
  );
});

test('gives log probabilities in OpenAI’s form', (t) => {
  const logprobsResult = {
    chosenCandidates: [{ token: 'é', tokenId: 1, logProbability: -0.1 }],
    topCandidates: [
      {
        candidates: [
          { token: 'é', logProbability: -0.1 },
          { token: 'e', logProbability: -2 },
        ],
      },
    ],
  };
  const first = { token: 'é', logprob: -0.1, bytes: [195, 169] };
  t.deepEqual(read(response(candidate([{ text: 'é' }], { logprobsResult }))).choice?.logprobs, {
    content: [{ ...first, top_logprobs: [first, { token: 'e', logprob: -2, bytes: [101] }] }],
    refusal: null,
  });
});

for (const [reason, finishReason] of [
  ['STOP', 'stop'],
  ['MAX_TOKENS', 'length'],
  ['SAFETY', 'content_filter'],
  ['RECITATION', 'content_filter'],
  ['PROHIBITED_CONTENT', 'content_filter'],
  ['SPII', 'content_filter'],
  ['BLOCKLIST', 'content_filter'],
  ['MALFORMED_FUNCTION_CALL', 'stop'],
  ['OTHER', 'stop'],
])
  test(`says ${finishReason} for ${reason}`, (t) => {
    t.is(read(response({ finishReason: reason })).choice?.finish_reason, finishReason);
  });

test('says that a prompt was blocked', (t) => {
  const given = { promptFeedback: { blockReason: 'PROHIBITED_CONTENT' }, usageMetadata: { promptTokenCount: 7 } };
  const { answer, choice } = read(given);
  t.like(choice, { message: { content: null }, finish_reason: 'content_filter' });
  t.regex(String((choice?.message as { refusal?: string }).refusal), /PROHIBITED_CONTENT/);
  t.deepEqual(answer?.usage, usageOf({ promptTokens: 7 }));
});

test('does not take anything for an answer', (t) => {
  for (const body of ['<html>', '[]', '{}', '{"candidates":[]}', '{"error":{"code":500}}'])
    t.is(readChatAnswer(Buffer.from(body), callOf({})), undefined, body);
});
