import test from 'ava';
import { dayBegins, dayIn } from '#core/calendar.ts';
import { withTenant } from '#core/context.ts';
import { newId } from '#core/ids.ts';
import { createLlmKey } from '#modules/llm/keys/service.ts';
import type { UsageRecord } from '#modules/llm/usage/record.ts';
import { storeUsage } from '#modules/llm/usage/service.ts';
import { type TestApi, startTestApi } from '#test/support/api.ts';
import type { Caller } from '#test/support/matrix.ts';
import { createOwner, createUser } from '#test/support/people.ts';
import { type TestApp, atEndOfFile, createTestApp } from '#test/support/stack.ts';
import { usageRecord } from '#test/support/usage.ts';
import type { AbusiveUsers, LlmDashboard, PlatformLlmUsage } from './schemas.ts';

const ZONE = 'Africa/Algiers';
const cleanUp = atEndOfFile(test);
let app: TestApp;
let api: TestApi;
let owners: [Caller, Caller];
let began: string;
let before: string;
test.before(async () => {
  app = await createTestApp(cleanUp, { LLM_TIME_ZONE: ZONE, LLM_DAILY_BUDGET_USD: '10', USD_RATES: 'EUR=1.1' });
  api = await startTestApi(app);
  owners = [
    await createOwner(app, { tenantName: 'Café', name: 'Zoé', email: 'zoe@example.test' }),
    await createOwner(app, { tenantName: 'The Others' }),
  ];
  const day = dayIn(ZONE, Date.now());
  began = dayBegins(ZONE, day).toISOString();
  before = new Date(Date.parse(began) - 1).toISOString();
  const [{ tenantId: cafe, userId: zoe }, { tenantId: others, userId: other }] = owners;
  const key = await createLlmKey(withTenant(app.ctx, others), { name: 'A program' });
  const today = (tenantId: string, change: Partial<UsageRecord>) =>
    usageRecord(tenantId, { at: began, costNanoUsd: 0, provider: 'groq', ...change });
  await storeUsage(app.ctx, [
    ...Array.from({ length: 150 }, () => today(cafe, { userId: zoe })),
    // The same person in another tenant: it is the person that counts.
    ...Array.from({ length: 151 }, () => today(others, { userId: zoe })),
    ...Array.from({ length: 302 }, () => today(others, { userId: null, keyId: key.id })),
    ...Array.from({ length: 300 }, () => today(others, { userId: other })),
    today(cafe, { userId: zoe, provider: 'openrouter', costNanoUsd: 9_100_000_001 }),
    today(cafe, { userId: zoe, provider: 'openrouter', costNanoUsd: 2_000_000_000, at: before }),
  ]);
  const subscription = (tenantId: string, paid: string | null, currency: string) => ({
    ...{ id: newId('subscription'), tenant_id: tenantId, line: 'llm', plan_key: 'llm-pro', currency, status: 'active' },
    ...{ price_code: paid ?? 'llm-free-m-eur-v1', paid_price_code: paid },
  });
  await app.ctx
    .db('subscriptions')
    .insert([
      subscription(cafe, 'llm-pro-m-usd-v1', 'USD'),
      subscription(others, 'llm-student-m-dzd-v1', 'DZD'),
      subscription(others, null, 'EUR'),
    ]);
});

const as = async (role: string | null) => createUser(app, role === null ? {} : { roles: [role] });
const get = async (path: string, caller: Caller | null, query: Record<string, string> = {}) =>
  api.request('get', path, caller, { query });

