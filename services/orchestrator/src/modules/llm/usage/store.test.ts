import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import type { Knex } from 'knex';
import { newId } from '#core/ids.ts';
import { type TenantContext, withTenant } from '#core/context.ts';
import { migrate } from '#core/db/migrate.ts';
import { connectDatabase } from '#core/db/connect.ts';
import { withTransaction } from '#core/db/transaction.ts';
import { createTestApp, type TestApp, atEnd, eventually } from '#test/support/stack.ts';
import { usageRecord } from '#test/support/usage.ts';
import { createLlmKey } from '../keys/service.ts';
import { redisNames } from '../limits/names.ts';
import { UsageConsumer } from './consumer.ts';
import { DAY_SUMS } from './days.ts';
import { UsageRecord } from './record.ts';
import { rollUpLeftovers, storeUsage } from './service.ts';

const KILLS = 25;

const any = <T>(of: readonly T[]): T => of[Math.floor(Math.random() * of.length)] as T;
const upTo = (max: number) => Math.floor(Math.random() * max);

/** Usage of three tenants, over three days, of every kind that there is. */
const someUsage = (): UsageRecord => {
  const isCacheHit = Math.random() < 0.1;
  const promptTokens = upTo(5000);
  const completionTokens = upTo(2000);
  return usageRecord(any(['ten_a', 'ten_b', 'ten_c']), {
    keyId: any(['llmk_1', 'llmk_2', 'llmk_3', 'llmk_4']),
    userId: any(['usr_1', 'usr_2', null]),
    at: new Date(Date.UTC(2026, 2, 9) + upTo(3 * 86_400_000)).toISOString(),
    provider: isCacheHit ? 'cache' : any(['groq', 'openrouter', 'openai']),
    model: any(['gpt-4o-mini', 'GPT-4o-mini', 'llama-3.1-8b', 'modèle/étrange']),
    outcome: any(['completed', 'aborted', 'cut', 'interrupted']),
    promptTokens,
    cachedTokens: upTo(promptTokens + 1),
    cacheWriteTokens: upTo(10),
    completionTokens,
    reasoningTokens: upTo(completionTokens + 1),
    audioTokens: upTo(3),
    costNanoUsd: isCacheHit ? 0 : upTo(5_000_000_000),
    isEstimated: Math.random() < 0.2,
    isFallback: Math.random() < 0.2,
    isBudgetFallback: Math.random() < 0.1,
    isCacheHit,
  });
};

const KEYS = ['day', 'tenant_id', 'key_id', 'user_id', 'provider', 'model'];
type Sums = Record<string, string | number>;

const columns = DAY_SUMS.map((sum) => (sum === 'estimated' ? 'is_estimated' : sum));
const ofRow: Record<string, string> = {
  requests: 'count(*)',
  fallbacks: 'sum(is_fallback)',
  budget_fallbacks: 'sum(is_budget_fallback)',
  cache_hits: 'sum(is_cache_hit)',
};

/** The roll-up, and what it would be if it were made from the rows now. */
async function books(db: Knex): Promise<{ rolledUp: Sums[]; rows: Sums[] }> {
  const rolledUp = await db('llm_usage_days').select<Sums[]>('*').orderBy(KEYS);
  const sums = DAY_SUMS.map((sum, at) => `${ofRow[sum] ?? `sum(${columns[at]})`} as ${sum}`).join(', ');
  const [rows] = (await db.raw(
    `select day, tenant_id, key_id, coalesce(user_id, '') as user_id, provider collate utf8mb4_bin as provider,
       model collate utf8mb4_bin as model, ${sums}
     from llm_usage group by 1, 2, 3, 4, 5, 6 order by 1, 2, 3, 4, 5, 6`,
  )) as [Sums[]];
  return { rolledUp: rolledUp.map(numbers), rows: rows.map(numbers) };
}

const numbers = (row: Sums): Sums =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, KEYS.includes(name) ? String(value) : Number(value)]),
  );

