import test from 'ava';
import { loadConfig } from '#core/config/load.ts';
import { TEST_ENV } from '#test/support/stack.ts';
import { PriceTable } from '../prices/prices.ts';
import { createProviders } from '../providers/registry.ts';
import { RoutesDocument } from './document.ts';
import { shippedRoutes } from './revisions.ts';
import { RouteTable } from './route-table.ts';
import { warningsAbout } from './warnings.ts';

const prices = PriceTable.load();
const BASE = {
  ...TEST_ENV,
  DATABASE_URL: 'mysql://nobody:x@127.0.0.1:1/x',
  REDIS_URL: 'redis://127.0.0.1:1',
  LLM_UPSTREAM_URL: '',
  LLM_UPSTREAM_KEY: '',
};
const CUSTOM = { LLM_UPSTREAM_URL: 'http://127.0.0.1:1/v1', LLM_UPSTREAM_KEY: 'x' };
const keys = (...names: string[]) => Object.fromEntries(names.map((name) => [`${name.toUpperCase()}_API_KEY`, 'x']));
const providersOf = (env: Record<string, string>) => createProviders(loadConfig({ ...BASE, ...env }));
const tableOf = (env: Record<string, string>, document = shippedRoutes(), version = 7) =>
  new RouteTable(version, document, providersOf(env), prices);
const namesOf = (candidates: readonly { provider: string; model: string }[] | undefined) =>
  candidates?.map(({ provider, model }) => `${provider}:${model}`);
const edited = (change: (document: RoutesDocument) => void): RoutesDocument => {
  const document = structuredClone(shippedRoutes());
  change(document);
  return RoutesDocument.parse(document);
};

test('a hundred requests of a student are 85 of Groq and 15 of OpenRouter, from any ticket on', (t) => {
  const plan = tableOf(keys('groq', 'openrouter')).plan('student', 'llama-3.3-70b', 'chat');
  for (const start of [0, 1, 7, 123_456_789]) {
    const firsts = Array.from({ length: 100 }, (_, index) => plan?.order(start + index)[0]?.provider);
    t.is(firsts.filter((provider) => provider === 'groq').length, 85);
    t.is(firsts.filter((provider) => provider === 'openrouter').length, 15);
  }
  t.deepEqual(plan?.shares, [0.85, 0.15]);
  t.regex(plan?.counter ?? '', /^7\/student\/[0-9a-f]{8}$/);
});

test('whoever is not first follows as a fallback, in the order of the document', (t) => {
  const plan = tableOf({ ...keys('groq', 'openrouter'), ...CUSTOM }).plan('student', 'llama-3.3-70b', 'chat');
  const orders = new Set(Array.from({ length: 20 }, (_, ticket) => namesOf(plan?.order(ticket))?.join(' ')));
  const [groq, openrouter] = ['groq:llama-3.3-70b-versatile', 'openrouter:meta-llama/llama-3.3-70b-instruct'];
  const custom = 'custom:llama-3.3-70b';
  t.deepEqual([...orders].sort(), [`${groq} ${openrouter} ${custom}`, `${openrouter} ${groq} ${custom}`].sort());
});

test('the same id has the same first, and ids are spread by the weights', (t) => {
  const plan = tableOf(keys('groq', 'openrouter')).plan('student', 'llama-3.3-70b', 'chat');
  const firsts = Array.from({ length: 10_000 }, (_, id) => plan?.sticky(`session ${id}`)[0]?.provider);
  const share = firsts.filter((provider) => provider === 'groq').length / firsts.length;
  t.true(share > 0.83 && share < 0.87, String(share));
  t.is(plan?.sticky('a'), plan?.sticky('a'));
});

test('a provider that is off is skipped; with nobody to weigh there is no counter', (t) => {
  const plan = tableOf(keys('openrouter')).plan('student', 'llama-3.3-70b', 'chat');
  t.deepEqual(namesOf(plan?.order(1)), ['openrouter:meta-llama/llama-3.3-70b-instruct']);
  t.is(plan?.counter, null);
  t.is(tableOf({}).plan('student', 'llama-3.3-70b', 'chat'), undefined);
});

