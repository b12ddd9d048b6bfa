import test from 'ava';
import fc from 'fast-check';
import { PriceTable } from './prices.ts';

const table = PriceTable.load('llm-prices.yaml');

test('cached tokens are part of the prompt and cost what cached tokens cost', (t) => {
  const tokens = { promptTokens: 1000, cachedTokens: 400, completionTokens: 10 };
  t.deepEqual(table.cost('gpt-4o-mini', tokens), {
    costNanoUsd: 600 * 150 + 400 * 75 + 10 * 600,
    price: 'gpt-4o-mini@2026-11-20',
  });
  t.is(table.cost('llama-3.1-8b-instant', tokens).costNanoUsd, 1000 * 50 + 10 * 80, 'no price of its own');
  t.is(table.cost('openai/gpt-oss-20b', { promptTokens: 3, cachedTokens: 1, completionTokens: 0 }).costNanoUsd, 188);
});

test('a dated snapshot has the price of its model; what is not listed costs 0 and says so', (t) => {
  t.is(table.find('gpt-4o-mini-2024-07-18')?.name, 'gpt-4o-mini@2026-11-20');
  t.is(table.find('gpt-4o-2024-05-13')?.name, 'gpt-4o-2024-05-13@2026-11-20', 'unless it has its own');
  const tokens = { promptTokens: 5, cachedTokens: 0, completionTokens: 5 };
  t.deepEqual(table.cost('nobody-knows-it', tokens), { costNanoUsd: 0, price: null });
  t.is(table.find('__proto__'), undefined);
});

test('costs are whole nano-dollars, never negative', (t) => {
  const count = fc.nat(2_000_000);
  fc.assert(
    fc.property(count, count, count, (promptTokens, cachedTokens, completionTokens) => {
      const { costNanoUsd } = table.cost('openai/gpt-oss-20b', { promptTokens, cachedTokens, completionTokens });
      return Number.isSafeInteger(costNanoUsd) && costNanoUsd >= 0;
    }),
  );
  t.pass();
});

test('refuses a table that is not one', (t) => {
  const of = (models: string) => `prices:\n  - source: https://a.test\n    asOf: 2026-01-01\n    models: ${models}\n`;
  t.notThrows(() => PriceTable.parse(of('{ a: { input: 0.000001, output: 1 } }')));
  t.throws(() => PriceTable.parse(of('{ a: { input: 0.0000001, output: 1 } }')), { message: /pico-USD/ });
  t.throws(() => PriceTable.parse(of('{ a: { input: -1, output: 1 } }')));
  t.throws(() => PriceTable.parse(of('{ a: { input: 1 } }')));
});