async function assertBalance(t: ExecutionContext, app: TestApp, records: readonly UsageRecord[]): Promise<void> {
  const { rolledUp, rows } = await books(app.ctx.db);
  t.deepEqual(rolledUp, rows);
  const total = (sum: string) => rolledUp.reduce((all, row) => all + Number(row[sum]), 0);
  t.is(total('requests'), records.length);
  t.is(
    total('cost_nano_usd'),
    records.reduce((sum, record) => sum + record.costNanoUsd, 0),
  );
  await assertBilled(t, app, records);
}

/** Lago gets every token, and every nano-dollar that something cost. */
async function assertBilled(t: ExecutionContext, { ctx }: TestApp, records: readonly UsageRecord[]): Promise<void> {
  const events = await ctx
    .db('usage_events')
    .select<{ tenant_id: string; metric: string; properties: string }[]>('tenant_id', 'metric', 'properties');
  for (const tenantId of new Set(records.map((record) => record.tenantId))) {
    const told = (metric: string, field: string) =>
      events
        .filter((event) => event.tenant_id === tenantId && event.metric === metric)
        .reduce((sum, { properties }) => sum + Number((JSON.parse(properties) as Sums)[field]), 0);
    const mine = records.filter((record) => record.tenantId === tenantId);
    t.is(
      told('llm_tokens', 'tokens'),
      mine.reduce((sum, record) => sum + record.promptTokens + record.completionTokens, 0),
    );
    t.is(
      told('llm_cost_nano_usd', 'nano_usd'),
      mine.reduce((sum, record) => sum + record.costNanoUsd, 0),
    );
  }
}

test('a record counts once, whatever copies come, in whatever batches and order, also at the same time', async (t) => {
  const app = await createTestApp(atEnd(t));
  const records = Array.from({ length: 400 }, someUsage);
  const batches = Array.from({ length: 20 }, () =>
    records.filter(() => Math.random() < 0.4).sort(() => Math.random() - 0.5),
  );
  const stored = await Promise.all(
    [...batches, records, [...records, ...records].reverse()].map((batch) => storeUsage(app.ctx, batch)),
  );
  t.is(
    stored.reduce((sum, count) => sum + count, 0),
    records.length,
  );
  await assertBalance(t, app, records);
});

test('what a request really used takes the place of its estimate, in rows, days and on the bill, once', async (t) => {
  const app = await createTestApp(atEnd(t));
  const truths = Array.from({ length: 300 }, someUsage).map((record): UsageRecord => {
    return { ...record, outcome: any(['completed', 'aborted', 'cut']) };
  });
  const estimates = truths.map((record): UsageRecord => {
    const other = { ...someUsage(), outcome: 'interrupted' as const, isEstimated: true };
    const { requestId, tenantId, keyId, userId, at, model } = record;
    return { ...other, requestId, tenantId, keyId, userId, at, model };
  });
  const shuffled = (records: readonly UsageRecord[]) => [...records].sort(() => Math.random() - 0.5);
  await storeUsage(app.ctx, estimates.slice(0, 200));
  await assertBalance(t, app, estimates.slice(0, 200));
  await Promise.all([
    storeUsage(app.ctx, shuffled(truths)),
    storeUsage(app.ctx, shuffled([...truths, ...estimates])),
    storeUsage(app.ctx, shuffled(estimates)),
  ]);
  await storeUsage(app.ctx, estimates);
  await assertBalance(t, app, truths);
  const outcomes = await app.ctx.db('llm_usage').distinct().pluck<string[]>('outcome');
  t.false(outcomes.includes('interrupted'));
});

test('an estimate that is in no roll-up yet is replaced in none', async (t) => {
  const app = await createTestApp(atEnd(t));
  const truth = usageRecord('ten_a');
  await storeUsage(app.ctx, [usageRecord('ten_a', { requestId: truth.requestId, outcome: 'interrupted' })]);
  await app.ctx.db('llm_usage').update({ day: null });
  await app.ctx.db('llm_usage_days').delete();
  t.is(await storeUsage(app.ctx, [truth]), 0);
  t.is(await rollUpLeftovers(app.ctx), 0);
  await assertBalance(t, app, [truth]);
});

