import test from 'ava';
import { addDays, dayBegins, dayIn } from '#core/calendar.ts';
import { withTenant } from '#core/context.ts';
import { type TestApi, startTestApi } from '#test/support/api.ts';
import type { Caller } from '#test/support/matrix.ts';
import { createOwner } from '#test/support/people.ts';
import { type TestApp, atEndOfFile, createTestApp } from '#test/support/stack.ts';
import { usageRecord } from '#test/support/usage.ts';
import { createLlmKey } from '../../keys/service.ts';
import { countedCost, countedMessages } from '../counted.ts';
import type { UsageRecord } from '../record.ts';
import { storeUsage } from '../service.ts';
import { usageForKey } from './key-usage.ts';
import type { LlmRequest, LlmUsage, LlmUsageTotals } from './schemas.ts';

const ZONE = 'Africa/Algiers';
const cleanUp = atEndOfFile(test);
let app: TestApp;
let api: TestApi;
test.before(async () => {
  app = await createTestApp(cleanUp, { LLM_TIME_ZONE: ZONE });
  api = await startTestApi(app);
});

interface World {
  owner: Caller;
  /** Stores usage of the owner's tenant. */
  use: (...changes: Partial<UsageRecord>[]) => Promise<UsageRecord[]>;
  ask: (path: string, query?: Record<string, string>) => ReturnType<TestApi['request']>;
}

/** A tenant beside another one that uses the gateway as well. */
async function tenant(): Promise<World> {
  const [owner, stranger] = [await createOwner(app), await createOwner(app)];
  await storeUsage(app.ctx, [usageRecord(stranger.tenantId), usageRecord(stranger.tenantId)]);
  return {
    owner,
    use: async (...changes) => {
      const records = changes.map((change) => usageRecord(owner.tenantId, change));
      await storeUsage(app.ctx, records);
      return records;
    },
    ask: (path, query = {}) => api.request('get', path, owner, { query }),
  };
}

const nothing: LlmUsageTotals = {
  requests: 0,
  fallbacks: 0,
  budgetFallbacks: 0,
  cacheHits: 0,
  estimatedRequests: 0,
  promptTokens: 0,
  cachedTokens: 0,
  cacheWriteTokens: 0,
  completionTokens: 0,
  reasoningTokens: 0,
  audioTokens: 0,
  costNanoUsd: 0,
};
const plain = (requests: number): LlmUsageTotals => ({
  ...nothing,
  requests,
  promptTokens: requests * 10,
  completionTokens: requests * 20,
  costNanoUsd: requests * 13_500,
});
const MARCH = { from: '2026-03-01', to: '2026-03-31' };

test('usage is told by the operator’s day and in total, of one tenant only', async (t) => {
  const { use, ask } = await tenant();
  await use(
    { at: '2026-03-09T22:59:59.999Z' },
    { at: '2026-03-09T23:00:00.000Z' },
    { at: '2026-03-10T12:00:00.000Z' },
    { at: '2026-03-12T00:00:00.000Z' },
  );
  const { body } = await ask('/v1/llm/usage', { from: '2026-03-09', to: '2026-03-11' });
  const days = [
    { day: '2026-03-09', ...plain(1) },
    { day: '2026-03-10', ...plain(2) },
  ];
  t.deepEqual(body, {
    timeZone: ZONE,
    from: '2026-03-09',
    to: '2026-03-11',
    totals: plain(3),
    days,
    groups: days.map(({ day, ...totals }) => ({ value: day, name: day, ...totals })),
  });
});

test('usage is told by model, provider and key, dearest first', async (t) => {
  const { owner, use, ask } = await tenant();
  const key = await createLlmKey(withTenant(app.ctx, owner.tenantId), { name: 'Chatbot' });
  await use(
    { model: 'llama', provider: 'groq', price: 'free', costNanoUsd: 0, isBudgetFallback: true, keyId: key.id },
    { model: 'gpt', provider: 'openai', isFallback: true, isEstimated: true, cachedTokens: 4, cacheWriteTokens: 2 },
    { model: 'gpt', provider: 'cache', isCacheHit: true, costNanoUsd: 0, reasoningTokens: 3, audioTokens: 1 },
  );
  const by = async (groupBy: string) => {
    const { body } = await ask('/v1/llm/usage', { ...MARCH, groupBy });
    return (body as LlmUsage).groups;
  };
  t.deepEqual(await by('model'), [
    {
      ...{ value: 'gpt', name: 'gpt', ...plain(2), costNanoUsd: 13_500, fallbacks: 1, cacheHits: 1 },
      ...{ estimatedRequests: 1, cachedTokens: 4, cacheWriteTokens: 2, reasoningTokens: 3, audioTokens: 1 },
    },
    { value: 'llama', name: 'llama', ...plain(1), costNanoUsd: 0, budgetFallbacks: 1 },
  ]);
  t.deepEqual(
    (await by('provider')).map(({ value, requests }) => [value, requests]),
    [
      ['openai', 1],
      ['cache', 1],
      ['groq', 1],
    ],
  );
  t.deepEqual(
    (await by('key')).map(({ value, name }) => [value, name]),
    [
      ['llmk_test', 'llmk_test'],
      [key.id, 'Chatbot'],
    ],
  );
});