test('models of the same providers share a counter, of other revisions, tiers or providers they do not', (t) => {
  const counter = (table: RouteTable, tier: string, model: string) => table.plan(tier, model, 'chat')?.counter;
  const table = tableOf(keys('groq', 'openrouter'));
  const first = counter(table, 'student', 'llama-3.3-70b');
  t.is(first, counter(table, 'student', 'gpt-oss-20b'));
  const withCustom = tableOf({ ...keys('groq', 'openrouter'), ...CUSTOM });
  const pro = edited((document) => {
    for (const route of document.tiers['pro']?.routes ?? []) route.weight = 1;
  });
  const others = [
    counter(tableOf(keys('groq', 'openrouter'), shippedRoutes(), 8), 'student', 'llama-3.3-70b'),
    counter(withCustom, 'student', 'llama-3.3-70b'),
    counter(tableOf(keys('groq', 'openrouter'), pro), 'pro', 'llama-3.3-70b'),
  ];
  t.is(new Set([first, ...others]).size, 4);
  t.true(others.every((name) => typeof name === 'string'));
});

test('pro is OpenRouter first, and a tier nobody knows is served like free', (t) => {
  const table = tableOf(keys('groq', 'openrouter', 'openai'));
  t.deepEqual(namesOf(table.plan('pro', 'gpt-4o', 'chat')?.order(5)), ['openrouter:openai/gpt-4o', 'openai:gpt-4o']);
  t.is(table.plan('free', 'gpt-4o', 'chat'), undefined);
  t.is(table.plan('student', 'gpt-4o', 'chat'), undefined);
  t.deepEqual(namesOf(table.plan('none', 'llama-3.1-8b', 'chat')?.candidates), ['groq:llama-3.1-8b-instant']);
});

test('an operator with only an upstream of their own has a gateway for every tier and any model', (t) => {
  const table = tableOf(CUSTOM);
  for (const tier of ['free', 'student', 'pro']) {
    t.deepEqual(namesOf(table.plan(tier, 'made-up/model', 'embeddings')?.candidates), ['custom:made-up/model']);
    t.is(table.plan(tier, 'made-up', 'chat')?.dearest, null, 'nobody knows what it costs');
    t.true((table.plan(tier, 'gpt-4o', 'chat')?.dearest?.input ?? 0) > 0);
    t.deepEqual(table.openProviders(tier), ['custom']);
  }
  t.deepEqual(tableOf(keys('groq')).openProviders('pro'), []);
});

test('names: ours, provider/model, and what providers call a model', (t) => {
  const table = tableOf(keys('groq', 'openrouter', 'openai'));
  const served = (model: string, tier = 'pro') => namesOf(table.plan(tier, model, 'chat')?.candidates);
  t.deepEqual(served('openai/gpt-4o'), ['openai:gpt-4o'], 'exactly that provider');
  t.deepEqual(served('openai/gpt-4o-2024-08-06'), ['openai:gpt-4o-2024-08-06']);
  t.deepEqual(served('groq/openai/gpt-oss-20b'), ['groq:openai/gpt-oss-20b']);
  t.deepEqual(served('groq/gpt-oss-20b'), ['groq:openai/gpt-oss-20b'], 'our name at that provider');
  t.deepEqual(served('openai/gpt-oss-20b'), ['openrouter:openai/gpt-oss-20b', 'groq:openai/gpt-oss-20b']);
  t.deepEqual(served('llama-3.3-70b-versatile'), served('llama-3.3-70b'));
  t.deepEqual(served('openai/o1-pro-unheard-of'), ['openrouter:openai/o1-pro-unheard-of'], 'passed through');
  t.deepEqual(served('gpt-unheard-of'), undefined);
  t.deepEqual(served('groq/llama-3.3-70b-versatile', 'student'), ['groq:llama-3.3-70b-versatile']);
  t.is(served('openrouter/openai/gpt-4o', 'student'), undefined, 'what a tier may not use it may not use directly');
  t.is(served('anthropic/claude-sonnet-4-5', 'free'), undefined);
});

test('a model whose price nobody knows is not served by a provider that takes money', (t) => {
  const document = edited(({ models }) => {
    models['mystery'] = { openai: 'mystery-1', groq: 'mystery-1' };
  });
  const table = tableOf(keys('groq', 'openai'), document);
  t.deepEqual(namesOf(table.plan('pro', 'mystery', 'chat')?.candidates), ['groq:mystery-1'], 'Groq is free here');
  t.is(table.plan('pro', 'openai/mystery-2', 'chat'), undefined);
  t.true(tableOf(keys('openrouter')).plan('pro', 'a/b', 'chat')?.dearest !== null, 'OpenRouter says its cost later');
});

