import test from 'ava';
import fc from 'fast-check';
import { characters } from '../characters.ts';
import { type Envelope, isEnvelope } from '../gateway/surfaces/envelope.ts';
import { surfaceOf } from '../gateway/surfaces/surfaces.ts';
import { groq } from '../providers/groq/groq.ts';
import { openaiCompatible } from '../providers/openai-compatible/openai-compatible.ts';
import { openrouter } from '../providers/openrouter/openrouter.ts';
import { perplexity } from '../providers/perplexity/perplexity.ts';
import { type Provider, SURFACES, type Surface } from '../providers/provider.ts';
import { estimatePrompt } from '../usage/estimate.ts';
import { outlineOf } from './outline.ts';

const LARGE = 16 * 1024;
/** The same to JSON, and large. */
const padded = (json: Buffer) => Buffer.concat([json, Buffer.alloc(LARGE + 1, ' ')]);
const reading = (json: string | Buffer): unknown => {
  try {
    return JSON.parse(json.toString('utf8'));
  } catch {
    return undefined;
  }
};

const PIECES = [
  ...['words of a prompt ', 'a', '{"model":"x"}'.replaceAll('"', '\\"'), '\\n', '\\\\', '\\"', '\\/', '\\t', '\u007f'],
  ...['é', 'نموذج', '漢字', '😀', '\u2028', '\uffff', '\ufeff', '\\u00e9', '\\u0041', '\\u2028', '\\uD83D\\uDE00'],
];
/** What is read in a way of its own, or not at all. */
const ODD = [
  ...['\\ud83d', '\\ude00', '\\u0000', '\\u00001\\u0000', '\\\\u00000\\\\u0000', '\\u000'],
  ...['\\x', '\\u12g4', '\\', '"', '\n', '\u0000', '\u001f', '","model":"dear'],
];
const piece = fc.oneof({ weight: 150, arbitrary: fc.constantFrom(...PIECES) }, fc.constantFrom(...ODD));
const pieces = fc.array(piece, { maxLength: 8 }).map((some) => some.join(''));
const literal = fc.oneof(
  pieces.map((text) => `"${text}"`),
  fc
    .tuple(pieces, fc.constantFrom(...PIECES), fc.integer({ min: 100, max: 700 }), pieces)
    .map(([before, text, times, after]) => `"${before}${text.repeat(Math.ceil(times / text.length))}${after}"`),
);
const KEYS = ['content', 'text', 'input', 'data', 'url', 'type', 'role', 'name', 'source', 'file_data', 'te\\u0078t'];
const key = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom(...KEYS, '__proto__', 'image_url', 'thinking').map((name) => `"${name}"`) },
  literal,
);
const white = fc.constantFrom('', '', '', ' ', '\n\t', '\r\n  ');
const { value } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    { weight: 4, arbitrary: literal },
    fc.constantFrom('1', '-0', '1e400', '12345678901234567890', 'true', 'null', '{}', '[]', '"text"', '"document"'),
    fc.array(tie('value'), { maxLength: 4 }).map((items) => `[${items.join(',')}]`),
    fc
      .tuple(white, fc.array(fc.tuple(key, white, tie('value'), white), { maxLength: 4 }))
      .map(
        ([space, pairs]) => `{${space}${pairs.map(([name, a, item, b]) => `${name}${a}:${b}${item}${a}`).join(',')}}`,
      ),
  ),
}));
const message = fc
  .tuple(value, fc.constantFrom('', ',"name":"x"', ',"tool_calls":[{"function":{"arguments":"{}","text":1}}]'))
  .map(([content, more]) => `{"role":"user","content":${content}${more}}`);
const field = fc.oneof(
  fc.tuple(fc.constantFrom('input', 'system', 'instructions', 'tools'), value).map(([name, of]) => `"${name}":${of}`),
  value.map((of) => `"tools":[{"type":"function","function":{"name":"f","x":${of}}}]`),
  fc.tuple(key, value).map(([name, of]) => `${name}:${of}`),
  fc.constantFrom('"model":"alias"', '"stream":true', '"max_tokens":5', '"user":"u"', '"stream_options":{"text":"x"}'),
  literal.map((text) => `"stream":true,"stream_options":{"text":${text}}`),
);
const messages = fc.array(message, { minLength: 1, maxLength: 3 }).map((some) => `"messages":[${some.join(',')}]`);
const NEEDED: Readonly<Record<Surface, fc.Arbitrary<string>>> = {
  chat: messages,
  embeddings: fc.array(literal, { minLength: 1, maxLength: 3 }).map((some) => `"input":[${some.join(',')}]`),
  responses: fc
    .oneof(
      literal,
      fc.array(value).map((some) => `[${some.join(' , ')}]`),
    )
    .map((of) => `"input":${of}`),
  messages: messages.map((some) => `${some},"max_tokens":5`),
};
const bodyOf = (surface: Surface): fc.Arbitrary<Buffer> =>
  fc
    .tuple(NEEDED[surface], fc.array(field, { maxLength: 3 }), white, fc.constantFrom(true, false))
    .map(([needed, more, space, isFirst]) => {
      const fields = isFirst ? [...more, needed] : [needed, ...more];
      const model = '"model":"alias"';
      return Buffer.from(`{${space}${(isFirst ? [model, ...fields] : [...fields, model]).join(`,${space}`)}}`);
    })
    .filter((json) => json.length < LARGE);
