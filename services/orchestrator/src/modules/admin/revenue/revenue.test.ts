import test from 'ava';
import { newId } from '#core/ids.ts';
import { withTenant } from '#core/context.ts';
import { enqueue } from '#core/jobs/enqueue.ts';
import { invoiceFailed } from '#modules/billing/schemas.ts';
import { startTestApi } from '#test/support/api.ts';
import { createUser } from '#test/support/people.ts';
import { type TestApp, atEnd, createTestApp, eventually } from '#test/support/stack.ts';
import { startTestWorker } from '#test/support/worker.ts';
import { revenueHandlers } from './jobs.ts';
import { catchUpMovements } from './movements.ts';
import type { Revenue, RevenueByCurrency } from './schemas.ts';
import { reportRevenue } from './service.ts';

interface Order {
  line: string;
  currency?: string;
}

/** Subscriptions as billing leaves them, told to the ledger after each step unless it is asleep. */
function bookkeeper({ ctx }: TestApp, isAsleep = false) {
  const { db } = ctx;
  const follow = async () => void (isAsleep || (await catchUpMovements(ctx)));
  const invoice = async (id: string, at: string, total: number, row: object) => {
    const invoiceId = newId('invoice');
    await db('invoices').insert({
      ...{
        id: invoiceId,
        lago_id: invoiceId,
        tenant_id: 'ten_a',
        subscription_id: id,
        number: 'BAS',
        status: 'finalized',
      },
      ...{ payment_status: 'succeeded', currency: 'EUR', total_minor: total, issued_at: new Date(at) },
      ...{ paid_at: new Date(at), lago_updated_at: new Date(at), ...row },
    });
    return invoiceId;
  };
  return {
    invoice,
    order: async ({ line, currency = 'EUR' }: Order): Promise<string> => {
      const id = newId('subscription');
      await db('subscriptions').insert({
        ...{ id, tenant_id: 'ten_a', line, plan_key: 'x', price_code: 'x', currency, status: 'active' },
      });
      return id;
    },
    pay: async (id: string, priceCode: string, at: string, total = 0, currency = 'EUR'): Promise<void> => {
      const invoiceId = await invoice(id, at, total, { currency });
      await db('invoice_subscriptions').insert({ invoice_id: invoiceId, subscription_id: id, price_code: priceCode });
      await db('subscriptions')
        .where({ id })
        .update({ status: 'active', ended_at: null, paid_price_code: priceCode, price_code: priceCode });
      await follow();
    },
    end: async (id: string, at: string): Promise<void> => {
      await db('subscriptions')
        .where({ id })
        .update({ status: 'terminated', ended_at: new Date(at) });
      await follow();
    },
  };
}

/** Annual prices, two currencies, an upgrade, a downgrade, cancellations, one that comes back, a renewal, a free plan. */
async function fourMonths(app: TestApp, isAsleep = false): Promise<void> {
  const { order, pay, end } = bookkeeper(app, isAsleep);
  const [a, b, d, e] = [
    await order({ line: 'sites' }),
    await order({ line: 'generators' }),
    await order({ line: 'sites' }),
    await order({ line: 'generators' }),
  ];
  const [c, free] = [await order({ line: 'llm', currency: 'DZD' }), await order({ line: 'llm' })];
  await pay(free, 'llm-free-m-eur-v1', '2026-01-02T00:00:00Z');
  await pay(a, 'business-m-eur-v1', '2026-01-05T10:00:00Z', 9900);
  await pay(b, 'founding-y-eur-v1', '2026-01-10T10:00:00Z', 69_900);
  await pay(c, 'llm-student-m-dzd-v1', '2026-01-20T10:00:00Z', 159_000, 'DZD');
  await pay(d, 'starter-m-eur-v1', '2026-02-01T00:00:00Z', 2900);
  await pay(a, 'business-m-eur-v1', '2026-02-05T10:00:00Z', 9900);
  await pay(e, 'bundle-y-eur-v1', '2026-02-15T10:00:00Z', 399_000);
  await pay(a, 'starter-m-eur-v1', '2026-03-05T10:00:00Z', 2900);
  if (!isAsleep) await end(d, '2026-03-31T23:59:59.999Z');
  await pay(d, 'business-m-eur-v1', '2026-04-02T10:00:00Z', 9900);
  await end(e, '2026-04-10T10:00:00Z');
  await end(c, '2026-04-30T10:00:00Z');
}

const PERIOD = { from: '2026-01', to: '2026-04' };

