import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import type { TokenUsage } from '../providers/provider.ts';
import { dearestOf } from './price.ts';
import { type ListedPrice, parsePriceFile } from './price-file.ts';
import { PriceTable } from './prices.ts';

const NOTHING: TokenUsage = {
  promptTokens: 0,
  cachedTokens: 0,
  cacheWriteTokens: 0,
  completionTokens: 0,
  reasoningTokens: 0,
  audioPromptTokens: 0,
  audioCompletionTokens: 0,
  costNanoUsd: null,
};
const fileOf = (section: string) => `prices:\n  - source: https://a.test\n    asOf: 2026-01-01\n${section}`;
const parse = (section: string): ListedPrice[] => parsePriceFile(fileOf(section), 'mine.yaml');
const priceOf = (row: string) => {
  const price = new PriceTable(parse(`    provider: openai\n    models: { m: ${row} }`)).find('openai', 'm');
  if (!price) throw new Error('no price');
  return price;
};
const table = new PriceTable();
const cost = (row: string, usage: Partial<TokenUsage>) =>
  table.cost(priceOf(row), false, { ...NOTHING, ...usage }).costNanoUsd;

test('every token is counted once, at the price of what it most specially is', (t) => {
  const row = '{ input: 1, cached: 0.1, cacheWrite: 1.25, output: 4, audioInput: 30, audioOutput: 60 }';
  const prompt = { promptTokens: 1000, cachedTokens: 400, cacheWriteTokens: 100, audioPromptTokens: 50 };
  const completion = { completionTokens: 200, reasoningTokens: 150, audioCompletionTokens: 20 };
  t.is(cost(row, prompt), 450 * 1000 + 400 * 100 + 100 * 1250 + 50 * 30_000);
  t.is(cost(row, completion), 180 * 4000 + 20 * 60_000, 'reasoning is part of the completion');
  t.is(cost('{ input: 1, output: 4 }', prompt), 1000 * 1000, 'what has no price of its own costs as any other');
});

test('parts that are more than their whole are not billed', (t) => {
  const row = '{ input: 1, cached: 0.1, output: 4 }';
  t.is(cost(row, { promptTokens: 10, cachedTokens: 99, cacheWriteTokens: 99, audioPromptTokens: 99 }), 10 * 100);
  t.is(cost(row, { completionTokens: 2, audioCompletionTokens: 99 }), 2 * 4000);
});

test('a long prompt makes the whole request cost more, and a fee is taken once', (t) => {
  const row =
    '{ input: 1, output: 4, request: 0.005, above: { promptTokens: 1000, input: 2, cached: 0.2, output: 6 } }';
  t.is(cost(row, { promptTokens: 1000, completionTokens: 10 }), 5_000_000 + 1000 * 1000 + 10 * 4000);
  t.is(
    cost(row, { promptTokens: 1001, cachedTokens: 1, completionTokens: 10 }),
    5_000_000 + 1000 * 2000 + 200 + 10 * 6000,
  );
});

test('what the provider says is the cost; free is free; without a price it is 0 and says so', (t) => {
  const price = priceOf('{ input: 1, output: 4 }');
  const usage = { ...NOTHING, promptTokens: 10 };
  t.deepEqual(table.cost(price, false, usage), { costNanoUsd: 10_000, price: 'openai/m@2026-01-01' });
  t.deepEqual(table.cost(price, true, { ...usage, costNanoUsd: 0.25 }), { costNanoUsd: 1, price: 'provider' });
  t.deepEqual(table.cost(price, false, { ...usage, costNanoUsd: 0 }), { costNanoUsd: 0, price: 'provider' });
  t.deepEqual(table.cost(price, true, usage), { costNanoUsd: 0, price: 'free' });
  t.deepEqual(table.cost(null, false, usage), { costNanoUsd: 0, price: null });
});

test('what a provider says is not believed when it cannot be, and costs what our own price says', (t) => {
  const USD = 1e9;
  const price = priceOf('{ input: 1, output: 4 }');
  const usage = { ...NOTHING, promptTokens: 100_000, completionTokens: 25_000 };
  const said = (costNanoUsd: number, price_: typeof price | null, isFree = false) =>
    table.cost(price_, isFree, { ...usage, costNanoUsd });
  const own = { costNanoUsd: 0.2 * USD, price: 'openai/m@2026-01-01', isDisputed: true };
  // Ten times our own price, and a dollar for what is no token.
  t.deepEqual(said(3 * USD, price), { costNanoUsd: 3 * USD, price: 'provider' });
  for (const absurd of [3 * USD + 1, 1e6 * USD, -1, NaN, Infinity]) t.deepEqual(said(absurd, price), own, `${absurd}`);
  t.deepEqual(said(NaN, price, true), { costNanoUsd: 0, price: 'free', isDisputed: true });
  t.deepEqual(said(126 * USD, null), { costNanoUsd: 126 * USD, price: 'provider' }, '1000 USD for a million tokens');
  for (const absurd of [126 * USD + 1, -1, NaN])
    t.deepEqual(said(absurd, null), { costNanoUsd: 0, price: null, isDisputed: true });
  const much = { ...usage, promptTokens: 1e9, costNanoUsd: 1001 * USD };
  for (const model of [price, null]) t.true(table.cost(model, false, much).isDisputed, 'no request costs so much');
});

