import test from 'ava';
import { Registry } from 'prom-client';
import { dayBegins, dayIn } from '#core/calendar.ts';
import { acquireLock } from '#core/db/lock.ts';
import { newId } from '#core/ids.ts';
import { redisNames } from '#modules/llm/limits/names.ts';
import type { UsageRecord } from '#modules/llm/usage/record.ts';
import { storeUsage } from '#modules/llm/usage/service.ts';
import { type TestApp, atEnd, createTestApp, eventually } from '#test/support/stack.ts';
import { usageRecord } from '#test/support/usage.ts';
import { FigureCounter } from './counter.ts';
import { createFigures } from './gauges.ts';
import { countFigures } from './service.ts';

/** `{ 'name{label="value"}': 3 }`, without the process label that every series has. */
async function shown({ ctx }: TestApp): Promise<Record<string, number>> {
  const text = await ctx.metrics.registry.metrics();
  const lines = text.split('\n').filter((line) => line.startsWith('bastide_'));
  return Object.fromEntries(
    lines.map((line) => {
      const [, name = '', labels = '', value = ''] = /^bastide_(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
      const rest = labels.split(',').filter((label) => label !== '' && !label.startsWith('process='));
      return [rest.length > 0 ? `${name}{${rest.join(',')}}` : name, Number(value)];
    }),
  );
}

async function counted(app: TestApp): Promise<Record<string, number>> {
  await countFigures(app.ctx, createFigures(app.ctx.metrics.registry));
  return shown(app);
}

const subscription = (tenantId: string, line: string, planKey: string, paid: string | null, more: object = {}) => ({
  id: newId('subscription'),
  tenant_id: tenantId,
  line,
  plan_key: planKey,
  price_code: paid ?? `${planKey}-m-eur-v1`,
  paid_price_code: paid,
  currency: 'EUR',
  status: 'active',
  ...more,
});

test('counts nothing as 0 in an empty installation', async (t) => {
  const figures = await counted(await createTestApp(atEnd(t)));
  t.like(figures, { users: 0, tenants: 0, payments_refund_due: 0, operations_stuck: 0, llm_cost_today_nano_usd: 0 });
  t.is(figures['llm_budget_nano_usd'], 50e9);
  t.true((figures['figures_timestamp_seconds'] ?? 0) > Date.now() / 1000 - 60);
});

test('monthly recurring revenue: what is paid, a yearly price by its twelfth, by currency', async (t) => {
  const app = await createTestApp(atEnd(t));
  await app.ctx
    .db('subscriptions')
    .insert([
      subscription('ten_a', 'sites', 'business', 'business-m-eur-v1'),
      subscription('ten_b', 'sites', 'business', 'business-m-eur-v1'),
      subscription('ten_a', 'generators', 'founding', 'founding-y-eur-v1'),
      subscription('ten_a', 'llm', 'llm-student', 'llm-student-m-dzd-v1', { currency: 'DZD' }),
      subscription('ten_c', 'sites', 'starter', null),
      subscription('ten_d', 'sites', 'starter', 'starter-m-eur-v1', { status: 'terminated', ended_at: new Date() }),
      subscription('ten_e', 'sites', 'starter', 'starter-m-eur-v99'),
    ]);
  const figures = await counted(app);
  t.is(figures['mrr_minor{currency="EUR",line="generators"}'], 69900 / 12);
  t.is(figures['mrr_minor{currency="DZD",line="llm"}'], 159000);
  t.is(figures['mrr_minor{currency="EUR",line="sites"}'], 2 * 9900 + 2900, 'the unknown revision at its successor');
  t.is(figures['mrr_estimated_subscriptions'], 1);
  t.is(figures['active_subscriptions{line="sites",plan="business",paid="yes"}'], 2);
  t.is(figures['active_subscriptions{line="sites",plan="starter",paid="no"}'], 1);
  t.is(figures['subscriptions_ended_day{line="sites"}'], 1);
});

test('the gateway’s day is the operator’s: cost, plans, providers, budget, and who sends more than 300 messages', async (t) => {
  const app = await createTestApp(atEnd(t), { LLM_TIME_ZONE: 'Pacific/Kiritimati', LLM_DAILY_BUDGET_USD: '0.001' });
  await app.ctx
    .db('subscriptions')
    .insert([
      subscription('ten_a', 'llm', 'llm-free', null, { is_default: 1 }),
      subscription('ten_a', 'llm', 'llm-pro', 'llm-pro-m-usd-v1'),
      subscription('ten_b', 'llm', 'llm-free', null, { is_default: 1 }),
    ]);
  const began = dayBegins('Pacific/Kiritimati', dayIn('Pacific/Kiritimati', Date.now())).getTime();
  const today = (tenantId: string, change: Partial<UsageRecord>) =>
    usageRecord(tenantId, { at: new Date(began).toISOString(), userId: 'usr_1', costNanoUsd: 1000, ...change });
  await storeUsage(app.ctx, [
    ...Array.from({ length: 301 }, () => today('ten_a', {})),
    ...Array.from({ length: 300 }, () => today('ten_a', { userId: 'usr_2', costNanoUsd: 0 })),
    // Nobody is known to have made the keys: each is somebody.
    ...Array.from({ length: 200 }, () => today('ten_b', { userId: null, keyId: 'llmk_1', costNanoUsd: 0 })),
    ...Array.from({ length: 200 }, () => today('ten_b', { userId: null, keyId: 'llmk_2', costNanoUsd: 0 })),
    today('ten_b', { userId: 'usr_3', provider: 'groq', costNanoUsd: 5, isEstimated: true, isBudgetFallback: true }),
    today('ten_b', { userId: 'usr_3', provider: 'groq', costNanoUsd: 0, isFallback: true, model: 'llama' }),
    today('ten_b', { at: new Date(began - 1).toISOString(), costNanoUsd: 7 }),
  ]);
  const figures = await counted(app);
  t.is(figures['llm_cost_today_nano_usd'], 301_005);
  t.is(figures['llm_budget_remaining_nano_usd'], 1_000_000 - 301_005);
  t.is(figures['llm_messages_today{plan="llm-pro"}'], 601);
  t.is(figures['llm_plan_cost_today_nano_usd{plan="llm-free"}'], 5);
  t.is(figures['llm_active_tenants_today{plan="llm-free"}'], 1);
  t.is(figures['llm_active_users_today'], 5);
  t.is(figures['llm_abusive_users_today'], 1);
  t.is(figures['llm_provider_requests_today{provider="groq"}'], 2);
  t.is(figures['llm_provider_cost_today_nano_usd{provider="openai"}'], 301_000);
  t.is(figures['llm_estimated_requests_today{provider="groq"}'], 1);
  t.is(figures['llm_fallback_requests_today{provider="groq"}'], 1);
  t.is(figures['llm_budget_fallback_requests_today{provider="groq"}'], 1);
  t.is(figures['llm_model_cost_today_nano_usd{model="gpt-4o-mini"}'], 301_005);
  t.is(figures['llm_tenant_cost_today_nano_usd{tenant_id="ten_a",tenant=""}'], 301_000);
});

test('only the dearest ten models and tenants are series', async (t) => {
  const app = await createTestApp(atEnd(t));
  const at = new Date().toISOString();
  await storeUsage(
    app.ctx,
    Array.from({ length: 25 }, (_, n) => usageRecord(`ten_${n}`, { at, model: `model-${n}`, costNanoUsd: n })),
  );
  const figures = await counted(app);
  const shownOf = (name: string) => Object.entries(figures).filter(([series]) => series.startsWith(`${name}{`));
  for (const name of ['llm_model_cost_today_nano_usd', 'llm_tenant_cost_today_nano_usd'])
    t.deepEqual(
      shownOf(name).map(([, cost]) => cost),
      [24, 23, 22, 21, 20, 19, 18, 17, 16, 15],
    );
  t.is(figures['llm_cost_today_nano_usd'], 300);
});

test('usage that waits in the stream is seen, and how long', async (t) => {
  const app = await createTestApp(atEnd(t));
  t.like(await counted(app), { llm_usage_waiting: 0, llm_usage_lag_seconds: 0 });
  const { usage } = redisNames(app.config.REDIS_PREFIX);
  await app.ctx.redis.xadd(usage, `${Date.now() - 90_000}-0`, 'usage', '{}');
  await app.ctx.redis.xadd(usage, '*', 'usage', '{}');
  const figures = createFigures(new Registry());
  await countFigures(app.ctx, figures);
  t.is((await figures.llm_usage_waiting.get()).values[0]?.value, 2);
  const lag = (await figures.llm_usage_lag_seconds.get()).values[0]?.value ?? 0;
  t.true(lag >= 89 && lag < 120, String(lag));
});

test('what waits and what has failed: webhooks, mails, operations, payments', async (t) => {
  const app = await createTestApp(atEnd(t));
  const { db } = app.ctx;
  const anHourAgo = new Date(Date.now() - 3_600_000);
  await db('inbox').insert([
    { id: 'inb_1', source: 'lago', event_key: '1', event_type: 'x', body: '', received_at: anHourAgo },
    { id: 'inb_2', source: 'lago', event_key: '2', event_type: 'x', body: '', handled_at: new Date() },
  ]);
  const mail = { template: 'welcome', locale: 'en', to_email: 'a@example.test' };
  await db('mails').insert([
    { id: 'mai_1', key: '1', ...mail, state: 'queued', created_at: anHourAgo },
    { id: 'mai_2', key: '2', ...mail, state: 'failed' },
  ]);
  const operation = { kind: 'sites.provision', input: '{}', result: '{}' };
  await db('operations').insert([
    { id: 'op_1', key: '1', ...operation, state: 'running', updated_at: anHourAgo },
    { id: 'op_2', key: '2', ...operation, state: 'running' },
    { id: 'op_3', key: '3', ...operation, state: 'failed', updated_at: anHourAgo },
  ]);
  const payment = { tenant_id: 'ten_a', invoice_id: 'inv', attempt_id: 'att', provider: 'stripe', currency: 'EUR' };
  await db('payments').insert([
    { id: 'pay_1', ...payment, provider_payment_id: '1', amount_minor: 9900, state: 'settled' },
    { id: 'pay_2', ...payment, provider_payment_id: '2', amount_minor: 9900, state: 'refund_due' },
  ]);
  await db('payments').where({ id: 'pay_1' }).update({ dispute_id: 'du_1', dispute_status: 'needs_response' });
  const figures = await counted(app);
  t.like(figures, {
    'inbox_waiting{source="lago"}': 1,
    'inbox_waiting{source="stripe"}': 0,
    mails_waiting: 1,
    mails_failed_day: 1,
    operations_stuck: 1,
    'operations_open{state="failed"}': 1,
    payments_refund_due: 1,
    payments_disputed: 1,
    'revenue_day_minor{currency="EUR"}': 9900,
  });
  t.true((figures['inbox_oldest_waiting_seconds{source="lago"}'] ?? 0) >= 3600);
  t.true((figures['mails_oldest_waiting_seconds'] ?? 0) >= 3600);
});

test('what is over is shown no more', async (t) => {
  const app = await createTestApp(atEnd(t));
  const figures = createFigures(app.ctx.metrics.registry);
  await app.ctx.db('subscriptions').insert(subscription('ten_a', 'sites', 'starter', 'starter-m-eur-v1'));
  await countFigures(app.ctx, figures);
  t.is((await shown(app))['mrr_minor{currency="EUR",line="sites"}'], 2900);
  await app.ctx.db('subscriptions').update({ status: 'terminated', ended_at: new Date() });
  await countFigures(app.ctx, figures);
  t.is((await shown(app))['mrr_minor{currency="EUR",line="sites"}'], undefined);
});

test('one worker counts; another takes over when that one is gone, and shows nothing before', async (t) => {
  const app = await createTestApp(atEnd(t));
  const release = await acquireLock(app.ctx.db, 'figures', 0);
  const counter = new FigureCounter(app.ctx);
  counter.start(50);
  t.teardown(() => counter.stop());
  await new Promise((resolve) => setTimeout(resolve, 200));
  t.is((await shown(app))['users'], undefined);
  await release?.();
  await eventually('the figures', async () => (await shown(app))['users'] === 0);
});

test('the pool shows what is used of it', async (t) => {
  const app = await createTestApp(atEnd(t));
  await app.ctx.db.transaction(async (trx) => {
    await trx.raw('select 1');
    t.true(((await shown(app))['database_pool_connections{state="used"}'] ?? 0) >= 1);
  });
});