type Column = keyof RevenueByCurrency;
function table(report: Revenue, currency: string, columns: readonly Column[]) {
  const rows = report.byCurrency.filter((row) => row.currency === currency);
  return rows.map((row) => columns.map((column) => row[column]));
}

test('four months, by hand', async (t) => {
  const app = await createTestApp(atEnd(t));
  await fourMonths(app);
  const report = await reportRevenue(app.ctx, PERIOD);
  t.deepEqual(
    table(report, 'EUR', [
      ...(['month', 'openingMrrMinor', 'newMrrMinor', 'reactivationMrrMinor', 'expansionMrrMinor'] as const),
      ...(['contractionMrrMinor', 'churnMrrMinor', 'closingMrrMinor', 'closingArrMinor'] as const),
    ]),
    [
      // business 99.00 + a twelfth of founding 699.00
      ['2026-01', 0, 9900 + 5825, 0, 0, 0, 0, 15_725, 188_700],
      // + starter 29.00 + a twelfth of bundle 3 990.00
      ['2026-02', 15_725, 2900 + 33_250, 0, 0, 0, 0, 51_875, 622_500],
      // business → starter, and a starter that ends with the month
      ['2026-03', 51_875, 0, 0, 0, -7000, -2900, 41_975, 503_700],
      // that one comes back as business; the bundle ends
      ['2026-04', 41_975, 0, 9900, 0, 0, -33_250, 18_625, 223_500],
    ],
  );
  t.deepEqual(table(report, 'DZD', ['month', 'openingMrrMinor', 'newMrrMinor', 'churnMrrMinor', 'closingMrrMinor']), [
    ['2026-01', 0, 159_000, 0, 159_000],
    ['2026-02', 159_000, 0, 0, 159_000],
    ['2026-03', 159_000, 0, 0, 159_000],
    ['2026-04', 159_000, 0, -159_000, 0],
  ]);
  t.deepEqual(
    table(report, 'EUR', [
      ...(['openingSubscriptions', 'newSubscriptions', 'reactivatedSubscriptions', 'churnedSubscriptions'] as const),
      ...(['closingSubscriptions', 'churnPercent', 'mrrChurnPercent'] as const),
    ]),
    [
      [0, 2, 0, 0, 2, null, null],
      [2, 2, 0, 0, 4, 0, 0],
      [4, 0, 0, 1, 3, 25, 5.59],
      [3, 0, 1, 1, 3, 33.33, 79.21],
    ],
  );
  t.deepEqual(table(report, 'EUR', ['receivedMinor', 'paidInvoices']), [
    [9900 + 69_900, 2],
    [2900 + 9900 + 399_000, 3],
    [2900, 1],
    [9900, 1],
  ]);
  t.deepEqual(
    report.plans.map(({ line, planKey, subscriptions, mrrMinor, arrMinor }) => [
      ...[line, planKey, subscriptions, mrrMinor, arrMinor],
    ]),
    [
      ['generators', 'founding', 1, 5825, 69_900],
      ['sites', 'business', 1, 9900, 118_800],
      ['sites', 'starter', 1, 2900, 34_800],
    ],
  );
  t.deepEqual(
    report.unpaid.map(({ subscriptions }) => subscriptions),
    [1],
    'the free plan is active and pays nothing',
  );
});

test('the lines of a currency add up to it', async (t) => {
  const app = await createTestApp(atEnd(t));
  await fourMonths(app);
  const { byCurrency, byLine } = await reportRevenue(app.ctx, PERIOD);
  for (const row of byCurrency) {
    const lines = byLine.filter(({ month, currency }) => month === row.month && currency === row.currency);
    const sum = (column: 'closingArrMinor' | 'closingSubscriptions' | 'receivedMinor') =>
      lines.reduce((total, line) => total + line[column], 0);
    for (const column of ['closingArrMinor', 'closingSubscriptions', 'receivedMinor'] as const)
      t.is(sum(column), row[column], `${row.month} ${row.currency} ${column}`);
  }
});

test('what happened while nobody looked is entered where it happened', async (t) => {
  const app = await createTestApp(atEnd(t));
  await fourMonths(app, true);
  await catchUpMovements(app.ctx);
  const report = await reportRevenue(app.ctx, PERIOD);
  t.deepEqual(table(report, 'EUR', ['newMrrMinor', 'expansionMrrMinor', 'contractionMrrMinor', 'churnMrrMinor']), [
    [9900 + 5825, 0, 0, 0],
    [2900 + 33_250, 0, 0, 0],
    [0, 0, -7000, 0],
    // Nobody saw that it had ended in between: an upgrade.
    [0, 7000, 0, -33_250],
  ]);
  const rows = await app.ctx.db('mrr_movements').count<{ count: number }[]>({ count: '*' });
  await catchUpMovements(app.ctx);
  t.deepEqual(await app.ctx.db('mrr_movements').count({ count: '*' }), rows, 'a second look finds nothing');
});

