import test from 'ava';
import { Untranslatable } from '../provider.ts';
import { readChatRequest } from './request.ts';

const hi = { role: 'user', content: 'hi' };
const read = (body: object) => readChatRequest({ messages: [hi], ...body });

const refusals: [string, object, string][] = [
  ['no messages', { messages: [] }, 'messages'],
  ['a role that OpenAI deprecated', { messages: [{ role: 'function', name: 'f', content: 'x' }] }, 'messages[0].role'],
  [
    'a part nobody knows',
    { messages: [hi, { role: 'user', content: [{ type: 'smell' }] }] },
    'messages[1].content[0].type',
  ],
  [
    'an image without an address',
    { messages: [{ role: 'user', content: [{ type: 'image_url' }] }] },
    'messages[0].content[0].image_url',
  ],
  [
    'an image in the system’s words',
    { messages: [{ role: 'system', content: [{ type: 'image_url', image_url: { url: 'http://x' } }] }] },
    'messages[0].content[0].type',
  ],
  [
    'a call without arguments',
    { messages: [{ role: 'assistant', tool_calls: [{ id: 'c', type: 'function', function: { name: 'f' } }] }] },
    'messages[0].tool_calls[0].function.arguments',
  ],
  ['a result without its call', { messages: [{ role: 'tool', content: 'x' }] }, 'messages[0].tool_call_id'],
  ['functions', { functions: [] }, 'functions'],
  ['function_call', { function_call: 'auto' }, 'function_call'],
  ['speech', { modalities: ['text', 'audio'] }, 'modalities'],
  ['a voice', { audio: { voice: 'ash', format: 'wav' } }, 'modalities'],
  ['a tool of OpenAI’s own', { tools: [{ type: 'custom', custom: { name: 'x' } }] }, 'tools[0].type'],
  ['an effort nobody makes', { reasoning_effort: 'heroic' }, 'reasoning_effort'],
  ['a temperature in words', { temperature: 'hot' }, 'temperature'],
  ['a format nobody knows', { response_format: { type: 'xml' } }, 'response_format.type'],
];
for (const [what, body, param] of refusals)
  test(`refuses ${what} by name`, (t) => {
    const error = t.throws(() => read(body), { instanceOf: Untranslatable });
    t.is(error?.param, param);
    t.true((error?.message ?? '').length > 10);
  });

test('reads one text as a list of one, and one stop as a list of one', (t) => {
  const request = read({ stop: 'END' });
  t.like(request.messages[0], { content: [{ type: 'text', text: 'hi' }] });
  t.deepEqual(request.stop, ['END']);
  t.deepEqual(read({ stop: ['a', 'b'] }).stop, ['a', 'b']);
  t.deepEqual(read({}).stop, []);
});

test('takes the newer limit of two', (t) => {
  t.is(read({ max_tokens: 5, max_completion_tokens: 7 }).maxTokens, 7);
  t.is(read({ max_tokens: 5 }).maxTokens, 5);
  t.is(read({ max_tokens: null }).maxTokens, null);
});

test('leaves behind what only OpenAI knows', (t) => {
  const request = read({ store: true, metadata: { a: 'b' }, prediction: {}, verbosity: 'low', made_up: 1 });
  for (const field of ['store', 'metadata', 'prediction', 'verbosity', 'made_up']) t.false(field in request);
});

const tool = (name: string) => ({ type: 'function', function: { name } });
test('reads every way to choose a tool', (t) => {
  const choice = (tool_choice: unknown) => read({ tools: [tool('a'), tool('b')], tool_choice });
  t.is(choice(undefined).toolChoice, 'auto');
  for (const word of ['auto', 'none', 'required'] as const) t.is(choice(word).toolChoice, word);
  t.deepEqual(choice(tool('b')).toolChoice, { name: 'b' });
  const allowed = choice({ type: 'allowed_tools', allowed_tools: { mode: 'required', tools: [tool('b')] } });
  t.is(allowed.toolChoice, 'required');
  t.deepEqual(
    allowed.tools.map(({ function: { name } }) => name),
    ['b'],
  );
});
