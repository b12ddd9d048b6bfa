import test from 'ava';
import { withTenant } from '#core/context.ts';
import { newId } from '#core/ids.ts';
import { recordUsage } from '#modules/billing/service.ts';
import { grant } from '#modules/catalogue/service.ts';
import { sendMail } from '#modules/mail/service.ts';
import { type TestApi, startTestApi } from '#test/support/api.ts';
import type { Caller } from '#test/support/matrix.ts';
import { createOwner, createUser } from '#test/support/people.ts';
import { type TestApp, atEndOfFile, createTestApp } from '#test/support/stack.ts';
import { catchUpMovements } from '../revenue/movements.ts';
import type { Customer, CustomerMail, CustomerSummary, CustomerUsage } from './schemas.ts';

const cleanUp = atEndOfFile(test);
let app: TestApp;
let api: TestApi;
let owner: Caller;
let subscriptionId: string;
let invoiceId: string;
test.before(async () => {
  app = await createTestApp(cleanUp);
  api = await startTestApi(app);
  owner = await createOwner(app, {
    tenantName: 'Café 100 %',
    slug: 'cafe-cent',
    email: 'olivia@cafe.test',
    name: 'Olivia',
  });
  await createOwner(app, { tenantName: 'The Others', slug: 'others' });
  const { db } = app.ctx;
  const tenant_id = owner.tenantId;
  subscriptionId = newId('subscription');
  invoiceId = newId('invoice');
  const price = { price_code: 'bundle-y-eur-v1', currency: 'EUR' };
  await db('subscriptions').insert({
    ...{ id: subscriptionId, tenant_id, line: 'generators', plan_key: 'bundle', status: 'active', ...price },
    paid_price_code: price.price_code,
  });
  const invoice = {
    tenant_id,
    status: 'finalized',
    currency: 'EUR',
    issued_at: new Date(),
    lago_updated_at: new Date(),
  };
  await db('invoices').insert([
    { id: invoiceId, lago_id: '1', number: 'BAS-1-001', payment_status: 'pending', total_minor: 2900, ...invoice },
    {
      ...{ id: newId('invoice'), lago_id: '2', number: 'BAS-1-002', payment_status: 'failed', total_minor: 100 },
      ...{ ...invoice, is_overdue: 1 },
    },
    {
      id: newId('invoice'),
      lago_id: '3',
      number: 'BAS-1-003',
      payment_status: 'succeeded',
      total_minor: 7,
      ...invoice,
    },
  ]);
  await db('payment_attempts').insert({
    ...{ id: newId('paymentAttempt'), tenant_id, invoice_id: invoiceId, provider: 'stripe', amount_minor: 2900 },
    ...{ currency: 'EUR', state: 'open', problem: 'card_declined', expires_at: new Date() },
  });
  const ctx = withTenant(app.ctx, tenant_id);
  await grant(ctx, { source: subscriptionId, planCode: price.price_code });
  await catchUpMovements(app.ctx);
  const usage = (metric: string, transactionId: string, properties: Record<string, number>) =>
    recordUsage(ctx, { metric, transactionId, properties, at: new Date() });
  await usage('llm_tokens', '1', { tokens: 100 });
  await usage('llm_tokens', '2', { tokens: 23 });
  await usage('site_users', '1', { users: 4 });
  await usage('site_users', '2', { users: 3 });
  await db('usage_events').where({ transaction_id: '2', metric: 'llm_tokens' }).update({ state: 'sent' });
  await usage('llm_tokens', '3', { tokens: 1000 });
  await db('usage_events').where({ transaction_id: '3' }).update({ state: 'refused', problem: 'too old' });
  const to = { userId: owner.userId, email: 'olivia@cafe.test', name: 'Olivia', locale: 'fr' as const };
  await sendMail(ctx, {
    ...{ template: 'welcome', key: 'test/1', to },
    data: { tenantName: 'Café', dashboardUrl: 'http://secret.test' },
  });
});

const as = (role: string) => createUser(app, { roles: [role] });
async function get<T>(path: string, role: string, query: Record<string, string> = {}): Promise<T> {
  const params = { tenantId: owner.tenantId };
  const { status, body } = await api.request('get', path, await as(role), { params, query });
  if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
  return body as T;
}