test('what was never paid, or was taken back, is no revenue', async (t) => {
  const app = await createTestApp(atEnd(t));
  const { order, pay } = bookkeeper(app, true);
  await order({ line: 'sites' });
  const withdrawn = await order({ line: 'sites' });
  await pay(withdrawn, 'starter-m-eur-v1', '2026-01-05T10:00:00Z');
  await app.ctx.db('subscriptions').where({ id: withdrawn }).update({ is_withdrawn: 1, status: 'canceled' });
  await catchUpMovements(app.ctx);
  t.deepEqual((await reportRevenue(app.ctx, PERIOD)).byCurrency, []);
});

test('one that cannot be entered keeps no other from it, and is entered later', async (t) => {
  const app = await createTestApp(atEnd(t));
  const { order, pay } = bookkeeper(app, true);
  const [broken, other] = [await order({ line: 'sites' }), await order({ line: 'sites' })];
  await pay(broken, 'starter-m-eur-v1', '2026-01-05T10:00:00Z');
  await pay(other, 'business-m-eur-v1', '2026-01-05T10:00:00Z');
  const row = { source_id: broken, seq: 1, leg: 'to', kind: 'new', tenant_id: 'ten_a', line: 'x', plan_key: 'x' };
  const inTheWay = { ...row, id: 'mrr_1', price_code: 'x', currency: 'EUR', delta_twelfths: 0, delta_count: 0 };
  await app.ctx.db('mrr_movements').insert({ ...inTheWay, at: new Date('2026-01-01T00:00:00Z') });
  const newMrr = async () => table(await reportRevenue(app.ctx, PERIOD), 'EUR', ['closingMrrMinor'])[3];
  await catchUpMovements(app.ctx);
  t.deepEqual(await newMrr(), [9900]);
  await app.ctx.db('mrr_movements').where({ id: 'mrr_1' }).delete();
  await catchUpMovements(app.ctx);
  t.deepEqual(await newMrr(), [9900 + 2900]);
});

test('whoever bought an earlier price keeps its amount when the catalogue moves on', async (t) => {
  const app = await createTestApp(atEnd(t));
  const { order, pay, end } = bookkeeper(app);
  const id = await order({ line: 'sites' });
  await pay(id, 'starter-m-eur-v1', '2026-01-05T10:00:00Z');
  await app.ctx.db('mrr_sources').update({ twelfths: 1900 * 12 });
  await app.ctx.db('mrr_movements').update({ delta_twelfths: 1900 * 12 });
  await end(id, '2026-02-05T10:00:00Z');
  const report = await reportRevenue(app.ctx, PERIOD);
  t.deepEqual(table(report, 'EUR', ['closingMrrMinor', 'churnMrrMinor']).slice(0, 2), [
    [1900, 0],
    [0, -1900],
  ]);
});

test('currencies are added up at the stated rates only', async (t) => {
  const app = await createTestApp(atEnd(t), { USD_RATES: 'EUR=1.1' });
  const { order, pay } = bookkeeper(app);
  await pay(await order({ line: 'sites' }), 'business-m-eur-v1', '2026-01-05T10:00:00Z');
  await pay(await order({ line: 'llm', currency: 'USD' }), 'llm-pro-m-usd-v1', '2026-01-05T10:00:00Z');
  await pay(await order({ line: 'llm', currency: 'DZD' }), 'llm-student-m-dzd-v1', '2026-01-05T10:00:00Z');
  const { together } = await reportRevenue(app.ctx, PERIOD);
  t.deepEqual(together, {
    ...{ currency: 'USD', rates: [{ currency: 'EUR', usd: '1.1' }], mrrMinor: 10_890 + 2900 },
    ...{ arrMinor: 12 * (10_890 + 2900), isComplete: false, missing: ['DZD'] },
  });
});

