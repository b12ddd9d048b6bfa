import test from 'ava';
import fc from 'fast-check';
import { request as send } from 'undici';
import { callOf, completionOf, jsonOf, readStream } from '#test/support/dialects.ts';
import { atEnd } from '#test/support/stack.ts';
import { createAnthropic } from '../../../../../sandbox/src/anthropic/anthropic.ts';
import { createGemini } from '../../../../../sandbox/src/gemini/gemini.ts';
import { Clock } from '../../../../../sandbox/src/kernel/clock.ts';
import { Faults } from '../../../../../sandbox/src/kernel/faults.ts';
import { listen } from '../../../../../sandbox/src/kernel/listen.ts';
import { misbehaving } from '../../../../../sandbox/src/kernel/misbehave.ts';
import { RequestLog } from '../../../../../sandbox/src/kernel/request-log.ts';
import { anthropic } from './anthropic/anthropic.ts';
import { gemini } from './gemini/gemini.ts';
import { type Dialect, type UpstreamCall, Untranslatable } from './provider.ts';

const KEY = 'sk-up';
const PROVIDERS = {
  anthropic: { make: anthropic, standIn: createAnthropic, path: '/v1', models: ['claude-sonnet-4-5', 'claude-opus-5'] },
  gemini: { make: gemini, standIn: createGemini, path: '/v1beta', models: ['gemini-2.5-flash', 'gemini-3.5-flash'] },
};
type Name = keyof typeof PROVIDERS;

async function start(t: Parameters<typeof atEnd>[0], name: Name) {
  const { make, standIn, path } = PROVIDERS[name];
  const world = { clock: new Clock(), faults: new Faults(), log: new RequestLog() };
  const listening = await listen(name, 0);
  listening.server.on('request', misbehaving(world, standIn(world, { apiKey: KEY })));
  atEnd(t)(() => listening.close());
  const url = `${listening.url}${path}`;
  const provider = make({ name, label: name, url, key: KEY });
  const dialect = provider.dialects.chat as Dialect;
  const ask = async (call: UpstreamCall) => {
    const { path, headers, body } = dialect.request(call);
    const answer = await send(`${url}${path}`, { method: 'POST', headers, body });
    return { status: answer.statusCode, headers: answer.headers, body: Buffer.from(await answer.body.arrayBuffer()) };
  };
  return { provider, dialect, ask, faults: world.faults };
}

const hello = { messages: [{ role: 'user', content: 'Bonjour à tous' }] };
const parameters = { type: 'object', properties: { city: { type: 'string', minLength: 2 } }, required: ['city'] };
const tools = [{ type: 'function', function: { name: 'weather', parameters, strict: true } }];
const choice = { type: 'function', function: { name: 'weather' } };
const response_format = { type: 'json_schema', json_schema: { name: 'place', strict: true, schema: parameters } };

interface Completion {
  choices: { message: Record<string, unknown>; finish_reason: string }[];
  usage: { completion_tokens: number; completion_tokens_details: { reasoning_tokens: number } };
}

const CASES: [string, Record<string, unknown>, string][] = [
  ['words', hello, 'stop'],
  ['words cut short', { ...hello, max_tokens: 5 }, 'length'],
  ['a tool', { ...hello, tools, tool_choice: choice }, 'tool_calls'],
  ['JSON', { ...hello, response_format }, 'stop'],
  ['thoughts', { ...hello, reasoning_effort: 'high' }, 'stop'],
];

for (const name of ['anthropic', 'gemini'] as const)
  for (const model of PROVIDERS[name].models)
    test(`${model}: the same answer in one piece and as a stream`, async (t) => {
      const { dialect, ask } = await start(t, name);
      for (const [what, body, finishReason] of CASES) {
        const call = callOf(body, { model });
        const { status, body: bytes } = await ask(call);
        t.is(status, 200, `${what}: ${String(bytes)}`);
        const plain = jsonOf(dialect.readAnswer(bytes, call)?.body) as Completion;
        const streamed = callOf({ ...body, stream: true, stream_options: { include_usage: true } }, { model });
        const wire = String((await ask(streamed)).body);
        const whole = await completionOf(readStream(() => dialect.openStream(streamed), wire, 7));
        t.is(plain.choices[0]?.finish_reason, finishReason, what);
        t.is(whole.choices[0]?.finish_reason, finishReason as 'stop', what);
        t.is(whole.choices[0]?.message.content, plain.choices[0]?.message['content'] as string, what);
        t.deepEqual(
          argumentsOf(whole.choices[0]?.message.tool_calls),
          argumentsOf(plain.choices[0]?.message['tool_calls']),
          what,
        );
        t.deepEqual(whole.usage as unknown, plain.usage, what);
        if (what === 'thoughts') t.is(plain.choices[0]?.message['reasoning_content'], 'Let me think about it.');
        if (what === 'thoughts') t.is(plain.usage.completion_tokens_details.reasoning_tokens, 6);
        if (what === 'JSON') t.deepEqual(jsonOf(whole.choices[0]?.message.content ?? ''), { city: 'Bonjour à tous' });
        if (what === 'a tool')
          t.deepEqual(argumentsOf(whole.choices[0]?.message.tool_calls), ['{"city":"Bonjour à tous"}']);
      }
    });