test('found by name, slug, a member’s address, and whatever is billed to them', async (t) => {
  const found = async (q: string) => {
    const { items } = await get<{ items: CustomerSummary[] }>('/v1/admin/tenants', 'support', { q });
    return items.map(({ slug }) => slug);
  };
  const queries = ['café', '100 %', 'cafe-c', 'olivia@', owner.tenantId, subscriptionId, invoiceId, 'BAS-1-001'];
  for (const q of queries) t.deepEqual(await found(q), ['cafe-cent'], q);
  for (const q of ['100_%', newId('invoice'), 'nobody', 'sub_1']) t.deepEqual(await found(q), [], q);
  const { items } = await get<{ items: CustomerSummary[] }>('/v1/admin/tenants', 'support');
  const cafe = items.find(({ slug }) => slug === 'cafe-cent');
  t.like(cafe, { slug: 'cafe-cent', planKeys: ['bundle'], owners: [{ email: 'olivia@cafe.test', role: 'owner' }] });
  t.deepEqual(cafe?.recurring, [{ currency: 'EUR', mrrMinor: 33_250, arrMinor: 399_000 }]);
  t.deepEqual(items.find(({ slug }) => slug === 'others')?.planKeys, []);
});

test('a tenant at a glance: who, what for, what is owed, what it may do', async (t) => {
  const customer = await get<Customer>('/v1/admin/tenants/:tenantId', 'finance');
  t.like(customer, { name: 'Café 100 %', planKeys: ['bundle'] });
  t.deepEqual(
    customer.members.map(({ name, role }) => [name, role]),
    [['Olivia', 'owner']],
  );
  t.deepEqual(customer.owed, [{ currency: 'EUR', amountMinor: 3000, overdueMinor: 100, invoices: 2 }]);
  t.is(customer.entitlements.entitlements['generators'], 'all');
  t.is(customer.entitlements.limits.find(({ key }) => key === 'sites')?.used, 0);
});

test('its subscriptions, invoices, attempts, mails and traces, and nobody else’s', async (t) => {
  const list = async (path: string, role: string) =>
    (await get<{ items: Record<string, unknown>[] }>(`/v1/admin/tenants/:tenantId/${path}`, role)).items;
  t.deepEqual(
    (await list('subscriptions', 'support')).map(({ id }) => id),
    [subscriptionId],
  );
  t.is((await list('invoices', 'finance')).length, 3);
  t.like((await list('payment-attempts', 'finance'))[0], { invoiceId, problem: 'card_declined', state: 'open' });
  const mails = (await list('mails', 'support')) as unknown as CustomerMail[];
  t.deepEqual(
    mails.map(({ template, to, state }) => [template, to, state]),
    [['welcome', 'olivia@cafe.test', 'queued']],
  );
  t.notRegex(JSON.stringify(mails), /secret/);
  t.deepEqual(
    (await list('audit-log', 'support')).map(({ action }) => action),
    ['member.add', 'tenant.create'],
  );
  const other = { params: { tenantId: (await createOwner(app)).tenantId } };
  const answer = await api.request('get', '/v1/admin/tenants/:tenantId/invoices', await as('finance'), other);
  t.deepEqual(answer.body, { items: [], nextCursor: null });
});

test('what was metered for the bill, and what will never be on it', async (t) => {
  const { metrics } = await get<CustomerUsage>('/v1/admin/tenants/:tenantId/usage', 'support');
  t.deepEqual(
    metrics.map(({ metric, quantity, events, waiting, refused, problem }) => [
      ...[metric, quantity, events, waiting, refused, problem],
    ]),
    [
      ['site_users', 4, 2, 2, 0, null],
      ['llm_tokens', 123, 2, 1, 1, 'too old'],
    ],
  );
});

test('who may see what', async (t) => {
  const expected: Record<string, readonly [support: number, finance: number]> = {
    '': [200, 200],
    '/subscriptions': [200, 200],
    '/invoices': [200, 200],
    '/usage': [200, 200],
    '/payment-attempts': [403, 200],
    '/mails': [200, 403],
    '/audit-log': [200, 403],
  };
  const [support, finance, superadmin] = [await as('support'), await as('finance'), await as('superadmin')];
  const params = { tenantId: owner.tenantId };
  for (const [path, statuses] of Object.entries(expected)) {
    const status = async (caller: Caller) =>
      (await api.request('get', `/v1/admin/tenants/:tenantId${path}`, caller, { params })).status;
    t.deepEqual([await status(support), await status(finance), await status(superadmin)], [...statuses, 200], path);
  }
});
