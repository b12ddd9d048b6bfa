import { randomUUID } from 'node:crypto';
import test from 'ava';
import { withTenant } from '#core/context.ts';
import { revoke } from '#modules/catalogue/service.ts';
import { type TestApi, startTestApi } from '#test/support/api.ts';
import { createSitesOwner } from '#test/support/sites-world.ts';
import { type TestApp, atEndOfFile, createTestApp } from '#test/support/stack.ts';
import { siteHandlers } from './jobs.ts';
import { siteRoutes } from './routes.ts';
import { SiteName } from './schemas.ts';
import { countSites, createSite, ensureFirstSite, listSites } from './service.ts';

const cleanUp = atEndOfFile(test);
let app: TestApp;
let api: TestApi;
test.before(async () => {
  app = await createTestApp(cleanUp);
  api = await startTestApi(app, siteRoutes);
});

const everySite = (tenantId: string) => listSites(withTenant(app.ctx, tenantId), { limit: 100 });

/** A paid invoice for these plans; the first is what it is mainly for. */
function paid(tenantId: string, ...plans: { line: string; planKey: string }[]) {
  const covers = plans.map((plan) => ({ subscriptionId: `sub_${randomUUID()}`, ...plan }));
  return { tenantId, invoiceId: `inv_${randomUUID()}`, covers, ...covers[0] };
}

test('a paid sites plan makes the first site once, however often it is told', async (t) => {
  const owner = await createSitesOwner(app, { slug: 'first-once' });
  const event = paid(owner.tenantId, { line: 'sites', planKey: 'starter' });
  const [handler] = siteHandlers;
  await Promise.all([1, 2, 3].map(async () => handler?.run(app.ctx, event)));
  await handler?.run(app.ctx, { ...event, invoiceId: `inv_${randomUUID()}` });
  const { items } = await everySite(owner.tenantId);
  t.is(items.length, 1);
  t.like(items[0], { name: 'first-once', planKey: 'starter', status: 'requested', apps: ['erpnext', 'crm', 'hrms'] });
  const operations = await app.ctx.db('operations').where({ tenant_id: owner.tenantId });
  t.is(operations.length, 1);
});

test('invoices of other lines, and of plans that have ended since, make no site', async (t) => {
  const owner = await createSitesOwner(app);
  const [handler] = siteHandlers;
  await handler?.run(app.ctx, paid(owner.tenantId, { line: 'llm', planKey: 'pro' }));
  t.is(await countSites(owner.ctx), 0);
  await revoke(owner.ctx, { source: `sub_${owner.tenantId}` });
  await handler?.run(app.ctx, paid(owner.tenantId, { line: 'sites', planKey: 'business' }));
  t.is(await countSites(owner.ctx), 0);
});

test('a sites plan that is billed together with others makes its site as well', async (t) => {
  const owner = await createSitesOwner(app);
  const [handler] = siteHandlers;
  const event = paid(owner.tenantId, { line: 'llm', planKey: 'pro' }, { line: 'sites', planKey: 'business' });
  await handler?.run(app.ctx, event);
  t.like((await everySite(owner.tenantId)).items[0], { planKey: 'business', status: 'requested' });
});

test('a slug that is somebody’s site already gets the next number', async (t) => {
  const squatter = await createSitesOwner(app);
  await createSite(squatter.ctx, { name: 'popular' });
  await createSite(squatter.ctx, { name: 'popular-2' });
  const owner = await createSitesOwner(app, { slug: 'popular' });
  t.is((await ensureFirstSite(owner.ctx, 'business'))?.name, 'popular-3');
  t.is((await createSite(owner.ctx, {})).name, 'popular-4', 'a site without a name is named alike');
});