/** One byte more, less or another. */
const mutated = (surface: Surface): fc.Arbitrary<Buffer> =>
  fc
    .tuple(bodyOf(surface), fc.nat(), fc.integer({ min: 0, max: 255 }), fc.constantFrom('insert', 'replace', 'remove'))
    .map(([json, at, byte, how]) => {
      const place = at % json.length;
      const rest = json.subarray(how === 'insert' ? place : place + 1);
      return Buffer.concat([json.subarray(0, place), Buffer.from(how === 'remove' ? [] : [byte]), rest]);
    });

const endpoint = { name: 'x', label: 'X', url: 'https://x.test', key: 'k' };
const PROVIDERS: readonly Provider[] = [
  openaiCompatible({ ...endpoint, surfaces: SURFACES }),
  openaiCompatible({ ...endpoint, surfaces: SURFACES, rules: { chat: { drops: ['user'], renames: { n: 'm' } } } }),
  groq(endpoint),
  openrouter(endpoint, {} as Parameters<typeof openrouter>[1]),
  perplexity(endpoint),
];

function sent(provider: Provider, { surface, isStream, body }: Envelope, model: string): string {
  try {
    const request = provider.dialects[surface]?.request({ requestId: 'r', surface, model, body, isStream });
    return String(request?.body).trimEnd();
  } catch (error) {
    return String(error);
  }
}

/** Every text of `fields`, with what it is in `whole`. */
function eachText(fields: unknown, whole: unknown, tell: (text: string, whole: string) => void): void {
  if (typeof whole === 'string') return tell(fields as string, whole);
  if (typeof whole !== 'object' || whole === null) return;
  for (const [name, inner] of Object.entries(whole)) eachText((fields as Record<string, unknown>)[name], inner, tell);
}

for (const name of SURFACES)
  test(`a large body of ${name} is read, refused, counted and sent as a small one is`, (t) => {
    let outlined = 0;
    const isSame = (json: Buffer): boolean => {
      const small = surfaceOf(name).read(json);
      const large = surfaceOf(name).read(padded(json));
      if (!isEnvelope(small) || !isEnvelope(large)) return assertSame(t, large, small);
      const { body: asked, ...shape } = small;
      const { body: outline, ...largeShape } = large;
      if (outline.fields !== outline.read()) outlined += 1;
      return (
        assertSame(t, largeShape, shape) &&
        assertSame(t, outline.read(), asked.fields) &&
        assertSame(t, estimatePrompt(outline), estimatePrompt(asked)) &&
        ['alias', 'upstream/model'].every((model) =>
          PROVIDERS.every((provider) => assertSame(t, sent(provider, large, model), sent(provider, small, model))),
        )
      );
    };
    fc.assert(fc.property(bodyOf(name), isSame), { numRuns: 700 });
    t.true(outlined > 70, `${outlined} were outlined`);
    fc.assert(fc.property(mutated(name), isSame), { numRuns: 700 });
  });

function assertSame(t: { deepEqual(a: unknown, b: unknown): boolean }, one: unknown, other: unknown): boolean {
  return t.deepEqual(one, other);
}

test('what is left out has the length that it has', (t) => {
  fc.assert(
    fc.property(fc.oneof(...SURFACES.flatMap((name) => [bodyOf(name), mutated(name)])), (json) => {
      const whole = reading(json);
      const outline = outlineOf(json);
      if (!outline) return;
      t.is(outline.json(outline.value), JSON.stringify(whole));
      eachText(outline.value, whole, (text, real) => {
        t.is(outline.characters(text), characters(real));
        t.is(outline.length(text), real.length);
      });
    }),
    { numRuns: 3000 },
  );
  t.pass();
});