const tokens = fc.nat(4_294_967_295);
const usages = fc.record({
  promptTokens: tokens,
  cachedTokens: tokens,
  cacheWriteTokens: tokens,
  completionTokens: tokens,
  reasoningTokens: tokens,
  audioPromptTokens: tokens,
  audioCompletionTokens: tokens,
  costNanoUsd: fc.constant(null),
});
const usd = fc.nat(600_000_000).map((pico) => pico / 1_000_000);
const rates = { input: usd, cached: usd, cacheWrite: usd, output: usd };
const rows = fc.record(
  {
    ...rates,
    audioInput: usd,
    audioOutput: usd,
    request: usd.map((each) => each / 1000),
    above: fc.record({ ...rates, promptTokens: fc.integer({ min: 1, max: 1_000_000 }) }),
    reviewed: fc.constant(true),
  },
  { requiredKeys: ['input', 'output', 'reviewed'] },
);

test('a cost is the exact sum, rounded up to a whole nano-dollar', (t) => {
  fc.assert(
    fc.property(rows, usages, (row, usage) => {
      const price = priceOf(JSON.stringify({ ...row, above: undefined }));
      const cached = Math.min(usage.cachedTokens, usage.promptTokens);
      const written = Math.min(usage.cacheWriteTokens, usage.promptTokens - cached);
      const heard = Math.min(usage.audioPromptTokens, usage.promptTokens - cached - written);
      const spoken = Math.min(usage.audioCompletionTokens, usage.completionTokens);
      const pico =
        BigInt(price.request) +
        BigInt(usage.promptTokens - cached - written - heard) * BigInt(price.input) +
        BigInt(cached) * BigInt(price.cached) +
        BigInt(written) * BigInt(price.cacheWrite) +
        BigInt(heard) * BigInt(price.audioInput) +
        BigInt(usage.completionTokens - spoken) * BigInt(price.output) +
        BigInt(spoken) * BigInt(price.audioOutput);
      t.is(BigInt(table.cost(price, false, usage).costNanoUsd), (pico + 999n) / 1000n);
    }),
  );
});

test('the dearest of some prices is never less than any of them', (t) => {
  fc.assert(
    fc.property(fc.array(rows, { minLength: 1, maxLength: 4 }), usages, (some, usage) => {
      const prices = some.map((row) => priceOf(JSON.stringify(row)));
      const highest = Math.max(...prices.map((price) => table.cost(price, false, usage).costNanoUsd));
      const plain = { ...usage, cachedTokens: 0, cacheWriteTokens: 0, audioPromptTokens: 0, audioCompletionTokens: 0 };
      const most = Math.max(...prices.map((price) => table.cost(price, false, plain).costNanoUsd));
      const dearest = dearestOf(prices);
      t.true(table.cost(dearest, false, usage).costNanoUsd >= highest);
      t.true(table.cost(dearest, false, plain).costNanoUsd >= most);
    }),
  );
  t.is(dearestOf([]), null);
});

test('a dated snapshot has the price of its model, others that of the other models, and anybody the list price', (t) => {
  const own = parse(
    '    provider: openai\n    models: { a: { input: 1, output: 1 }, a-2024-05-13: { input: 2, output: 2 } }',
  );
  const other = parse('    provider: openrouter\n    otherModels: { input: 9, output: 9 }\n    models: {}');
  const list = parse('    models: { a: { input: 3, output: 3 }, "*": { input: 5, output: 5 } }');
  const prices = new PriceTable(own, other, list);
  const inputOf = (provider: string, model: string) => prices.find(provider, model)?.input;
  t.is(inputOf('openai', 'a-2024-08-06'), 1_000_000);
  t.is(inputOf('openai', 'a-20250929'), 1_000_000);
  t.is(inputOf('openai', 'a-2024-05-13'), 2_000_000, 'unless it has its own');
  t.is(inputOf('openai', 'b'), undefined);
  t.is(inputOf('openrouter', 'x/y'), 9_000_000);
  t.is(inputOf('custom', 'a'), 3_000_000);
  t.is(inputOf('custom', 'b'), undefined);
  t.is(inputOf('groq', 'a'), undefined, 'the list price is for nobody else');
  t.is(inputOf('openai', '__proto__'), undefined);
  t.is(inputOf('toString', 'a'), undefined);
});