test('a tenant’s slug is nobody else’s site, whether asked for or made from a slug', async (t) => {
  const [owner, other] = [
    await createSitesOwner(app, { slug: 'acme' }),
    await createSitesOwner(app, { slug: 'acme-2' }),
  ];
  const stranger = await createSitesOwner(app);
  const answer = await api.request('post', '/v1/sites', stranger, { body: { name: 'acme' } });
  t.is(answer.status, 409);
  t.like(answer.body, { error: { code: 'site.name_taken', details: { name: 'acme' } } });
  t.is(await countSites(stranger.ctx), 0);
  t.is((await createSite(owner.ctx, { name: 'acme' })).name, 'acme', 'its own');
  t.is((await createSite(owner.ctx, {})).name, 'acme-3', 'acme-2 is kept for the other tenant');
  t.is((await ensureFirstSite(other.ctx, 'business'))?.name, 'acme-2');
});

test('two tenants who ask for one name at the same moment: one has it', async (t) => {
  const owners = await Promise.all([1, 2, 3, 4].map(() => createSitesOwner(app)));
  const outcomes = await Promise.allSettled(owners.map((owner) => createSite(owner.ctx, { name: 'wanted' })));
  t.is(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
  for (const outcome of outcomes)
    if (outcome.status === 'rejected') t.is((outcome.reason as { code: string }).code, 'site.name_taken');
});

test('ten requests at once do not make more sites than the plan allows', async (t) => {
  const owner = await createSitesOwner(app, { plan: 'business-m-eur-v1' });
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => api.request('post', '/v1/sites', owner, { body: {} })),
  );
  t.is(answers.filter(({ status }) => status === 201).length, 3);
  const refusals = answers.filter(({ status }) => status === 403);
  t.is(refusals.length, 7);
  t.like((refusals[0]?.body as { error: unknown }).error, {
    code: 'entitlement.limit_reached',
    details: { key: 'sites', limit: 3, used: 3, plan: { key: 'enterprise' } },
  });
  t.is((await everySite(owner.tenantId)).items.length, 3);
});

test('an app that no plan includes is refused with the plan that does', async (t) => {
  const owner = await createSitesOwner(app, { plan: 'starter-m-eur-v1' });
  const answer = await api.request('post', '/v1/sites', owner, {
    body: { name: 'with-crm', apps: ['erpnext', 'crm'] },
  });
  t.is(answer.status, 403);
  t.like((answer.body as { error: { details: unknown } }).error.details, {
    key: 'apps',
    wanted: 'crm',
    plan: { key: 'business' },
  });
  t.is(await countSites(owner.ctx), 0);
});

test('the same Idempotency-Key gives the same site', async (t) => {
  const owner = await createSitesOwner(app);
  const request = {
    body: { name: `idem-${owner.userId.slice(-6).toLowerCase()}` },
    headers: { 'idempotency-key': 'k1' },
  };
  const answers = await Promise.all([1, 2, 3].map(() => api.request('post', '/v1/sites', owner, request)));
  t.deepEqual(new Set(answers.map(({ status }) => status)), new Set([201]));
  t.is(new Set(answers.map(({ body }) => (body as { id: string }).id)).size, 1);
  t.is(await countSites(owner.ctx), 1);
});

test('another tenant’s site is not there', async (t) => {
  const [owner, stranger] = [await createSitesOwner(app), await createSitesOwner(app)];
  const site = await createSite(owner.ctx, {});
  const answer = await api.request('get', '/v1/sites/:siteId', stranger, { params: { siteId: site.id } });
  t.is(answer.status, 404);
  t.is((answer.body as { error: { code: string } }).error.code, 'entity.not_found');
});

test('names that would be something else in DNS, a shell or a path are refused', (t) => {
  for (const name of [
    '',
    'ab',
    'www',
    'api',
    'localhost',
    'a b',
    'a/b',
    '..',
    'a.b',
    'A1b',
    '-abc',
    'abc-',
    'xn--abc',
    'a_b',
    'café',
    'аdmin',
    'abc\n',
    '$(id)',
    'a\0b',
    'a'.repeat(64),
  ])
    t.false(SiteName.safeParse(name).success, JSON.stringify(name));
  for (const name of ['abc', 'a-b', 'cafe-gare-2', '1abc', 'a'.repeat(32)])
    t.true(SiteName.safeParse(name).success, name);
});
