import test from 'ava';
import { isRestricted, restrictionsIn, usdOf } from './key-values.ts';

function formOf(fields: Record<string, string | string[]>): FormData {
  const values = new FormData();
  for (const [name, value] of Object.entries(fields)) for (const one of [value].flat()) values.append(name, one);
  return values;
}

const NOTHING = {
  requestsPerMinute: null,
  tokensPerMinute: null,
  messagesPerDay: null,
  concurrency: null,
  budget: null,
};

test('empty fields are no limits', (t) => {
  const fields = { models: ' ', 'limits.concurrency': '', 'limits.budget.nanoUsd': '', 'limits.budget.period': 'day' };
  const read = restrictionsIn(formOf({ ...fields, scopes: ['usage', 'chat', 'models', 'embeddings'] }));
  t.deepEqual(read, {
    scopes: ['chat', 'embeddings', 'models', 'usage'],
    models: null,
    usesCache: false,
    limits: NOTHING,
  });
});

test('a budget is whole nano-dollars, and reads back as it was written', (t) => {
  for (const [usd, nanoUsd] of [
    ['0.07', 70_000_000],
    ['1.1', 1_100_000_000],
    ['0.000001', 1000],
    ['999999.99', 999_999_990_000_000],
  ] as const) {
    const { limits } = restrictionsIn(formOf({ 'limits.budget.nanoUsd': usd, 'limits.budget.period': 'month' }));
    t.deepEqual(limits.budget, { nanoUsd, period: 'month' });
    t.is(Number(usdOf(nanoUsd)), Number(usd));
  }
});

test('models are separated as people do', (t) => {
  t.deepEqual(restrictionsIn(formOf({ models: ' a, b\nc  openai/gpt-4o ,' })).models, ['a', 'b', 'c', 'openai/gpt-4o']);
});

test('any own limit restricts', (t) => {
  const free = { scopes: ['chat', 'embeddings', 'models', 'usage'] as const, models: null, limits: NOTHING };
  t.false(isRestricted({ ...free, scopes: [...free.scopes] }));
  t.true(isRestricted({ ...free, scopes: ['chat'] }));
  t.true(isRestricted({ ...free, scopes: [...free.scopes], models: ['a'] }));
  t.true(isRestricted({ ...free, scopes: [...free.scopes], limits: { ...NOTHING, concurrency: 1 } }));
});
