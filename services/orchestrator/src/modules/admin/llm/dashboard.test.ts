import test from 'ava';
import { nanoToUsd } from '#core/money.ts';
import { type Counted, dashboardOf } from './dashboard.ts';

const NANO = 1e9;
const counted = (change: Partial<Counted> = {}): Counted => ({
  at: new Date('2026-03-10T12:00:00.000Z'),
  timeZone: 'UTC',
  day: '2026-03-10',
  budgetNanoUsd: 50 * NANO,
  providers: [],
  activeUsers: 0,
  abusiveUsers: [],
  revenue: [],
  usdRates: new Map([['USD', BigInt(NANO)]]),
  monthsCostNanoUsd: 0,
  ...change,
});
const spent = (usd: number): Partial<Counted> => ({
  providers: [{ provider: 'openrouter', requests: 10, costNanoUsd: Math.round(usd * NANO) }],
});
const alertsOf = (change: Partial<Counted>) =>
  dashboardOf(counted(change)).alerts.map(({ level, code }) => [level, code]);

test('an installation that nobody has used shows nothing, and no alarm', (t) => {
  t.deepEqual(dashboardOf(counted()), {
    generated_at: '2026-03-10T12:00:00.000Z',
    time_zone: 'UTC',
    day: '2026-03-10',
    budget: { spent: 0, limit: 50, remaining: 50, percent: 0, alert_level: 'normal' },
    users: { active_today: 0, average_cost_per_user: 0, abusive_users: [] },
    providers: [],
    economics: { revenue: 0, cost: 0, profit: 0, margin: null, is_complete: true, revenue_by_currency: [] },
    alerts: [],
  });
});

test('the alarm rises with the budget: over 90 % the switch to the free provider is imminent, at its end it has come', (t) => {
  const level = (usd: number) => dashboardOf(counted(spent(usd))).budget.alert_level;
  t.deepEqual([34.9, 35, 45, 45.1, 50, 51].map(level), [
    ...['normal', 'warning', 'warning'],
    ...['critical', 'critical', 'critical'],
  ]);
  t.deepEqual(alertsOf(spent(34.9)), []);
  t.deepEqual(alertsOf(spent(40)), [['warning', 'budget_warning']]);
  t.deepEqual(alertsOf(spent(45.9)), [['critical', 'budget_nearly_spent']]);
  t.deepEqual(alertsOf(spent(50)), [['critical', 'budget_spent']]);
  const { budget, alerts } = dashboardOf(counted(spent(45.9)));
  t.deepEqual(budget, { spent: 45.9, limit: 50, remaining: 4.1, percent: 91.8, alert_level: 'critical' });
  t.regex(alerts[0]?.message ?? '', /nearly spent: 45\.90 of 50\.00 USD \(91\.8 %\)\. Switch .*Groq.* imminent/);
  t.regex(alerts[0]?.action ?? '', /LLM_DAILY_BUDGET_USD/);
  t.is(dashboardOf(counted(spent(51))).budget.remaining, 0);
});

test('a budget of 0 means free providers only, and is no alarm', (t) => {
  t.deepEqual(dashboardOf(counted({ budgetNanoUsd: 0 })).budget, {
    ...{ spent: 0, limit: 0, remaining: 0, percent: 0, alert_level: 'normal' },
  });
  t.deepEqual(alertsOf({ budgetNanoUsd: 0 }), []);
});

test('money is written as the exact decimal', (t) => {
  for (let n = 0; n < 5000; n += 1) {
    const nano = Math.floor(Math.random() * 10 ** (Math.random() * 15));
    const { budget } = dashboardOf(counted({ providers: [{ provider: 'x', requests: 1, costNanoUsd: nano }] }));
    const written = JSON.stringify(budget.spent);
    if (nano >= 1000) t.is(written, nanoToUsd(nano));
    t.is(Math.round(Number(written) * NANO), nano);
  }
});

test('who sends too much is named, most first, and told of once', (t) => {
  const user = (messages: number, userId: string | null) => ({
    ...{ id: userId ?? 'llmk_1', userId, tenantIds: ['ten_a'], messages, costNanoUsd: 7 },
    ...{ name: 'Zoé', email: userId === null ? null : 'zoe@example.test' },
  });
  const { users, alerts } = dashboardOf(
    counted({ ...spent(0.000000007), activeUsers: 3, abusiveUsers: [user(900, 'usr_1'), user(301, null)] }),
  );
  t.is(users.average_cost_per_user, 2e-9);
  t.like(users.abusive_users[0], { user_id: 'usr_1', key_id: null, messages_today: 900, cost_today: 7e-9 });
  t.like(users.abusive_users[1], { user_id: null, key_id: 'llmk_1', email: null });
  t.deepEqual(
    alerts.map(({ level, code, message }) => [level, code, message]),
    [['warning', 'abusive_users', '2 users have sent more than 300 messages today.']],
  );
});

test('profit is in dollars; revenue whose rate is not known stands beside it', (t) => {
  const revenue = [
    { currency: 'USD', subscriptions: 2, twelfths: 2 * 2900 * 12 },
    { currency: 'DZD', subscriptions: 3, twelfths: 3 * 159_000 * 12 },
  ];
  const half = dashboardOf(counted({ revenue, monthsCostNanoUsd: 14.5 * NANO })).economics;
  t.deepEqual(half, {
    ...{ revenue: 58, cost: 14.5, profit: 43.5, margin: 75, is_complete: false },
    revenue_by_currency: [
      { currency: 'USD', subscriptions: 2, amount_minor: 5800, usd: 58 },
      { currency: 'DZD', subscriptions: 3, amount_minor: 477_000, usd: null },
    ],
  });
  const usdRates = new Map([...counted().usdRates, ['DZD', 7_500_000n] as const]);
  const whole = dashboardOf(counted({ revenue, usdRates, monthsCostNanoUsd: 100 * NANO })).economics;
  t.like(whole, { revenue: 58 + 35.775, profit: -6.225, margin: -6.64, is_complete: true });
});
