import test from 'ava';
import type { StreamEvent, StreamReader } from '../provider.ts';
import { openMessageStream, readMessage } from './messages.ts';

const event = (data: { type: string } & Record<string, unknown>) =>
  Buffer.from(`event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`);
const all = (read: StreamReader, events: readonly Buffer[]): StreamEvent[] => events.map(read).flat();
const delta = (given: Record<string, unknown>) => event({ type: 'content_block_delta', index: 0, delta: given });
const usage = { input_tokens: 12, cache_creation_input_tokens: 8, cache_read_input_tokens: 80, output_tokens: 1 };
const start = event({ type: 'message_start', message: { id: 'msg_1', role: 'assistant', content: [], usage } });

test('the prompt is counted when a message begins, the rest when it ends', (t) => {
  const said = all(openMessageStream(), [
    start,
    event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
    event({ type: 'ping' }),
    delta({ type: 'thinking_delta', thinking: 'Hm' }),
    delta({ type: 'signature_delta', signature: 'c2ln' }),
    delta({ type: 'text_delta', text: 'Hi' }),
    delta({ type: 'input_json_delta', partial_json: '{"a"' }),
    event({ type: 'content_block_stop', index: 0 }),
    event({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 15 } }),
    event({ type: 'message_stop' }),
  ]);
  t.deepEqual(
    said.map((one) => ('text' in one ? one.text : one.kind)),
    ['prompt_usage', 'other', 'other', 'Hm', '', 'Hi', '{"a"', 'other', '', 'done'],
  );
  t.like(said[0], { usage: { promptTokens: 100, cachedTokens: 80, cacheWriteTokens: 8 } });
  t.like(said[8], { isFinal: true, usage: { promptTokens: 100, cachedTokens: 80, completionTokens: 15 } });
  t.true(
    said.every((one) => !('forward' in one)),
    'the provider’s own bytes',
  );
});

test('what is corrected at the end counts; what is null corrects nothing', (t) => {
  const end = { input_tokens: 20, cache_read_input_tokens: null, output_tokens: 9 };
  const said = all(openMessageStream(), [
    start,
    event({ type: 'message_delta', delta: { stop_reason: 'max_tokens' }, usage: end }),
  ]);
  t.like(said[1], { usage: { promptTokens: 108, completionTokens: 9 } });
});

test('errors of a message stream have a status by their type', (t) => {
  const cases: [string, number, boolean][] = [
    ['overloaded_error', 503, true],
    ['rate_limit_error', 429, true],
    ['api_error', 502, true],
    ['authentication_error', 502, true],
    ['invalid_request_error', 400, false],
  ];
  for (const [type, status, isOurs] of cases)
    t.like(all(openMessageStream(), [event({ type: 'error', error: { type, message: 'x' } })])[0], {
      kind: 'error',
      error: { status, isOurs },
    });
  t.is(all(openMessageStream(), [Buffer.from('data: nonsense\n\n')])[0]?.kind, 'broken');
});

test('reads whole messages', (t) => {
  const content = [
    { type: 'thinking', thinking: 'Hm', signature: 's' },
    { type: 'text', text: 'Hi' },
    { type: 'tool_use', id: 't', name: 'f', input: { a: 1 } },
  ];
  const answer = readMessage(
    Buffer.from(JSON.stringify({ type: 'message', content, usage: { ...usage, output_tokens: 9 } })),
  );
  t.deepEqual(answer?.text, ['Hm', 'Hi', '{"a":1}']);
  t.like(answer?.usage, { promptTokens: 100, completionTokens: 9 });
  t.is(readMessage(Buffer.from('{"type":"error","error":{"type":"api_error","message":"x"}}')), undefined);
});