test('an invoice for several lines is theirs in proportion, to the last cent', async (t) => {
  const app = await createTestApp(atEnd(t));
  const { order, invoice } = bookkeeper(app);
  const [site, generator] = [await order({ line: 'sites' }), await order({ line: 'generators' })];
  const part = (invoiceId: string, id: string, amount: number | null) =>
    app.ctx.db('invoice_subscriptions').insert({ invoice_id: invoiceId, subscription_id: id, amount_minor: amount });
  const withTax = await invoice(site, '2026-01-05T10:00:00Z', 10_001, {});
  await part(withTax, site, 2900);
  await part(withTax, generator, 5434);
  const unknown = await invoice(site, '2026-02-05T10:00:00Z', 100, {});
  await part(unknown, site, null);
  await part(unknown, generator, null);
  await invoice('sub_gone', '2026-03-05T10:00:00Z', 7, { subscription_id: null });
  const { byLine } = await reportRevenue(app.ctx, PERIOD);
  const received = byLine.filter(({ receivedMinor }) => receivedMinor > 0);
  t.deepEqual(
    received.map(({ month, line, receivedMinor, paidInvoices }) => [month, line, receivedMinor, paidInvoices]),
    [
      ['2026-01', 'generators', 6521, 0],
      ['2026-01', 'sites', 3480, 1],
      ['2026-02', 'sites', 100, 1],
      ['2026-03', 'other', 7, 1],
    ],
  );
});

test('a payment that was refused counts once, however often its job runs', async (t) => {
  const app = await createTestApp(atEnd(t));
  const { order, invoice } = bookkeeper(app);
  const invoiceId = await invoice(await order({ line: 'sites' }), '2026-01-05T10:00:00Z', 2900, { paid_at: null });
  void startTestWorker(app, { handlers: revenueHandlers });
  const ctx = withTenant(app.ctx, 'ten_a');
  const covers: [] = [];
  const event = {
    tenantId: 'ten_a',
    invoiceId,
    subscriptionId: null,
    line: 'sites',
    planKey: 'starter',
    covers,
  } as const;
  await enqueue(ctx, invoiceFailed, { ...event, attempt: 'pat_1', reason: 'card_declined' });
  await enqueue(ctx, invoiceFailed, { ...event, attempt: 'pat_2', reason: null });
  const month = new Date().toISOString().slice(0, 7);
  await eventually('both to be noted', async () => {
    const { byLine } = await reportRevenue(app.ctx, { from: month, to: month });
    return byLine[0]?.failedPayments === 2;
  });
  await app.ctx.db('outbox').update({ state: 'pending', ended_at: null });
  await eventually('both to be done again', async () => {
    const open = await app.ctx.db('outbox').whereNot({ state: 'done' }).first<{ id: number } | undefined>('id');
    return open === undefined;
  });
  t.is((await reportRevenue(app.ctx, { from: month, to: month })).byLine[0]?.failedPayments, 2);
});

test('a period is a range of months, sixty at most; the file has the same rows', async (t) => {
  const app = await createTestApp(atEnd(t));
  await fourMonths(app);
  const api = await startTestApi(app);
  const finance = await createUser(app, { roles: ['finance'] });
  const get = (path: string, query: Record<string, string>) => api.request('get', path, finance, { query });
  t.is((await get('/v1/admin/revenue', { from: '2026-05', to: '2026-04' })).status, 400);
  t.is((await get('/v1/admin/revenue', { from: '2020-01', to: '2026-04' })).status, 400);
  t.is((await get('/v1/admin/revenue', { from: '2026-13' })).status, 400);
  const whole = (await get('/v1/admin/revenue', {})).body as Revenue;
  t.is(whole.byCurrency.length, 2 * 12);
  const answer = await get('/v1/admin/revenue.csv', PERIOD);
  t.is(answer.status, 200);
  t.regex(answer.headers.get('content-disposition') ?? '', /revenue-2026-01-2026-04\.csv/);
  const lines = String(answer.body).trimEnd().split('\r\n');
  t.is(lines.length, 1 + 3 * 4);
  t.true(lines.includes('2026-03,EUR,sites,12800,0,0,0,-7000,-2900,2900,34800,2,0,0,1,1,50,22.66,2900,1,0'));
});

test('money is for finance and those who run the place', async (t) => {
  const app = await createTestApp(atEnd(t));
  const api = await startTestApi(app);
  for (const [role, status] of [
    ['superadmin', 200],
    ['admin', 200],
    ['finance', 200],
    ['support', 403],
    ['founding_member', 403],
  ] as const)
    for (const path of ['/v1/admin/revenue', '/v1/admin/revenue.csv'])
      t.is((await api.request('get', path, await createUser(app, { roles: [role] }))).status, status, role);
});
