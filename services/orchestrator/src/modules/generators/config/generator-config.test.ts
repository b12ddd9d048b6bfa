import test from 'ava';
import { startTestApi } from '#test/support/api.ts';
import { createUser } from '#test/support/people.ts';
import { atEnd, createTestApp } from '#test/support/stack.ts';
import type { GeneratorConfig, GeneratorConfigChange } from './schemas.ts';
import { generatorConfig } from './service.ts';

const AS_SHIPPED = [
  { interval: 'month', currency: 'EUR', amountMinor: 9900 },
  { interval: 'year', currency: 'EUR', amountMinor: 99_000 },
];

test('as shipped: twelve, on, a hundred a day, at the catalogue’s prices', async (t) => {
  const app = await createTestApp(atEnd(t));
  const api = await startTestApi(app);
  const support = await createUser(app, { roles: ['support'] });
  const { items } = (await api.request('get', '/v1/admin/generators', support)).body as { items: GeneratorConfig[] };
  t.is(items.length, 12);
  for (const item of items) {
    t.like(item, { isEnabled: true, dailyLimit: 100, shownPrices: null, version: 0, updatedAt: null });
    t.deepEqual(item.prices, AS_SHIPPED as GeneratorConfig['prices'], item.code);
  }
});

test('set by an admin, kept with its history, and set back', async (t) => {
  const app = await createTestApp(atEnd(t));
  const api = await startTestApi(app);
  const admin = await createUser(app, { roles: ['admin'], name: 'Ada' });
  const params = { code: 'cold-dm' };
  const put = (version: number, change: object = {}, code = 'cold-dm') =>
    api.request('put', '/v1/admin/generators/:code', admin, {
      params: { code },
      body: { version, isEnabled: true, dailyLimit: 100, shownPrices: null, ...change },
    });
  const shownPrices = [{ interval: 'month', currency: 'USD', amountMinor: 4900 }];
  t.is((await put(0, { isEnabled: false, dailyLimit: 5, shownPrices, comment: 'trouble at LinkedIn' })).status, 200);
  t.like(await generatorConfig(app.ctx, 'cold-dm'), { isEnabled: false, dailyLimit: 5, version: 1 });
  t.deepEqual((await generatorConfig(app.ctx, 'cold-dm')).prices, shownPrices as GeneratorConfig['prices']);
  t.like(await generatorConfig(app.ctx, 'carousel'), { isEnabled: true, version: 0 });
  t.is((await put(0)).status, 409);
  t.is((await put(1)).status, 200);
  t.deepEqual((await generatorConfig(app.ctx, 'cold-dm')).prices, AS_SHIPPED as GeneratorConfig['prices']);
  const history = await api.request('get', '/v1/admin/generators/:code/history', admin, { params });
  const { items } = history.body as { items: GeneratorConfigChange[] };
  t.deepEqual(
    items.map(({ version, comment, author }) => [version, comment, author?.name]),
    [
      [2, null, 'Ada'],
      [1, 'trouble at LinkedIn', 'Ada'],
    ],
  );
  t.is((await app.ctx.db('audit_log').where({ action: 'generator_config.update' })).length, 2);
  t.is((await put(2, { shownPrices: [...shownPrices, ...shownPrices] })).status, 400);
  t.is((await put(2, { shownPrices: [{ ...shownPrices[0], currency: 'GBP' }] })).status, 400);
  t.is((await put(0, {}, 'no-such')).status, 404);
  const both = await Promise.all([put(0, {}, 'carousel'), put(0, {}, 'carousel')]);
  t.deepEqual(both.map(({ status }) => status).sort(), [200, 409]);
});

test('support reads; only who runs the place edits', async (t) => {
  const app = await createTestApp(atEnd(t));
  const api = await startTestApi(app);
  const body = { version: 0, isEnabled: true, dailyLimit: 100, shownPrices: null };
  for (const [role, read, write] of [
    ['support', 200, 403],
    ['finance', 403, 403],
    ['superadmin', 200, 200],
  ] as const) {
    const caller = await createUser(app, { roles: [role] });
    const params = { code: 'cold-dm' };
    t.is((await api.request('get', '/v1/admin/generators', caller)).status, read, role);
    t.is((await api.request('put', '/v1/admin/generators/:code', caller, { params, body })).status, write, role);
  }
});
