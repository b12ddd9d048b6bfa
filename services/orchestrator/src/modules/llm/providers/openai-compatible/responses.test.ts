import test from 'ava';
import type { StreamEvent, StreamReader } from '../provider.ts';
import { openResponseStream, readResponse } from './responses.ts';

const event = (data: { type: string } & Record<string, unknown>) =>
  Buffer.from(`event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`);
const all = (read: StreamReader, events: readonly Buffer[]): StreamEvent[] => events.map(read).flat();
const usage = {
  input_tokens: 36,
  input_tokens_details: { cached_tokens: 30 },
  output_tokens: 87,
  output_tokens_details: { reasoning_tokens: 64 },
  total_tokens: 123,
};

test('a stream of the Responses API is its deltas, and its usage at the end', (t) => {
  const said = all(openResponseStream(), [
    event({ type: 'response.created', response: { id: 'resp_1', status: 'in_progress', usage: null } }),
    event({ type: 'response.reasoning_summary_text.delta', delta: 'Hm. ' }),
    event({ type: 'response.output_text.delta', delta: 'Hi' }),
    event({ type: 'response.output_audio.delta', delta: 'UklGRg==' }),
    event({ type: 'response.function_call_arguments.delta', delta: '{}' }),
    event({ type: 'response.output_text.done', text: 'Hi' }),
    event({ type: 'response.completed', response: { status: 'completed', usage } }),
  ]);
  t.deepEqual(
    said.map((one) => ('text' in one ? one.text : one.kind)),
    ['other', 'Hm. ', 'Hi', 'other', '{}', 'other', '', 'done'],
  );
  t.like(said.at(-2), {
    kind: 'part',
    isFinal: true,
    usage: { promptTokens: 36, cachedTokens: 30, reasoningTokens: 64 },
  });
  t.false('forward' in (said.at(-2) ?? {}), 'the provider’s own bytes');
  t.deepEqual(said.at(-1), { kind: 'done', forward: '' });
});

test('an answer that was cut short by its limit is an end, with its usage', (t) => {
  const incomplete = { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' }, usage };
  const said = all(openResponseStream(), [event({ type: 'response.incomplete', response: incomplete })]);
  t.like(said[0], { kind: 'part', isFinal: true, usage: { completionTokens: 87 } });
  t.is(said[1]?.kind, 'done');
});

test('failures of the Responses API, in each of their forms', (t) => {
  const error = { code: 'rate_limit_exceeded', message: 'Rate limit reached in organization org-abc12345' };
  for (const failure of [
    event({ type: 'response.failed', response: { status: 'failed', error } }),
    event({ type: 'error', ...error, param: null }),
    event({ type: 'error', error: { type: 'tokens', ...error } }),
    Buffer.from(`data: ${JSON.stringify({ error })}\n\n`),
  ])
    t.like(all(openResponseStream(), [failure])[0], { kind: 'error', error: { status: 429, isOurs: true } });
  const server = { type: 'response.failed', response: { error: { code: 'server_error', message: 'Oops' } } };
  t.like(all(openResponseStream(), [event(server)])[0], { kind: 'error', error: { status: 502, isOurs: true } });
  t.is(all(openResponseStream(), [Buffer.from('data: {\n\n')])[0]?.kind, 'broken');
  t.is(all(openResponseStream(), [Buffer.from(': ping\n\n')])[0]?.kind, 'other');
});

test('reads whole responses; one that failed is none, whatever its status', (t) => {
  const output = [
    { type: 'reasoning', summary: [{ type: 'summary_text', text: 'Hm. ' }] },
    {
      type: 'message',
      content: [
        { type: 'output_text', text: 'Hi', annotations: [] },
        { type: 'refusal', refusal: 'No' },
      ],
    },
    { type: 'function_call', name: 'f', arguments: '{"a":1}' },
    { type: 'custom_tool_call', input: 'x' },
  ];
  const answer = readResponse(Buffer.from(JSON.stringify({ object: 'response', status: 'completed', output, usage })));
  t.deepEqual([...(answer?.text ?? [])].sort(), ['Hi', 'Hm. ', 'No', 'x', '{"a":1}']);
  t.is(answer?.usage?.completionTokens, 87);
  for (const status of ['failed', 'cancelled'])
    t.is(readResponse(Buffer.from(JSON.stringify({ status, output: [], usage: null }))), undefined, status);
  t.is(readResponse(Buffer.from('{"error":null}')), undefined);
});