test('a range that is none, or too long, is refused by name', async (t) => {
  const { ask } = await tenant();
  const refused = async (path: string, query: Record<string, string>) => {
    const { status, body } = await ask(path, query);
    t.is(status, 400);
    return (body as { error: { details: { issues: { path: string }[] } } }).error.details.issues[0]?.path;
  };
  for (const path of ['/v1/llm/usage', '/v1/llm/usage.csv', '/v1/llm/usage/requests', '/v1/llm/usage/requests.csv']) {
    t.is(await refused(path, { from: '2026-03-09', to: '2028-03-11' }), 'query.from');
    t.is(await refused(path, { from: '2026-03-09', to: '2026-03-08' }), 'query.from');
    t.is(await refused(path, { from: '2020-03-09' }), 'query.from');
    t.is(await refused(path, { to: '0001-03-09' }), 'query.to');
    t.is(await refused(path, { to: 'today' }), 'query.to');
    t.is((await ask(path)).status, 200);
  }
  t.is((await ask('/v1/llm/usage', { from: '2026-03-09', to: '2027-03-09' })).status, 200);
  t.is(await refused('/v1/llm/usage/requests', { from: '2026-01-01', to: '2026-06-30' }), 'query.from');
});

test('single requests come newest first, page by page, none twice and none left out', async (t) => {
  const { use, ask } = await tenant();
  // Many of the same millisecond.
  const at = (index: number) => new Date(Date.UTC(2026, 2, 10, 12, 0, 0, Math.floor(index / 7))).toISOString();
  const made = await use(...Array.from({ length: 50 }, (_, index) => ({ at: at(index) })));
  const seen: string[] = [];
  let pages = 0;
  for (let cursor: string | null = ''; cursor !== null; pages += 1) {
    const { body } = await ask('/v1/llm/usage/requests', { ...MARCH, limit: '9', ...(cursor !== '' && { cursor }) });
    const page = body as { items: LlmRequest[]; nextCursor: string | null };
    seen.push(...page.items.map(({ requestId }) => requestId));
    cursor = page.nextCursor;
  }
  const newestFirst = made.toSorted((a, b) => (a.at + a.requestId < b.at + b.requestId ? 1 : -1));
  t.deepEqual(
    seen,
    newestFirst.map(({ requestId }) => requestId),
  );
  t.is(pages, 6);
  t.is((await ask('/v1/llm/usage/requests', { cursor: Buffer.from('x/y').toString('base64url') })).status, 400);
});

test('single requests are found by key, model, provider, outcome and day, and say all that is known', async (t) => {
  const { owner, use, ask } = await tenant();
  const key = await createLlmKey(withTenant(app.ctx, owner.tenantId), { name: 'Chatbot' });
  const [plainOne, special] = await use(
    {},
    {
      ...{ keyId: key.id, model: 'llama', provider: 'groq', upstreamModel: 'llama-3.1-8b-instant', outcome: 'aborted' },
      ...{ at: '2026-03-20T10:00:00.000Z', surface: 'messages', isStream: true, isFallback: true, isEstimated: true },
      ...{ isBudgetFallback: true, firstByteMs: null, price: null, costNanoUsd: 0, cachedTokens: 3 },
      ...{ cacheWriteTokens: 2, reasoningTokens: 1, audioTokens: 4 },
    },
  );
  const find = async (query: Record<string, string>) => {
    const { body } = await ask('/v1/llm/usage/requests', { ...MARCH, ...query });
    return (body as { items: LlmRequest[] }).items;
  };
  for (const query of [
    { llmKeyId: key.id },
    { model: 'llama' },
    { provider: 'groq' },
    { outcome: 'aborted' },
    { from: '2026-03-20' },
  ])
    t.deepEqual(
      (await find(query)).map(({ requestId }) => requestId),
      [special?.requestId],
      JSON.stringify(query),
    );
  t.deepEqual(
    (await find({ to: '2026-03-19' })).map(({ requestId }) => requestId),
    [plainOne?.requestId],
  );
  const { tenantId: _, userId: __, keyId, ...rest } = special as UsageRecord;
  t.deepEqual(await find({ model: 'llama' }), [{ ...rest, llmKeyId: keyId, llmKeyName: 'Chatbot' }]);
});