test('what is reserved is the dearest of those who take money', (t) => {
  const table = tableOf(keys('groq', 'openrouter', 'openai'));
  t.is(tableOf(keys('groq')).plan('free', 'llama-3.1-8b', 'chat')?.dearest, null);
  t.is(table.plan('student', 'llama-3.3-70b', 'chat')?.dearest?.input, 100_000);
  const paid = edited(({ providers }) => {
    providers['groq'] = { isFree: false, maxConcurrency: null };
  });
  t.is(tableOf(keys('groq', 'openrouter'), paid).plan('student', 'llama-3.3-70b', 'chat')?.dearest?.input, 590_000);
});

test('when the budget is spent, who takes nothing serves the model, or its own in its place', (t) => {
  const table = tableOf({ ...keys('groq', 'openrouter', 'openai'), OLLAMA_URL: 'http://127.0.0.1:1/v1', ...CUSTOM });
  const free = (model: string) => namesOf(table.freePlan(model, 'chat')?.order(3));
  t.deepEqual(free('gpt-oss-20b'), ['groq:openai/gpt-oss-20b']);
  t.deepEqual(free('gpt-4o'), ['groq:llama-3.3-70b-versatile']);
  t.deepEqual(free('groq/qwen/qwen3-32b'), ['groq:qwen/qwen3-32b']);
  t.deepEqual(free('ollama/llama3.2'), ['ollama:llama3.2', 'groq:llama-3.3-70b-versatile']);
  t.is(table.freePlan('text-embedding-3-small', 'embeddings'), undefined, 'never another model’s vectors');
  t.is(tableOf(keys('openai')).freePlan('gpt-4o', 'chat'), undefined);
});

test('a provider is only asked in a way that it speaks', (t) => {
  const table = tableOf(keys('groq', 'openai'));
  t.deepEqual(namesOf(table.plan('pro', 'text-embedding-3-small', 'embeddings')?.candidates), [
    'openai:text-embedding-3-small',
  ]);
  t.is(tableOf(keys('groq')).plan('pro', 'llama-3.3-70b', 'embeddings'), undefined);
});

test('plans are remembered, and what clients make up does not fill the memory', (t) => {
  const table = tableOf(CUSTOM);
  const plan = table.plan('pro', 'gpt-4o', 'chat');
  t.is(table.plan('pro', 'gpt-4o', 'chat'), plan);
  const made = table.plan('pro', 'made-up', 'chat');
  t.is(table.plan('pro', 'made-up', 'chat'), made);
  for (let index = 0; index < 1000; index += 1) table.plan('pro', `made-up-${index}`, 'chat');
  t.not(table.plan('pro', 'made-up', 'chat'), made, 'forgotten, and made again');
  t.is(table.plan('pro', 'gpt-4o', 'chat'), plan, 'what the document names is not');
});

test('the models of a tier, as clients see them', (t) => {
  const table = tableOf(keys('groq', 'openrouter'));
  const student = table.models('student');
  t.deepEqual(
    student.map(({ id }) => id),
    ['llama-3.1-8b', 'llama-3.3-70b', 'llama-4-scout', 'gpt-oss-20b', 'gpt-oss-120b', 'qwen3-32b'],
  );
  const llama = student.find(({ id }) => id === 'llama-3.3-70b');
  t.like(llama, { object: 'model', owned_by: 'groq', context_length: 131_072 });
  t.deepEqual(llama?.pricing, { input: 0.1, cached_input: 0.1, output: 0.32 });
  t.deepEqual(llama?.providers, [
    { name: 'groq', share: 0.85, is_free: true, pricing: null },
    { name: 'openrouter', share: 0.15, is_free: false, pricing: { input: 0.1, cached_input: 0.1, output: 0.32 } },
  ]);
  t.true(table.models('pro').length > student.length);
  t.deepEqual(tableOf(CUSTOM).models('pro'), [], 'whoever takes any name lists its own');
  t.is(table.defaultModel('student'), 'llama-3.3-70b');
  t.is(tableOf(keys('cohere')).defaultModel('pro'), 'command-a', 'another when nobody has the default');
  t.is(tableOf({}).defaultModel('pro'), undefined);
  t.is(tableOf(CUSTOM).defaultModel('pro'), 'gpt-4o-mini');
  t.is(table.labelOf('openai/gpt-4o'), 'gpt-4o');
  t.is(table.labelOf('made-up'), 'other');
});

