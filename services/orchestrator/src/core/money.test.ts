import test from 'ava';
import { nanoToUsd } from './money.ts';

test('nano-dollars are dollars, exactly', (t) => {
  for (const [nano, usd] of [
    [0, '0'],
    [1, '0.000000001'],
    [13_500, '0.0000135'],
    [1_000_000_000, '1'],
    [-1_500_000_000, '-1.5'],
    [-1, '-0.000000001'],
    [Number.MAX_SAFE_INTEGER, '9007199.254740991'],
    [123_456_789_012_345_678_901n, '123456789012.345678901'],
  ] as const)
    t.is(nanoToUsd(nano), usd);
});
