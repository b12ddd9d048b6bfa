import test from 'ava';
import { withTenant } from '#core/context.ts';
import { newId } from '#core/ids.ts';
import { type TestApi, startTestApi } from '#test/support/api.ts';
import type { Caller } from '#test/support/matrix.ts';
import { createOwner, createUser } from '#test/support/people.ts';
import { type TestApp, atEnd, createTestApp } from '#test/support/stack.ts';
import type { Flag, FlagChange } from './schemas.ts';
import { isOn } from './service.ts';

interface World {
  app: TestApp;
  api: TestApi;
  admin: Caller;
}

async function start(cleanUp: (run: () => Promise<void>) => void): Promise<World> {
  const app = await createTestApp(cleanUp);
  return { app, api: await startTestApi(app), admin: await createUser(app, { roles: ['admin'], name: 'Ada' }) };
}

const FLAG = { description: 'A new thing', rolloutPercent: 0, on: [], off: [] };
const put = ({ api, admin }: World, version: number, change: object = {}, caller = admin) =>
  api.request('put', '/v1/admin/flags/:flag', caller, {
    ...{ params: { flag: 'new-thing' }, body: { ...FLAG, version, ...change } },
  });

const TENANTS = Array.from({ length: 2000 }, () => newId('tenant'));
async function onAmong({ app }: World): Promise<Set<string>> {
  const on = new Set<string>();
  for (const id of TENANTS) if (await isOn(withTenant(app.ctx, id), 'new-thing')) on.add(id);
  return on;
}

test('a percentage is that share of the tenants, always the same ones; raising it takes none out', async (t) => {
  const world = await start(atEnd(t));
  t.is((await onAmong(world)).size, 0, 'nobody has set it up');
  await put(world, 0, { rolloutPercent: 25 });
  const [quarter, again] = [await onAmong(world), await onAmong(world)];
  t.deepEqual(quarter, again);
  t.true(Math.abs(quarter.size - 500) < 100, String(quarter.size));
  await put(world, 1, { rolloutPercent: 60 });
  const more = await onAmong(world);
  t.true([...quarter].every((id) => more.has(id)));
  t.true(Math.abs(more.size - 1200) < 100, String(more.size));
  await put(world, 2, { rolloutPercent: 100 });
  t.is((await onAmong(world)).size, TENANTS.length);
});

test('said of a tenant, it is so whatever the percentage', async (t) => {
  const world = await start(atEnd(t));
  const [a, b] = [await createOwner(world.app), await createOwner(world.app)];
  const on = async (caller: Caller) =>
    ((await world.api.request('get', '/v1/flags', caller)).body as { items: string[] }).items;
  await put(world, 0, { rolloutPercent: 0, on: [a.tenantId] });
  t.deepEqual([await on(a), await on(b)], [['new-thing'], []]);
  await put(world, 1, { rolloutPercent: 100, off: [a.tenantId] });
  t.deepEqual([await on(a), await on(b)], [[], ['new-thing']]);
  t.is(await isOn(withTenant(world.app.ctx, a.tenantId), 'new-thing'), false);
  t.is(await isOn(withTenant(world.app.ctx, b.tenantId), 'other'), false);
});

test('every edit is kept; one that has not seen the last is refused, also at the same moment', async (t) => {
  const world = await start(atEnd(t));
  const answers = await Promise.all([1, 2, 3].map((rolloutPercent) => put(world, 0, { rolloutPercent })));
  t.deepEqual(answers.map(({ status }) => status).sort(), [200, 409, 409]);
  t.is((await put(world, 0)).status, 409);
  t.is((await put(world, 1, { rolloutPercent: 7, comment: 'slowly' })).status, 200);
  const params = { flag: 'new-thing' };
  const history = await world.api.request('get', '/v1/admin/flags/:flag/history', world.admin, { params });
  const { items } = history.body as { items: FlagChange[] };
  t.deepEqual(
    items.map(({ version, comment, author }) => [version, comment, author?.name]),
    [
      [2, 'slowly', 'Ada'],
      [1, null, 'Ada'],
    ],
  );
  t.is(items[0]?.document.rolloutPercent, 7);
  t.is((await world.app.ctx.db('audit_log').where({ action: 'flag.update' })).length, 2);
  const list = (await world.api.request('get', '/v1/admin/flags', world.admin)).body as { items: Flag[] };
  t.like(list.items[0], { key: 'new-thing', version: 2, rolloutPercent: 7 });
});

test('what cannot be meant is refused', async (t) => {
  const world = await start(atEnd(t));
  const { tenantId } = await createOwner(world.app);
  for (const change of [
    { rolloutPercent: 101 },
    { rolloutPercent: 0.5 },
    { on: [newId('tenant')] },
    { on: [tenantId], off: [tenantId] },
    { description: '' },
  ])
    t.is((await put(world, 0, change)).status, 400, JSON.stringify(change));
});

test('support reads; only who runs the place edits', async (t) => {
  const world = await start(atEnd(t));
  await put(world, 0);
  for (const [role, read, write] of [
    ['superadmin', 200, 200],
    ['support', 200, 403],
    ['finance', 403, 403],
  ] as const) {
    const caller = await createUser(world.app, { roles: [role] });
    t.is((await world.api.request('get', '/v1/admin/flags', caller)).status, read, role);
    t.is((await put(world, 1, {}, caller)).status, write, role);
  }
});
