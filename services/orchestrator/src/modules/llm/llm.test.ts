import test from 'ava';
import type { TenantContext } from '#core/context.ts';
import { withTenant } from '#core/context.ts';
import { newId } from '#core/ids.ts';
import { startTestApi } from '#test/support/api.ts';
import { createOwner } from '#test/support/people.ts';
import { atEnd, createTestApp } from '#test/support/stack.ts';
import type { UsageRecord } from './usage/record.ts';
import { storeUsage } from './usage/service.ts';

const record = (tenant: TenantContext, change: Partial<UsageRecord> = {}): UsageRecord => ({
  requestId: newId('request'),
  tenantId: tenant.tenantId,
  keyId: 'llmk_test',
  at: '2026-03-10T12:00:00.000Z',
  provider: 'upstream',
  model: 'gpt-4o-mini',
  isStream: false,
  outcome: 'completed',
  promptTokens: 10,
  cachedTokens: 0,
  completionTokens: 20,
  costNanoUsd: 13_500,
  price: 'gpt-4o-mini@2026-11-20',
  isEstimated: false,
  firstByteMs: 5,
  durationMs: 9,
  ...change,
});

test('usage is stored once and billed once, whatever copies come and however they are batched', async (t) => {
  const app = await createTestApp(atEnd(t));
  const [a, b] = [
    withTenant(app.ctx, (await createOwner(app)).tenantId),
    withTenant(app.ctx, (await createOwner(app)).tenantId),
  ];
  const records = Array.from({ length: 30 }, (_, at) => record(at % 3 === 0 ? b : a));
  const batches = Array.from({ length: 12 }, () => records.filter(() => Math.random() < 0.5));
  const stored = await Promise.all(
    [...batches, records, [...records, ...records]].map((batch) => storeUsage(app.ctx, batch)),
  );
  t.is(
    stored.reduce((sum, count) => sum + count, 0),
    30,
  );
  for (const [tenant, count] of [
    [a, 20],
    [b, 10],
  ] as const) {
    const events = await app.ctx
      .db('usage_events')
      .where('tenant_id', tenant.tenantId)
      .select<{ metric: string; properties: string }[]>('metric', 'properties');
    const sum = (metric: string, field: string) =>
      events
        .filter((event) => event.metric === metric)
        .reduce((total, event) => total + Number((JSON.parse(event.properties) as Record<string, unknown>)[field]), 0);
    t.is(sum('llm_tokens', 'tokens'), count * 30);
    t.is(sum('llm_cost_nano_usd', 'nano_usd'), count * 13_500);
  }
});

test('usage is told by day and in total, of one tenant only', async (t) => {
  const app = await createTestApp(atEnd(t));
  const api = await startTestApi(app);
  const [owner, stranger] = [await createOwner(app), await createOwner(app)];
  const [tenant, other] = [withTenant(app.ctx, owner.tenantId), withTenant(app.ctx, stranger.tenantId)];
  await storeUsage(app.ctx, [
    record(tenant, { at: '2026-03-09T23:59:59.999Z' }),
    record(tenant),
    record(tenant, { at: '2026-03-10T00:00:00.000Z' }),
    record(tenant, { at: '2026-03-12T00:00:00.000Z' }),
    record(other),
  ]);
  const ask = (query: Record<string, string>) => api.request('get', '/v1/llm/usage', owner, { query });
  const day = (requests: number) => ({
    requests,
    promptTokens: requests * 10,
    completionTokens: requests * 20,
    costNanoUsd: requests * 13_500,
  });
  t.deepEqual((await ask({ from: '2026-03-09', to: '2026-03-11' })).body, {
    totals: day(3),
    days: [
      { day: '2026-03-09', ...day(1) },
      { day: '2026-03-10', ...day(2) },
    ],
  });
  t.is((await ask({ from: '2026-03-09', to: '2028-03-11' })).status, 400);
  t.is((await ask({ from: 'yesterday' })).status, 400);
  t.is((await ask({})).status, 200);
});