test('what is shipped has a price for models of every provider that takes money', (t) => {
  const prices = PriceTable.load();
  const usual: [string, string][] = [
    ['groq', 'llama-3.3-70b-versatile'],
    ['openrouter', 'meta-llama/llama-3.3-70b-instruct'],
    ['openai', 'gpt-4o-mini-2024-07-18'],
    ['anthropic', 'claude-sonnet-4-5-20250929'],
    ['gemini', 'gemini-2.5-pro'],
    ['mistral', 'mistral-large-latest'],
    ['deepseek', 'deepseek-chat'],
    ['together', 'meta-llama/Llama-3.3-70B-Instruct-Turbo'],
    ['fireworks', 'accounts/fireworks/models/gpt-oss-120b'],
    ['cohere', 'command-a-03-2025'],
    ['xai', 'grok-4.3'],
    ['cerebras', 'gpt-oss-120b'],
    ['sambanova', 'Meta-Llama-3.3-70B-Instruct'],
    ['perplexity', 'perplexity/sonar'],
    ['azure', 'gpt-4o'],
    ['custom', 'gpt-4o'],
  ];
  for (const [provider, model] of usual) t.truthy(prices.find(provider, model), `${provider}/${model}`);
});

const mistakes: [name: string, section: string, complaint: RegExp][] = [
  [
    'finer than a pico-dollar',
    '    models: { a: { input: 0.0000001, output: 1 } }',
    /list price, a, input: .*pico-USD/,
  ],
  ['negative', '    models: { a: { input: -1, output: 1 } }', /list price, a, input/],
  ['a field nobody knows', '    models: { a: { input: 1, output: 1, ouput: 2 } }', /list price, a: .*ouput/],
  ['no output', '    provider: xai\n    models: { a: { input: 1 } }', /xai, a: has no price for its output/],
  ['no date', '    models: {}\n  - source: https://a.test\n    models: {}', /list price, asOf/],
  [
    'listed twice',
    '    models: { a: { input: 1, output: 1 } }\n  - { source: "https://a.test", asOf: 2026-01-01, models: { a: { input: 1, output: 1 } } }',
    /list price, a: is listed twice/,
  ],
];
for (const [name, section, complaint] of mistakes)
  test(`a price file is refused: ${name}`, (t) => {
    const error = t.throws(() => parse(section), { name: 'ConfigError' });
    t.regex(error.message, /- mine\.yaml: /);
    t.regex(error.message, complaint);
  });

test("an operator's own file is laid over the shipped one", (t) => {
  const load = ownFiles(t);
  const prices = load(
    '    provider: openai\n    models: { gpt-4o: { input: 3, output: 12 }, ours: { input: 1, output: 1 } }',
  );
  t.is(prices.find('openai', 'gpt-4o')?.name, 'openai/gpt-4o@2026-01-01');
  t.is(prices.find('openai', 'ours')?.input, 1_000_000);
  t.is(prices.find('openai', 'gpt-4o-mini')?.input, 150_000, 'what it does not name stays');
  t.truthy(PriceTable.load('').find('openai', 'gpt-4o'));
});

test('a price that looks like a mistake is refused until somebody says that it was looked at', (t) => {
  const load = ownFiles(t);
  const row = (fields: string) => `    provider: openai\n    models: { gpt-4o: { ${fields} } }`;
  const jump = t.throws(() => load(row('input: 25, output: 10')));
  t.regex(jump.message, /own\.yaml: openai, gpt-4o: input is 25 and was 2\.5 USD per million tokens/);
  t.regex(t.throws(() => load(row('input: 2.5, output: 1'))).message, /output is 1 and was 10/);
  t.regex(t.throws(() => load(row('input: 0, output: 0'))).message, /openai, gpt-4o: costs 0/);
  t.regex(
    t.throws(() => load('    provider: opnai\n    models: { a: { input: 1, output: 1, reviewed: true } }')).message,
    /opnai, a: there is no provider opnai/,
  );
  t.is(load(row('input: 0, output: 0, reviewed: true')).find('openai', 'gpt-4o')?.input, 0);
  t.is(load(row('input: 25, output: 10, reviewed: true')).find('openai', 'gpt-4o')?.input, 25_000_000);
  t.notThrows(
    () => load('    provider: ollama\n    models: { llama3: { input: 0, output: 0 } }'),
    'it is our own machine',
  );
});

test('a file that is not there or not YAML keeps the gateway from starting, with its name', (t) => {
  t.throws(() => PriceTable.load('/nowhere/prices.yaml'), {
    name: 'ConfigError',
    message: /\/nowhere\/prices\.yaml cannot be read/,
  });
  t.throws(() => ownFiles(t)('    models: {'), { name: 'ConfigError', message: /own\.yaml cannot be read/ });
});

function ownFiles(t: { teardown: (run: () => void) => void }) {
  const folder = mkdtempSync(join(tmpdir(), 'bastide-prices-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  return (section: string): PriceTable => {
    const path = join(folder, 'own.yaml');
    writeFileSync(path, fileOf(section));
    return PriceTable.load(path);
  };
}
