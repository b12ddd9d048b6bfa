import test from 'ava';
import fc from 'fast-check';
import { SseSplitter, joinNeighbours } from './sse-splitter.ts';

const lines = fc.array(
  fc.oneof(
    fc.string({ unit: 'grapheme' }).map((text) => `data: ${text.replace(/[\r\n]/g, '')}`),
    fc.constantFrom(': comment', 'event: x', 'data:', 'data: été 東京 🏰'),
  ),
  { minLength: 1, maxLength: 4 },
);
const lineEnd = fc.constantFrom('\n', '\r\n');
const event = fc.tuple(lines, lineEnd).map(([parts, end]) => [...parts, '', ''].join(end));

test('finds the same events however the bytes are cut, and loses none', (t) => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 12 }), fc.array(fc.nat(40)), (events, cuts) => {
      const bytes = Buffer.from(events.join(''));
      const splitter = new SseSplitter(1_000_000);
      const found: string[] = [];
      let at = 0;
      for (const cut of [...cuts, bytes.length]) {
        for (const event of splitter.push(bytes.subarray(at, at + cut)) ?? []) found.push(event.toString());
        at += cut;
      }
      return JSON.stringify(found) === JSON.stringify(events) && splitter.rest().length === 0;
    }),
    { numRuns: 500 },
  );
  t.pass();
});

test('keeps what is not finished, and refuses what never ends', (t) => {
  const splitter = new SseSplitter(10);
  t.deepEqual(splitter.push(Buffer.from('data: 1')), []);
  t.is(splitter.rest().toString(), 'data: 1');
  t.is(splitter.push(Buffer.from('data: 1234567890')), undefined);
});

test('pieces of one segment are one piece again', (t) => {
  const segment = Buffer.from('abcdef');
  const pieces = [segment.subarray(0, 2), segment.subarray(2, 3), segment.subarray(4, 6), Buffer.from('x')];
  t.deepEqual(
    joinNeighbours(pieces).map((piece) => piece.toString()),
    ['abc', 'ef', 'x'],
  );
});