const argumentsOf = (calls: unknown): string[] =>
  ((calls ?? []) as { function: { arguments: string } }[]).map((call) => call.function.arguments);

const text = fc.string({ maxLength: 20 });
const textPart = fc.record({ type: fc.constant('text'), text });
const imagePart = fc.constantFrom(
  { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
  { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
);
const content = fc.oneof(text, fc.array(fc.oneof(textPart, imagePart), { minLength: 1, maxLength: 3 }));
const exchange = fc
  .array(fc.tuple(fc.string({ minLength: 1, maxLength: 12 }), fc.boolean()), { minLength: 1, maxLength: 3 })
  .map((calls) => {
    const ids = calls.map(([id], index) => `${id}${index}`);
    return [
      {
        role: 'assistant',
        content: calls.length > 1 ? 'Let me see. ' : null,
        tool_calls: ids.map((id) => ({
          id,
          type: 'function',
          function: { name: 'weather', arguments: '{"city":"Oran"}' },
        })),
      },
      ...ids.map((id) => ({ role: 'tool', tool_call_id: id, content: 'sunny' })),
    ];
  });
const turn = fc.oneof(
  fc.record({ role: fc.constantFrom('system', 'developer'), content: text }).map((one) => [one]),
  fc.record({ role: fc.constant('user'), content }).map((one) => [one]),
  fc.record({ role: fc.constant('assistant'), content: text }).map((one) => [one]),
  exchange,
);
const optional = fc.record(
  {
    max_tokens: fc.integer({ min: 1, max: 20_000 }),
    temperature: fc.double({ min: 0, max: 2, noNaN: true }),
    top_p: fc.double({ min: 0, max: 1, noNaN: true }),
    stop: fc.oneof(fc.string({ minLength: 1 }), fc.array(fc.string({ minLength: 1, maxLength: 4 }), { maxLength: 4 })),
    seed: fc.maxSafeInteger(),
    presence_penalty: fc.constantFrom(0, 0.5, -2),
    user: fc.string({ maxLength: 300 }),
    reasoning_effort: fc.constantFrom('none', 'minimal', 'low', 'medium', 'high', 'xhigh'),
    tools: fc.constantFrom(undefined, tools),
    tool_choice: fc.constantFrom('auto', 'none', 'required', choice),
    parallel_tool_calls: fc.boolean(),
    response_format: fc.constantFrom({ type: 'text' }, response_format),
    stream: fc.boolean(),
  },
  { requiredKeys: [] },
);

/** The user has the last word, as in every conversation that is to be answered. */
const asked = fc
  .tuple(fc.array(turn, { maxLength: 6 }), optional)
  .map(([turns, more]) => ({ ...more, messages: [...turns.flat(), { role: 'user', content: 'And now?' }] }));

for (const name of ['anthropic', 'gemini'] as const)
  for (const model of PROVIDERS[name].models)
    test(`${model}: whatever OpenAI’s clients may ask is understood, or refused by name`, async (t) => {
      const { dialect, ask } = await start(t, name);
      let answered = 0;
      await fc.assert(
        fc.asyncProperty(asked, async (body) => {
          const call = callOf(JSON.parse(JSON.stringify(body)) as typeof body, { model });
          try {
            const { status, body: bytes } = await ask(call);
            if (status !== 200) throw new Error(String(bytes));
            answered += 1;
            if (!call.isStream) return dialect.readAnswer(bytes, call) !== undefined;
            return readStream(() => dialect.openStream(call), String(bytes)).at(-1)?.kind === 'done';
          } catch (error) {
            if (error instanceof Untranslatable) return error.param !== '';
            throw error;
          }
        }),
        { numRuns: 300 },
      );
      t.true(answered > 150, `${answered} of 300`);
    });