test('every name in the shipped routes has a shipped price where money is taken', (t) => {
  const { models, providers } = shippedRoutes();
  for (const [model, names] of Object.entries(models))
    for (const [provider, name] of Object.entries(names))
      if (!providers[provider]?.isFree) {
        const price = prices.find(provider, name);
        t.truthy(price, `${model} at ${provider}: ${name}`);
        t.false(price?.name.includes('/*@'), `${model} at ${provider} is only assumed`);
      }
});

test('the operator is told what is hardly meant', (t) => {
  const warnings = (env: Record<string, string>, document = shippedRoutes(), soldTiers = ['free', 'student', 'pro']) =>
    warningsAbout(tableOf(env, document), { providers: providersOf(env), prices, soldTiers });
  t.deepEqual(warnings(keys('groq', 'openrouter')), []);
  t.deepEqual(warnings(keys('groq', 'openrouter'), undefined, ['free', 'gold']), [
    'Plans are sold with the tier gold, which has no routes: it is served like free.',
  ]);
  t.regex(warnings(keys('openrouter')).join(' '), /No provider of the tier free is on.*No free provider is on/);
  const unpriced = edited(({ models }) => {
    models['mystery'] = { openrouter: 'a/b', groq: 'x', mistral: 'mystery-1' };
  });
  t.deepEqual(warnings(keys('groq', 'openrouter', 'mistral'), unpriced), [
    'mystery is not served by mistral: the price of mystery-1 is not known. List it in the file of LLM_PRICES_FILE.',
  ]);
  const withoutDefault = edited(({ providers, tiers }) => {
    providers['groq'] = { isFree: true, maxConcurrency: null };
    if (tiers['free']) tiers['free'].defaultModel = 'nothing';
  });
  t.regex(
    warnings(keys('groq', 'openrouter'), withoutDefault).join(' '),
    /Nobody serves nothing, the default model of the tier free.*None of the free providers \(groq\) has a default model/,
  );
});

const mistakes: [name: string, change: (document: Record<string, Record<string, unknown>>) => unknown, path: string][] =
  [
    ['no tier free', (d) => delete d['tiers']?.['free'], 'tiers.free'],
    ['a weight below zero', (d) => set(d, ['tiers', 'pro', 'routes', 0, 'weight'], -1), 'tiers.pro.routes.0.weight'],
    ['half a weight', (d) => set(d, ['tiers', 'pro', 'routes', 0, 'weight'], 1.5), 'tiers.pro.routes.0.weight'],
    ['no routes', (d) => set(d, ['tiers', 'pro', 'routes'], []), 'tiers.pro.routes'],
    [
      'a provider twice',
      (d) => set(d, ['tiers', 'student', 'routes', 1, 'provider'], 'groq'),
      'tiers.student.routes.1.provider',
    ],
    ['an unknown field', (d) => set(d, ['tiers', 'pro', 'sticky'], true), 'tiers.pro'],
    ['a name with a space', (d) => set(d, ['models', 'my model'], {}), 'models.my model'],
    [
      'a default nobody has',
      (d) => set(d, ['providers', 'groq', 'defaultModel'], 'gpt-4o'),
      'providers.groq.defaultModel',
    ],
    ['no default model', (d) => set(d, ['tiers', 'pro', 'defaultModel'], undefined), 'tiers.pro.defaultModel'],
    ['an empty list of models', (d) => set(d, ['tiers', 'pro', 'models'], []), 'tiers.pro.models'],
    ['no concurrency', (d) => set(d, ['providers', 'groq', 'maxConcurrency'], 0), 'providers.groq.maxConcurrency'],
    ['not a document', (d) => set(d, ['models'], 'all'), 'models'],
  ];
for (const [name, change, path] of mistakes)
  test(`a document is refused where it is wrong: ${name}`, (t) => {
    const document = structuredClone(shippedRoutes()) as unknown as Record<string, Record<string, unknown>>;
    change(document);
    const paths = RoutesDocument.safeParse(document).error?.issues.map((issue) => issue.path.join('.'));
    t.true(paths?.includes(path), String(paths));
  });

function set(document: unknown, path: readonly (string | number)[], value: unknown): void {
  let target = document as Record<string, unknown>;
  for (const key of path.slice(0, -1)) target = target[String(key)] as Record<string, unknown>;
  target[String(path.at(-1))] = value;
}
