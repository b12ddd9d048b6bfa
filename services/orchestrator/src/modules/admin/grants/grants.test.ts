import test from 'ava';
import { withTenant } from '#core/context.ts';
import { catalogue, entitlementsOf, requireBelow } from '#modules/catalogue/service.ts';
import { type TestApi, startTestApi } from '#test/support/api.ts';
import type { Caller } from '#test/support/matrix.ts';
import { createOwner, createUser } from '#test/support/people.ts';
import { type TestApp, atEnd, createTestApp } from '#test/support/stack.ts';
import { reportRevenue } from '../revenue/service.ts';
import type { PlanGrant } from './schemas.ts';
import { endDueGrants } from './service.ts';

interface World {
  app: TestApp;
  api: TestApi;
  admin: Caller;
  owner: Caller;
}

async function start(cleanUp: (run: () => Promise<void>) => void): Promise<World> {
  const app = await createTestApp(cleanUp);
  return {
    ...{ app, api: await startTestApi(app), owner: await createOwner(app) },
    admin: await createUser(app, { roles: ['admin'], name: 'Ada Admin' }),
  };
}

const ENTERPRISE = { planKey: 'enterprise', currency: 'EUR', amountMinor: 500_000, period: 'month', endsAt: null };

function give({ api, admin, owner }: World, change: object = {}, caller = admin) {
  const body = { ...ENTERPRISE, reason: 'Contract 7', ...change };
  const params = { tenantId: owner.tenantId };
  return api.request('post', '/v1/admin/tenants/:tenantId/grants', caller, { params, body });
}

const takeBack = ({ api, admin }: World, grantId: string, caller = admin) =>
  api.request('post', '/v1/admin/grants/:grantId/revoke', caller, {
    params: { grantId },
    body: { reason: 'Not paid' },
  });

const rightsOf = ({ app, owner }: World) => entitlementsOf(withTenant(app.ctx, owner.tenantId));

const mrrOf = async ({ app }: World) => {
  const month = new Date().toISOString().slice(0, 7);
  const { byCurrency } = await reportRevenue(app.ctx, { from: month, to: month });
  return byCurrency.map((row) => [row.currency, row.newMrrMinor, row.churnMrrMinor, row.closingMrrMinor]);
};

test('a plan on request, given at a price: rights at once, its price in the figures, a site, and a trace', async (t) => {
  const world = await start(atEnd(t));
  const { app, owner } = world;
  t.is((await rightsOf(world)).sites, 0);
  const { status, body } = await give(world);
  t.is(status, 201, JSON.stringify(body));
  t.like(body, {
    ...{ tenantName: 'Café de la Gare', planKey: 'enterprise', amountMinor: 500_000, endsAt: null, endedAt: null },
    grantedBy: { name: 'Ada Admin' },
  });
  t.like(await rightsOf(world), { sites: null, apps: 'all' });
  await t.notThrowsAsync(requireBelow(withTenant(app.ctx, owner.tenantId), 'sites', 1000));
  t.deepEqual(await mrrOf(world), [['EUR', 500_000, 0, 500_000]]);
  t.is((await app.ctx.db('sites').where({ tenant_id: owner.tenantId })).length, 1);
  const [trace] = await app.ctx
    .db('audit_log')
    .where({ action: 'plan_grant.create', tenant_id: owner.tenantId })
    .select<{ actor_name: string; details: string }[]>();
  t.is(trace?.actor_name, 'Ada Admin');
  t.like(JSON.parse(trace?.details ?? '{}') as object, { reason: 'Contract 7', amountMinor: 500_000 });
  const told = await app.ctx.db('outbox').where('job', 'event/catalogue.entitlements_changed').pluck('tenant_id');
  t.deepEqual(told, [owner.tenantId], 'whoever keeps a copy of the rights hears of it');
});

