import test from 'ava';
import fc from 'fast-check';
import { matcherOf } from './patterns.ts';
import { cycleOf, hashOf } from './weights.ts';

const weights = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 6 });
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

test('every window as long as the weights’ sum has each exactly as often as it weighs, wherever it begins', (t) => {
  fc.assert(
    fc.property(weights, fc.nat(1000), fc.integer({ min: 1, max: 7 }), (weights, start, times) => {
      const cycle = cycleOf(weights);
      if (sum(weights) === 0) return t.deepEqual(cycle, []);
      const window = Array.from({ length: sum(weights) * times }, (_, i) => cycle[(start + i) % cycle.length]);
      weights.forEach((weight, index) => t.is(window.filter((chosen) => chosen === index).length, weight * times));
    }),
  );
});

test('the choices are spread evenly over the cycle', (t) => {
  fc.assert(
    fc.property(weights, (weights) => {
      const cycle = cycleOf(weights);
      const counts = weights.map(() => 0);
      cycle.forEach((chosen, position) => {
        counts[chosen] = (counts[chosen] ?? 0) + 1;
        weights.forEach((weight, index) => {
          const due = ((position + 1) * weight) / sum(weights);
          t.true(Math.abs((counts[index] ?? 0) - due) < weights.length, `${String(weights)} at ${position}`);
        });
      });
    }),
  );
});

test('85 to 15 is 17 of every 20, never four of the few in a row', (t) => {
  const cycle = cycleOf([85, 15]);
  t.is(cycle.length, 20);
  t.is(cycle.filter((chosen) => chosen === 1).length, 3);
  t.notRegex([...cycle, ...cycle].join(''), /11/);
});

test('ids are spread by their hash', (t) => {
  const counts = Array.from({ length: 20 }, () => 0);
  for (let id = 0; id < 20_000; id += 1) {
    const slot = hashOf(`ten_01/session-${id}`) % 20;
    counts[slot] = (counts[slot] ?? 0) + 1;
  }
  for (const count of counts) t.true(count > 850 && count < 1150, String(counts));
  t.is(hashOf('a'), hashOf('a'));
});

test('a pattern matches as the same regular expression would', (t) => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '/', '.', '*'), maxLength: 12 });
  const name = fc.string({ unit: fc.constantFrom('a', 'b', '/', '.'), maxLength: 12 });
  fc.assert(
    fc.property(text, name, (pattern, name) => {
      const source = pattern.replaceAll(/[.+?^${}()|[\]\\/]/g, String.raw`\$&`).replaceAll('*', '.*');
      t.is(matcherOf([pattern])(name), new RegExp(`^${source}$`).test(name), `${pattern} ${name}`);
    }),
    { numRuns: 2000 },
  );
  t.false(matcherOf([])('a'));
  t.true(matcherOf(['x', 'gpt-*'])('gpt-4o'));
});