test('both are exported whole, exact to the nano-dollar, and harmless to a spreadsheet', async (t) => {
  const { use, ask } = await tenant();
  await use(
    ...Array.from({ length: 2400 }, (_, index) => ({
      at: new Date(Date.UTC(2026, 2, 10, 12, 0, 0, Math.floor(index / 7))).toISOString(),
    })),
    { model: '=1+1', costNanoUsd: 1_000_000_001, at: '2026-03-30T12:00:00.000Z' },
  );
  const groups = await ask('/v1/llm/usage.csv', { ...MARCH, groupBy: 'model' });
  t.is(
    groups.headers.get('content-disposition'),
    'attachment; filename="llm-usage-by-model-2026-03-01-2026-03-31.csv"',
  );
  const [, dearest, cheapest, ...none] = String(groups.body).trimEnd().split('\r\n');
  t.deepEqual(
    [dearest, cheapest, none],
    [
      "1,0,0,0,0,10,0,0,20,0,0,1000000001,'=1+1,'=1+1,1.000000001",
      '2400,0,0,0,0,24000,0,0,48000,0,0,32400000,gpt-4o-mini,gpt-4o-mini,0.0324',
      [],
    ],
  );
  const requests = await ask('/v1/llm/usage/requests.csv', MARCH);
  const [head = '', first = '', ...lines] = String(requests.body).trimEnd().split('\r\n');
  t.is(head.split(',').at(-1), 'costUsd');
  t.is(first.split(',').at(-1), '1.000000001');
  t.is(new Set(lines).size, 2400);
  const filtered = await ask('/v1/llm/usage/requests.csv', { ...MARCH, model: '=1+1' });
  t.is(String(filtered.body).trimEnd().split('\r\n').length, 2);
});

test('of the plan’s messages a day, those of the operator’s day are used', async (t) => {
  const { use, ask } = await tenant();
  const began = dayBegins(ZONE, dayIn(ZONE, Date.now())).getTime();
  await use({ at: new Date(began).toISOString() }, { at: new Date(began - 1).toISOString() });
  const { body } = await ask('/v1/entitlements');
  const { limits } = body as { limits: { key: string; used: number }[] };
  t.is(limits.find(({ key }) => key === 'llm_messages_per_day')?.used, 1);
});

test('limits and the gateway’s own report are told what the roll-ups say', async (t) => {
  const { owner, use } = await tenant();
  const { tenantId } = owner;
  const day = dayIn(ZONE, Date.now());
  const month = { from: `${day.slice(0, 7)}-01`, to: day };
  const now = new Date().toISOString();
  await use({ at: now, keyId: 'llmk_1' }, { at: now, keyId: 'llmk_1', cachedTokens: 5 }, { at: now, keyId: 'llmk_2' });
  await use({ at: `${addDays(month.from, -1)}T12:00:00.000Z`, keyId: 'llmk_1', costNanoUsd: 7 });
  t.is(await countedMessages(app.ctx, { tenantId }, day), 3);
  t.is(await countedMessages(app.ctx, { tenantId, keyId: 'llmk_1' }, day), 2);
  t.is(await countedMessages(app.ctx, { keyId: 'llmk_2' }, day), 1);
  t.is(await countedCost(app.ctx, { keyId: 'llmk_1' }, month), 27_000);
  t.is(await countedCost(app.ctx, { tenantId }, { from: addDays(month.from, -1), to: day }), 3 * 13_500 + 7);
  t.true((await countedCost(app.ctx, {}, { from: '2026-03-10', to: '2026-03-10' })) >= 2 * 13_500, 'of everybody');
  t.is(await countedCost(app.ctx, { tenantId: 'ten_nobody' }, month), 0);
  const used = (requests: number, cached: number, cost: string) => ({
    ...{ requests, prompt_tokens: requests * 10, completion_tokens: requests * 20 },
    ...{ cached_tokens: cached, cost_usd: cost },
  });
  const [ofKey, ofTenant] = [used(2, 5, '0.000027'), used(3, 5, '0.0000405')];
  t.deepEqual(await usageForKey(app.ctx, { tenantId, keyId: 'llmk_1' }), {
    ...{ day, month: day.slice(0, 7), time_zone: ZONE },
    key: { day: ofKey, month: ofKey },
    tenant: { day: ofTenant, month: ofTenant },
  });
});