test('taken back: the rights go, the figures follow, the second time changes nothing', async (t) => {
  const world = await start(atEnd(t));
  const { id } = (await give(world, { amountMinor: 120_000, period: 'year' })).body as PlanGrant;
  t.deepEqual(await mrrOf(world), [['EUR', 10_000, 0, 10_000]]);
  const first = await takeBack(world, id);
  t.like(first.body, { endReason: 'Not paid', endedBy: { name: 'Ada Admin' } });
  t.is((await rightsOf(world)).sites, 0);
  t.deepEqual(await mrrOf(world), [['EUR', 10_000, -10_000, 0]]);
  const second = await takeBack(world, id);
  t.is((second.body as PlanGrant).endedAt, (first.body as PlanGrant).endedAt);
  t.is((await world.app.ctx.db('audit_log').where({ action: 'plan_grant.revoke' })).length, 1);
  t.is((await give(world)).status, 201, 'and it can be given again');
});

test('what was given until a date ends then, once', async (t) => {
  const world = await start(atEnd(t));
  const { db } = world.app.ctx;
  const soon = new Date(Date.now() + 3_600_000).toISOString();
  const { id } = (await give(world, { endsAt: soon })).body as PlanGrant;
  await endDueGrants(world.app.ctx);
  t.is((await rightsOf(world)).sites, null);
  const over = new Date(Date.now() - 1000);
  await db('plan_grants').update({ ends_at: over });
  await db('mrr_sources').update({ changed_at: new Date(over.getTime() - 1000) });
  await endDueGrants(world.app.ctx);
  await endDueGrants(world.app.ctx);
  t.is((await rightsOf(world)).sites, 0);
  const answer = await world.api.request('get', '/v1/admin/grants/:grantId', world.admin, { params: { grantId: id } });
  t.like(answer.body, { endedAt: over.toISOString(), endedBy: null });
  t.is((await db('audit_log').where({ action: 'plan_grant.end' })).length, 1);
});

test('a gift counts nothing, and a tenant gets a plan by hand once at a time', async (t) => {
  const world = await start(atEnd(t));
  t.is((await give(world, { planKey: 'llm-pro', amountMinor: 0 })).status, 201);
  t.deepEqual(await mrrOf(world), []);
  t.is((await rightsOf(world)).llm_tier, 'pro');
  const answers = await Promise.all([give(world), give(world), give(world)]);
  t.deepEqual(answers.map(({ status }) => status).sort(), [201, 409, 409]);
  const list = await world.api.request('get', '/v1/admin/grants', world.admin, { query: { state: 'open' } });
  t.is((list.body as { items: PlanGrant[] }).items.length, 2);
});

test('every plan of the catalogue can be given, in every currency of it', async (t) => {
  const world = await start(atEnd(t));
  const { plans, currencies } = catalogue(world.app.ctx);
  for (const { key } of plans)
    t.is((await give(world, { planKey: key, currency: currencies.at(-1) })).status, 201, key);
  t.is((await rightsOf(world)).generators, 'all');
});

test('what cannot be meant is refused', async (t) => {
  const world = await start(atEnd(t));
  for (const change of [
    { planKey: 'x' },
    { currency: 'GBP' },
    { amountMinor: -1 },
    { amountMinor: 0.5 },
    { endsAt: '2020-01-01T00:00:00Z' },
    { reason: '' },
  ])
    t.is((await give(world, change)).status, 400, JSON.stringify(change));
  t.deepEqual(await world.app.ctx.db('plan_grants'), []);
});

test('only who runs the place gives and takes; support and finance see it', async (t) => {
  const world = await start(atEnd(t));
  const { id } = (await give(world)).body as PlanGrant;
  for (const [role, write, read] of [
    ['superadmin', 200, 200],
    ['support', 403, 200],
    ['finance', 403, 200],
    ['founding_member', 403, 403],
  ] as const) {
    const caller = await createUser(world.app, { roles: [role] });
    t.is((await give(world, { planKey: 'bundle' }, caller)).status, write === 200 ? 201 : write, role);
    t.is((await world.api.request('get', '/v1/admin/grants', caller)).status, read, role);
    t.is((await takeBack(world, id, caller)).status, write, role);
  }
});
