import test from 'ava';
import { callOf, readStream, usageOf } from '#test/support/dialects.ts';
import { type Dialect, Untranslatable } from '../provider.ts';
import { anthropic } from './anthropic.ts';

const provider = anthropic({ name: 'anthropic', label: 'Anthropic', url: 'http://a/v1', key: 'sk-ant' });
const messages = provider.dialects.messages as Dialect;
const hi = { role: 'user', content: 'hi' };
const ask = (body: object) => {
  const call = callOf({ max_tokens: 5, messages: [hi], ...body }, { surface: 'messages', model: 'claude-sonnet-4-5' });
  return messages.request(call);
};

test('sends the client’s own bytes with the provider’s model, our key and the version', (t) => {
  const request = ask({ thinking: { type: 'adaptive' }, made_up: 1, system: [{ type: 'text', text: 'é' }] });
  t.is(
    String(request.body),
    '{"model":"claude-sonnet-4-5","max_tokens":5,"messages":[{"role":"user","content":"hi"}],' +
      '"thinking":{"type":"adaptive"},"made_up":1,"system":[{"type":"text","text":"é"}]}',
  );
  t.is(request.path, '/messages');
  t.like(request.headers, { 'x-api-key': 'sk-ant', 'anthropic-version': '2023-06-01', accept: 'application/json' });
  t.is(ask({ stream: true }).headers['accept'], 'text/event-stream');
});

const hour = { cache_control: { type: 'ephemeral', ttl: '1h' } };
for (const [body, param] of [
  [hour, 'cache_control.ttl'],
  [{ system: [{ type: 'text', text: 'x', ...hour }] }, 'system[0].cache_control.ttl'],
  [
    { messages: [hi, { role: 'user', content: [{ type: 'tool_result', content: [{ type: 'text', ...hour }] }] }] },
    'messages[1].content[0].content[0].cache_control.ttl',
  ],
  [{ inference_geo: 'us' }, 'inference_geo'],
  [{ speed: 'fast' }, 'speed'],
] as const)
  test(`refuses what has another price: ${param}`, (t) => {
    t.is(t.throws(() => ask(body), { instanceOf: Untranslatable })?.param, param);
  });

test('takes marks of the cache for five minutes', (t) => {
  t.notThrows(() => ask({ cache_control: { type: 'ephemeral' } }));
  t.notThrows(() => ask({ cache_control: { type: 'ephemeral', ttl: '5m' } }));
});

test('reads usage and text of Anthropic’s own answers, and leaves them as they are', (t) => {
  const call = callOf({}, { surface: 'messages' });
  const body = {
    type: 'message',
    content: [{ type: 'text', text: 'Hello' }],
    usage: { input_tokens: 3, cache_read_input_tokens: 4, output_tokens: 2 },
  };
  const answer = messages.readAnswer(Buffer.from(JSON.stringify(body)), call);
  t.deepEqual(answer, { usage: usageOf({ promptTokens: 7, cachedTokens: 4, completionTokens: 2 }), text: ['Hello'] });
});

test('reads usage and text of Anthropic’s own streams', (t) => {
  const events = [
    { type: 'message_start', message: { usage: { input_tokens: 3, output_tokens: 1 } } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello' } },
    { type: 'ping' },
    { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 2 } },
    { type: 'message_stop' },
  ];
  const wire = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('');
  const said = readStream(() => messages.openStream(callOf({ stream: true })), wire);
  t.true(said.every((event) => !('forward' in event)));
  t.like(
    said.find((event) => event.kind === 'part' && event.isFinal),
    { usage: usageOf({ promptTokens: 3, completionTokens: 2 }) },
  );
  t.is(said.at(-1)?.kind, 'done');
});
