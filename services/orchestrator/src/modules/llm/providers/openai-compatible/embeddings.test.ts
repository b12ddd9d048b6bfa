import test from 'ava';
import fc from 'fast-check';
import { readEmbeddings } from './embeddings.ts';

const usage = { prompt_tokens: 8, total_tokens: 8 };
const vector = (size: number) => ({
  object: 'embedding',
  index: 0,
  embedding: Array.from({ length: size }, () => 0.0123),
});
const read = (answer: unknown) => readEmbeddings(Buffer.from(JSON.stringify(answer)));

test('reads the usage of short and long lists of vectors, wherever it stands', (t) => {
  for (const size of [1, 10_000])
    for (const answer of [
      { object: 'list', data: [vector(size)], model: 'e', usage },
      { usage, object: 'list', data: [vector(size)], model: 'e' },
      { object: 'list', data: [vector(size)], usage, id: 'x', meta: { nested: { usage: { prompt_tokens: 99 } } } },
    ]) {
      t.is(read(answer)?.usage?.promptTokens, 8);
      t.is(read(answer)?.usage?.completionTokens, 0);
    }
  t.is(read({ object: 'list', data: [vector(10_000)] })?.usage, null);
});

test('what is no list of vectors is none', (t) => {
  for (const body of ['', '{}', '[]', '{"data":{}}', '{"error":{"message":"x"}}', `{"x":"${'y'.repeat(20_000)}"}`])
    t.is(readEmbeddings(Buffer.from(body)), undefined, body.slice(0, 30));
  const cut = Buffer.from(JSON.stringify({ object: 'list', data: [vector(10_000)], usage }));
  t.is(readEmbeddings(cut.subarray(0, -1)), undefined, 'cut at its end');
  t.is(readEmbeddings(cut.subarray(0, 30_000)), undefined, 'cut in the middle');
});

test('any usage is read as it was written', (t) => {
  fc.assert(
    fc.property(fc.nat(1_000_000_000), fc.nat(20_000), (tokens, size) => {
      const answer = {
        object: 'list',
        data: ['x'.repeat(size)],
        usage: { prompt_tokens: tokens, total_tokens: tokens },
      };
      t.is(read(answer)?.usage?.promptTokens, tokens);
    }),
  );
});
