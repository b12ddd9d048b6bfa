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

const ASKED = { messages: [], stream: true, stream_options: { include_usage: true } };
const read = (wire: string, asked: object = {}, segmentBytes?: number) =>
  readStream(() => openChatStream(callOf({ ...ASKED, ...asked })), wire, segmentBytes);

const usageMetadata = (candidatesTokenCount: number) => ({
  promptTokenCount: 9,
  candidatesTokenCount,
  thoughtsTokenCount: 4,
});
const wireOf = (...responses: object[]) => responses.map((one) => `data: ${JSON.stringify(one)}\r\n\r\n`).join('');
const response = (tokens: number, ...candidates: object[]) => ({
  candidates,
  usageMetadata: usageMetadata(tokens),
  modelVersion: 'gemini-x',
  responseId: 'M3iLaY',
});
const candidate = (parts: object[], more: object = {}) => ({ content: { role: 'model', parts }, index: 0, ...more });
const STOP = { finishReason: 'STOP' };

const plain = wireOf(
  response(3, candidate([{ text: 'Bonjour' }])),
  response(8, candidate([{ text: ' à tous ☕' }])),
  response(9, candidate([{ text: '', thoughtSignature: 'sig' }], STOP)),
);

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
    t.like(chunk, { id: 'M3iLaY', object: 'chat.completion.chunk', created: CREATED, model: 'gemini-x' });
  t.is(chunks.at(-1)?.usage?.total_tokens, 9 + 9 + 4);
  t.true(forwardOf(events).endsWith('\n\ndata: [DONE]\n\n'));
  t.is(produced(events), 'Bonjour à tous ☕');
});

test('says at each moment what has been used so far', (t) => {
  const events = read(plain);
  t.deepEqual(
    events.map(({ kind }) => kind),
    ['part', 'part', 'part', 'usage', 'done'],
  );
  const so = (completionTokens: number) => usageOf({ promptTokens: 9, completionTokens, reasoningTokens: 4 });
  t.deepEqual(
    events.flatMap((event) => ('usage' in event ? [event.usage] : [])),
    [so(7), so(12), so(13), so(13)],
  );
});

for (const segmentBytes of [1, 7, 64, 1000])
  test(`reads the same from segments of ${segmentBytes} bytes, with LF, too`, (t) => {
    t.deepEqual(read(plain, {}, segmentBytes), read(plain));
    t.deepEqual(read(plain.replaceAll('\r', ''), {}, segmentBytes), read(plain));
  });

test('gives OpenAI’s own client what thoughts, words and calls there were', async (t) => {
  const events = read(
    wireOf(
      response(0, candidate([{ text: 'I should look.', thought: true }])),
      response(
        5,
        candidate([
          { text: 'Let me look.' },
          { functionCall: { name: 'weather', args: { city: 'Oran' } }, thoughtSignature: 'sig' },
        ]),
      ),
      response(9, candidate([{ functionCall: { name: 'now' } }])),
      response(9, candidate([{ text: '' }], STOP)),
    ),
  );
  const { choices } = await completionOf(events);
  t.is(choices[0]?.finish_reason, 'tool_calls');
  t.is(choices[0]?.message.content, 'Let me look.');
  t.like(choices[0]?.message.tool_calls, [
    {
      id: 'call_M3iLaY_0_0',
      function: { name: 'weather', arguments: '{"city":"Oran"}' },
      extra_content: { google: { thought_signature: 'sig' } },
    },
    { id: 'call_M3iLaY_0_1', function: { name: 'now', arguments: '{}' } },
  ] as never);
  t.is(produced(events), 'I should look.Let me look.{"city":"Oran"}{}');
  t.true(forwardOf(events).includes('"reasoning_content":"I should look."'));
});

test('calls one tool at a time when told so, and counts all', async (t) => {
  const calls = candidate([{ functionCall: { name: 'a' } }, { functionCall: { name: 'b' } }], STOP);
  const events = read(wireOf(response(9, calls)), { parallel_tool_calls: false });
  const { choices } = await completionOf(events);
  t.deepEqual(
    choices[0]?.message.tool_calls?.map((call) => call.type === 'function' && call.function.name),
    ['a'],
  );
  t.is(produced(events), '{}{}');
});

test('ends when the last of several answers ends', async (t) => {
  const wire = wireOf(
    response(1, candidate([{ text: 'a' }]), candidate([{ text: 'x' }], { index: 1 })),
    response(2, candidate([], STOP)),
    response(3, candidate([{ text: 'y' }], { index: 1, finishReason: 'MAX_TOKENS' })),
  );
  const events = read(wire, { n: 2 });
  t.deepEqual(
    events.map((event) => (event.kind === 'part' ? event.isFinal : event.kind)),
    [false, false, true, 'usage', 'done'],
  );
  const { choices } = await completionOf(events);
  t.deepEqual(
    choices.map(({ message, finish_reason }) => [message.content, finish_reason]),
    [
      ['a', 'stop'],
      ['xy', 'length'],
    ],
  );
});

test('says that a prompt was blocked', async (t) => {
  const wire = wireOf({
    promptFeedback: { blockReason: 'SAFETY' },
    usageMetadata: { promptTokenCount: 7 },
    responseId: 'b',
  });
  const events = read(wire);
  const { choices } = await completionOf(events);
  t.is(choices[0]?.finish_reason, 'content_filter');
  t.regex(String(choices[0]?.message.refusal), /SAFETY/);
  t.is(events.at(-1)?.kind, 'done');
});

test('ends without usage when there was none', (t) => {
  const events = read(wireOf({ candidates: [candidate([{ text: 'x' }], STOP)] }));
  t.deepEqual(
    events.map(({ kind }) => kind),
    ['part', 'done'],
  );
  t.true(forwardOf(events).includes('"id":"req_'));
});

test('knows an error in the middle, a broken event, and a comment', (t) => {
  const error = { error: { code: 503, message: 'The model is overloaded.', status: 'UNAVAILABLE' } };
  t.like(read(wireOf(response(3, candidate([{ text: 'x' }])), error)).at(-1), {
    kind: 'error',
    error: { status: 503, isOurs: true },
  });
  t.is(read('data: {"candid\n\n')[0]?.kind, 'broken');
  t.is(read('data: [DONE]\n\n')[0]?.kind, 'broken');
  t.deepEqual(read(': hello\n\n'), [{ kind: 'other', forward: '' }]);
});
