import test from 'ava';
import { usdRates } from './usd-rates.ts';

test('rates are whole nano-dollars, and a dollar is one', (t) => {
  t.deepEqual([...usdRates().parse(undefined)], [['USD', 1_000_000_000n]]);
  t.deepEqual(
    [...usdRates().parse(' EUR=1.08, DZD=0.007512345 ')],
    [
      ['USD', 1_000_000_000n],
      ['EUR', 1_080_000_000n],
      ['DZD', 7_512_345n],
    ],
  );
});

test('every wrong rate is named', (t) => {
  const wrong = ['EUR', 'EUR=', 'eur=1', 'EUR=0', 'EUR=-1', 'EUR=1e3', 'EUR=1.0000000001', 'EUR=1,EUR=2', 'USD=2'];
  for (const text of wrong) t.false(usdRates().safeParse(text).success, text);
  t.is(usdRates().safeParse('EUR=x,DZD=y').error?.issues.length, 2);
});