test('two consumers that die and come again, and a stream that says things twice', async (t) => {
  t.timeout(120_000);
  const app = await createTestApp(atEnd(t));
  const { redis, config, db } = app.ctx;
  const records = Array.from({ length: 2000 }, someUsage);
  const entries = [...records, ...records.filter(() => Math.random() < 0.3)].sort(() => Math.random() - 0.5);
  const names = redisNames(config.REDIS_PREFIX);
  let isOver = false;
  const consumers = [0, 1].map(async () => {
    while (!isOver) {
      const consumer = new UsageConsumer(app.ctx, { claimIdleMs: 300 });
      consumer.start();
      await sleep(100 + upTo(400));
      await consumer.stop();
    }
  });
  // Their transactions are ended under them, as by a kill.
  const own = connectDatabase({ ...config, DATABASE_POOL_MAX: 1 });
  t.teardown(() => own.destroy());
  let kills = 0;
  const killer = (async () => {
    while (!isOver && kills < KILLS) {
      await sleep(upTo(60));
      const [running] = (await own.raw(
        `select id from information_schema.processlist
         where db = database() and id <> connection_id() and command <> 'Sleep'`,
      )) as [{ id: number }[]];
      for (const { id } of running)
        await own.raw('kill ?', [id]).then(
          () => (kills += 1),
          () => undefined,
        );
    }
  })();
  for (let at = 0; at < entries.length; at += 100) {
    const pipeline = redis.pipeline();
    for (const record of entries.slice(at, at + 100)) pipeline.xadd(names.usage, '*', 'usage', JSON.stringify(record));
    await pipeline.exec();
    await sleep(20);
  }
  const stored = async () => {
    const row = await db('llm_usage').count({ count: '*' }).first<{ count: number }>();
    return Number(row.count) === records.length && (await redis.xlen(names.usage)) === 0;
  };
  await eventually('all of it', () => stored().catch(() => false), 90_000);
  isOver = true;
  await Promise.all([...consumers, killer]);
  t.log(`${kills} statements were killed`);
  t.true(kills > 3);
  t.is(await redis.xlen(names.unreadable), 0);
  await assertBalance(t, app, records);
});

test('a transaction that fails leaves neither row nor sum', async (t) => {
  const app = await createTestApp(atEnd(t));
  await t.throwsAsync(
    withTransaction(app.ctx, async (ctx) => {
      await storeUsage(ctx, [someUsage(), someUsage()]);
      throw new Error('the worker was killed');
    }),
  );
  t.deepEqual(await books(app.ctx.db), { rolledUp: [], rows: [] });
});

test('days are the operator’s', async (t) => {
  const app = await createTestApp(atEnd(t), { LLM_TIME_ZONE: 'Africa/Algiers' });
  await storeUsage(app.ctx, [
    usageRecord('ten_a', { at: '2026-03-10T22:59:59.999Z' }),
    usageRecord('ten_a', { at: '2026-03-10T23:00:00.000Z' }),
  ]);
  const days = await app.ctx.db('llm_usage_days').orderBy('day').pluck<Date[]>('day');
  t.deepEqual(
    days.map((day) => day.toISOString().slice(0, 10)),
    ['2026-03-10', '2026-03-11'],
  );
});

test('another calendar later does not move what is counted', async (t) => {
  const app = await createTestApp(atEnd(t));
  const record = usageRecord('ten_a', { at: '2026-03-10T23:30:00.000Z' });
  await storeUsage(app.ctx, [record]);
  const later = { ...app.ctx, config: { ...app.config, LLM_TIME_ZONE: 'Africa/Algiers' } };
  t.is(await storeUsage(later, [record]), 0);
  t.is(await storeUsage(later, [{ ...record, requestId: newId('request') }]), 1);
  await assertBalance(t, app, [record, record]);
  t.is((await books(app.ctx.db)).rolledUp.length, 2);
});

