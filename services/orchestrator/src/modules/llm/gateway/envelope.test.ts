import test from 'ava';
import fc from 'fast-check';
import { openaiCompatible } from '../providers/openai-compatible/openai-compatible.ts';
import { isEnvelope, readEnvelope } from './envelope.ts';

const provider = openaiCompatible({ name: 'test', url: 'http://provider.test/v1', key: 'ours' });
const valid = { model: 'm', messages: [{ role: 'user', content: 'hi' }] };

const sent = (body: unknown): { text: string; parsed: Record<string, unknown> } => {
  const rawBody = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const envelope = readEnvelope(rawBody);
  if (!isEnvelope(envelope)) throw new Error(envelope.body.message);
  const text = String(provider.chatRequest({ requestId: 'req_1', ...envelope }).body);
  return { text, parsed: JSON.parse(text) as Record<string, unknown> };
};

test('any body is an envelope or a 400 that says why', (t) => {
  const body = fc.oneof(
    fc.json(),
    fc.string(),
    fc
      .record(
        {
          ...Object.fromEntries(
            ['model', 'messages', 'stream', 'stream_options', 'max_tokens', 'n', 'tools'].map((name) => [
              name,
              fc.jsonValue(),
            ]),
          ),
        },
        { requiredKeys: [] },
      )
      .map((value) => JSON.stringify(value)),
  );
  fc.assert(
    fc.property(body, (text) => {
      const result = readEnvelope(Buffer.from(text));
      return isEnvelope(result) || (result.status === 400 && result.body.message !== '');
    }),
    { numRuns: 1000 },
  );
  t.pass();
});

test('sends what the client sent, byte for byte, unless a stream must be made to say its usage', (t) => {
  const odd = '{ "seed": 12345678901234567890, "model":"m",\n"messages":[{"role":"user","content":"a\\u00e9"}] }\n';
  t.is(sent(odd).text, odd);
  const asking = JSON.stringify({ ...valid, stream: true, stream_options: { include_usage: true } });
  t.is(sent(asking).text, asking);

  const streamed = sent({ ...valid, stream: true, unknown_field: { kept: [1] } });
  t.deepEqual(streamed.parsed['stream_options'], { include_usage: true });
  t.deepEqual(streamed.parsed['unknown_field'], { kept: [1] });
  t.deepEqual(sent({ ...valid, stream: true, stream_options: null }).parsed['stream_options'], { include_usage: true });
  t.deepEqual(
    sent({ ...valid, stream: true, stream_options: { include_usage: false, x: 1 } }).parsed['stream_options'],
    {
      include_usage: true,
      x: 1,
    },
  );
  t.deepEqual(sent(`  ${JSON.stringify({ ...valid, stream: true })}  \n`).parsed['stream_options'], {
    include_usage: true,
  });
});

test('what was checked is what is sent, even if a key comes twice', (t) => {
  const { text } = sent('{"model":"expensive","messages":[{"role":"user","content":"x"}],"model":"cheap"}');
  t.false(text.includes('expensive'));
  t.deepEqual(JSON.parse(text), { model: 'cheap', messages: [{ role: 'user', content: 'x' }] });
});

test('our key goes to the provider, and nothing that the client signed in with', (t) => {
  const rawBody = Buffer.from(JSON.stringify(valid));
  const { headers } = provider.chatRequest({ requestId: 'req_1', rawBody, body: valid, isStream: false });
  t.deepEqual(Object.keys(headers).sort(), [
    'accept',
    'accept-encoding',
    'authorization',
    'content-type',
    'user-agent',
    'x-request-id',
  ]);
  t.is(headers['authorization'], 'Bearer ours');
});
