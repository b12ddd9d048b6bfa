import test from 'ava';
import fc from 'fast-check';
import { SURFACES } from '../../providers/provider.ts';
import { isEnvelope } from './envelope.ts';
import { surfaceOf } from './surfaces.ts';

const read = (name: (typeof SURFACES)[number], body: unknown) =>
  surfaceOf(name).read(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)));

const NAMES = {
  chat: ['model', 'messages', 'stream', 'stream_options', 'max_tokens', 'n', 'tools', 'service_tier'],
  embeddings: ['model', 'input', 'dimensions', 'encoding_format'],
  responses: ['model', 'input', 'stream', 'tools', 'max_output_tokens', 'background'],
  messages: ['model', 'messages', 'stream', 'tools', 'max_tokens'],
};

for (const name of SURFACES)
  test(`any body of ${name} is an envelope or a 400 that says why`, (t) => {
    const fields = Object.fromEntries(NAMES[name].map((field) => [field, fc.jsonValue()]));
    const body = fc.oneof(
      fc.json(),
      fc.string(),
      fc.record(fields, { requiredKeys: [] }).map((value) => JSON.stringify(value)),
    );
    fc.assert(
      fc.property(body, (text) => {
        const result = read(name, text);
        return isEnvelope(result) || (result.status === 400 && result.body.message !== '');
      }),
      { numRuns: 1000 },
    );
    t.pass();
  });

const hi = [{ role: 'user', content: 'hi' }];
const refusals: [(typeof SURFACES)[number], object, string][] = [
  ['chat', { messages: hi }, 'model'],
  ['chat', { model: '', messages: hi }, 'model'],
  ['chat', { model: 'm'.repeat(201), messages: hi }, 'model'],
  ['chat', { model: 'm' }, 'messages'],
  ['chat', { model: 'm', messages: [...hi, { content: 'x' }] }, 'messages[1]'],
  ['chat', { model: 'm', messages: hi, stream_options: { include_usage: true } }, 'stream_options'],
  ['chat', { model: 'm', messages: hi, n: 0 }, 'n'],
  ['chat', { model: 'm', messages: hi, max_completion_tokens: 1.5 }, 'max_completion_tokens'],
  ['chat', { model: 'm', messages: hi, web_search_options: {} }, 'web_search_options'],
  ['chat', { model: 'm', messages: hi, service_tier: 'priority' }, 'service_tier'],
  ['embeddings', { model: 'm' }, 'input'],
  ['embeddings', { model: 'm', input: [] }, 'input'],
  ['embeddings', { model: 'm', input: ['a', 1] }, 'input'],
  ['embeddings', { model: 'm', input: 'a', encoding_format: 'hex' }, 'encoding_format'],
  ['responses', { model: 'm' }, 'input'],
  ['responses', { model: 'm', input: 'a', previous_response_id: 'resp_1' }, 'previous_response_id'],
  ['responses', { model: 'm', input: 'a', background: true }, 'background'],
  ['responses', { model: 'm', input: 'a', tools: [{ type: 'web_search' }] }, 'tools[0]'],
  ['responses', { model: 'm', input: 'a', tools: [{ type: { toString: 1 } }] }, 'tools[0]'],
  ['messages', { model: 'm', messages: hi }, 'max_tokens'],
  ['messages', { model: 'm', messages: hi, max_tokens: 5, tools: [{ type: { toString: 1 } }] }, 'tools[0]'],
  ['messages', { model: 'm', messages: hi, max_tokens: 5, tools: [{ type: 'web_search_20250305' }] }, 'tools[0]'],
];
for (const [name, body, param] of refusals)
  test(`${name} refuses ${JSON.stringify(body).slice(0, 90)}`, (t) => {
    const result = read(name, body);
    t.false(isEnvelope(result));
    if (!isEnvelope(result)) t.is(result.body.param, param);
  });

test('takes what is well formed, and knows how much may come back', (t) => {
  t.like(read('chat', { model: 'm', messages: hi, max_tokens: 7, n: 2 }), { maxCompletionTokens: 7, choices: 2 });
  t.like(read('chat', { model: 'm', messages: hi, stream: true, stream_options: { include_usage: true } }), {
    isStream: true,
    wantsUsage: true,
  });
  for (const input of ['a', ['a', 'b'], [1, 2], [[1], [2]]])
    t.like(read('embeddings', { model: 'm', input }), { maxCompletionTokens: 0 });
  t.like(read('responses', { model: 'm', input: 'a', tools: [{ type: 'function', name: 'f' }] }), { model: 'm' });
  t.like(read('messages', { model: 'm', messages: hi, max_tokens: 5, tools: [{ name: 'f' }] }), { model: 'm' });
});