test('what a worker of an earlier version stores is rolled up by the next one, once', async (t) => {
  const app = await createTestApp(atEnd(t), { LLM_TIME_ZONE: 'Africa/Algiers' });
  const records = Array.from({ length: 1200 }, someUsage);
  await storeUsage(app.ctx, records);
  await app.ctx.db('llm_usage').whereIn('provider', ['groq', 'cache']).update({ day: null });
  await app.ctx.db('llm_usage_days').whereIn('provider', ['groq', 'cache']).delete();
  const counts = await Promise.all([rollUpLeftovers(app.ctx), rollUpLeftovers(app.ctx)]);
  t.is(counts[0] + counts[1], records.filter(({ provider }) => provider === 'groq' || provider === 'cache').length);
  t.is(await rollUpLeftovers(app.ctx), 0);
  await assertBalance(t, app, records);
});

test('an upgrade rolls up what is there, by the days of UTC that it was counted by, and again changes nothing', async (t) => {
  const app = await createTestApp(atEnd(t));
  const { db } = app.ctx;
  const tenant = withTenant(app.ctx, 'ten_a');
  const author = { ...tenant, actor: { ...tenant.actor, type: 'user', id: 'usr_9' } as TenantContext['actor'] };
  const key = await createLlmKey(author, { name: 'of before' });
  const records = Array.from({ length: 700 }, someUsage).map((record) => ({ ...record, userId: null, keyId: key.id }));
  await storeUsage(app.ctx, records);
  await db('llm_usage').update({ day: null });
  await db('llm_usage_days').delete();
  const upgrade = async () => {
    await db('migrations').where({ name: '0120_llm_usage.ts' }).delete();
    await migrate(db, app.ctx.log);
  };
  await upgrade();
  await assertBalance(t, app, records);
  const days = await db('llm_usage_days').distinct<{ day: Date; user_id: string }[]>('day', 'user_id').orderBy('day');
  t.deepEqual(
    days.map(({ day, user_id }) => [day.toISOString().slice(0, 10), user_id]),
    ['2026-03-09', '2026-03-10', '2026-03-11'].map((day) => [day, 'usr_9']),
  );
  await upgrade();
  await assertBalance(t, app, records);
});

test('a record of an earlier version is read and stored', async (t) => {
  const app = await createTestApp(atEnd(t));
  const written =
    '{"requestId":"req_01JQ0000000000000000000000","tenantId":"ten_a","keyId":"llmk_1","at":"2026-03-10T12:00:00.000Z",' +
    '"provider":"upstream","model":"gpt-4o-mini","isStream":true,"outcome":"completed","promptTokens":12,"cachedTokens":0,' +
    '"completionTokens":30,"costNanoUsd":19800,"price":"gpt-4o-mini@2026-11-20","isEstimated":false,"firstByteMs":7,"durationMs":9}';
  const record = UsageRecord.parse(JSON.parse(written));
  t.is(await storeUsage(app.ctx, [record]), 1);
  const row = await app.ctx.db('llm_usage').first<Record<string, unknown>>();
  t.like(row, {
    user_id: null,
    surface: 'chat',
    upstream_model: null,
    reasoning_tokens: 0,
    is_fallback: 0,
    price: record.price,
  });
  await assertBalance(t, app, [record]);
});

test('what costs nothing is billed as tokens alone', async (t) => {
  const app = await createTestApp(atEnd(t));
  const records = [
    usageRecord('ten_a', { provider: 'groq', price: 'free', costNanoUsd: 0 }),
    usageRecord('ten_a', { provider: 'cache', price: 'cache', costNanoUsd: 0, isCacheHit: true }),
  ];
  await storeUsage(app.ctx, records);
  t.deepEqual(await app.ctx.db('usage_events').pluck('metric'), ['llm_tokens']);
  await assertBilled(t, app, records);
});