test('the dashboard tells the day’s budget, users and providers, and what the gateway earns', async (t) => {
  const { status, body } = await get('/admin/dashboard', await as('finance'));
  t.is(status, 200);
  const dashboard = body as LlmDashboard;
  t.deepEqual(Object.keys(dashboard), [
    ...['generated_at', 'time_zone', 'day', 'budget', 'users', 'providers', 'economics', 'alerts'],
  ]);
  t.deepEqual(dashboard.budget, {
    ...{ spent: 9.100000001, limit: 10, remaining: 0.899999999, percent: 91, alert_level: 'critical' },
  });
  t.is(dashboard.users.active_today, 3);
  t.is(dashboard.users.average_cost_per_user, 3.033333334);
  const [{ tenantId: cafe, userId: zoe }, { tenantId: others }] = owners;
  t.deepEqual(
    dashboard.users.abusive_users.map((user) => [user.user_id, user.name, user.email, user.messages_today]),
    [
      [null, 'A program', null, 302],
      [zoe, 'Zoé', 'zoe@example.test', 302],
    ],
  );
  t.deepEqual(dashboard.users.abusive_users[1]?.tenant_ids, [cafe, others].sort());
  t.deepEqual(dashboard.providers, [
    { provider: 'openrouter', requests: 1, cost: 9.100000001 },
    { provider: 'groq', requests: 903, cost: 0 },
  ]);
  t.like(dashboard.economics, { revenue: 29, cost: 11.100000001, profit: 17.899999999, is_complete: false });
  t.deepEqual(
    dashboard.economics.revenue_by_currency
      .map(({ currency, amount_minor, usd }) => [currency, amount_minor, usd])
      .sort(),
    [
      ['DZD', 159_000, null],
      ['USD', 2900, 29],
    ],
  );
  t.deepEqual(
    dashboard.alerts.map(({ code }) => code),
    ['budget_nearly_spent', 'abusive_users'],
  );
});

test('usage of all tenants, by whatever makes it, dearest first', async (t) => {
  const admin = await as('support');
  const [{ tenantId: cafe }, { tenantId: others }] = owners;
  const by = async (query: Record<string, string>) => {
    const { body } = await get('/v1/admin/llm/usage', admin, query);
    return body as PlatformLlmUsage;
  };
  const tenants = await by({});
  t.deepEqual(
    tenants.groups.map(({ value, name, requests }) => [value, name, requests]),
    [
      [cafe, 'Café', 152],
      [others, 'The Others', 753],
    ],
  );
  t.is(tenants.totals.costNanoUsd, 11_100_000_001);
  t.is((await by({ limit: '1' })).groups.length, 1);
  t.is((await by({ limit: '1' })).totals.requests, 905);
  t.deepEqual((await by({ groupBy: 'user' })).groups.map(({ name }) => name)[0], 'zoe@example.test');
  t.true((await by({ groupBy: 'user' })).groups.some(({ name }) => name === 'no user'));
  t.is((await by({ tenantId: others, groupBy: 'provider' })).totals.requests, 753);
  t.deepEqual(
    (await by({ groupBy: 'day' })).groups.map(({ requests }) => requests),
    [1, 904],
  );
});

test('the file has every group', async (t) => {
  const { body, headers } = await get('/v1/admin/llm/usage.csv', await as('finance'), { groupBy: 'provider' });
  t.regex(headers.get('content-disposition') ?? '', /llm-usage-by-provider-[\d-]+\.csv/);
  const lines = String(body).trimEnd().split('\r\n');
  t.is(lines.length, 3);
  t.true(lines[1]?.endsWith(',openrouter,openrouter,11.100000001'));
});

test('who sent more than 300 messages, on any day', async (t) => {
  const admin = await as('support');
  const today = (await get('/v1/admin/llm/abusive-users', admin)).body as AbusiveUsers;
  t.deepEqual(
    today.items.map(({ userId, name, messages }) => [userId, name, messages]),
    [
      [null, 'A program', 302],
      [owners[0].userId, 'Zoé', 302],
    ],
  );
  t.truthy(today.items[0]?.llmKeyId);
  const earlier = (await get('/v1/admin/llm/abusive-users', admin, { day: '2026-01-01' })).body as AbusiveUsers;
  t.deepEqual(earlier.items, []);
});

test('support sees usage and no money; members of tenants see neither', async (t) => {
  const paths = ['/admin/dashboard', '/v1/admin/llm/usage', '/v1/admin/llm/usage.csv', '/v1/admin/llm/abusive-users'];
  const statuses = async (caller: Caller | null) =>
    Promise.all(paths.map(async (path) => (await get(path, caller)).status));
  t.deepEqual(await statuses(await as('superadmin')), [200, 200, 200, 200]);
  t.deepEqual(await statuses(await as('support')), [403, 200, 200, 200]);
  t.deepEqual(await statuses(owners[0]), [403, 403, 403, 403]);
  t.deepEqual(await statuses(await as('founding_member')), [403, 403, 403, 403]);
  t.deepEqual(await statuses(null), [401, 401, 401, 401]);
});
