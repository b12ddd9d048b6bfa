import test from 'ava';
import { loadConfig } from '#core/config/load.ts';
import { createApp } from '#core/process/app.ts';
import { type TestApi, startTestApi } from '#test/support/api.ts';
import type { Caller } from '#test/support/matrix.ts';
import { createUser } from '#test/support/people.ts';
import { type TestApp, atEnd, createTestApp } from '#test/support/stack.ts';
import { redisNames } from '../limits/names.ts';
import { PriceTable } from '../prices/prices.ts';
import { createProviders } from '../providers/registry.ts';
import type { RoutesDocument } from './document.ts';
import { shippedRoutes } from './revisions.ts';
import { Router } from './router.ts';
import type { LlmRoutes, LlmRoutesPreview, LlmRoutesRevision } from './schemas.ts';

const path = '/v1/admin/llm/routes';
const prices = PriceTable.load();
const KEYS = { GROQ_API_KEY: 'x', OPENROUTER_API_KEY: 'x' };

interface World {
  app: TestApp;
  api: TestApi;
  admin: Caller;
}

async function startWorld(t: Parameters<typeof atEnd>[0]): Promise<World> {
  const app = await createTestApp(atEnd(t), KEYS);
  return { app, api: await startTestApi(app), admin: await createUser(app, { roles: ['admin'], name: 'Ada' }) };
}

/** Another process' connections to the same stores. */
function startRouter(t: Parameters<typeof atEnd>[0], { env }: TestApp, overrides: Record<string, string> = {}) {
  const app = createApp(loadConfig({ ...env, ...overrides }), 'gateway');
  atEnd(t)(() => app.lifecycle.stop('test'));
  return Router.load(app.ctx, createProviders(app.ctx.config), prices);
}

const weighted = (groq: number, openrouter: number): RoutesDocument => {
  const document = structuredClone(shippedRoutes());
  const routes = document.tiers['student']?.routes ?? [];
  for (const route of routes) {
    if (route.provider === 'groq') route.weight = groq;
    if (route.provider === 'openrouter') route.weight = openrouter;
  }
  return document;
};
const put = async ({ api, admin }: World, version: number, document: unknown, comment?: string) => {
  const { status, body } = await api.request('put', path, admin, { body: { version, document, comment } });
  return { status, body: body as LlmRoutes & { error?: { code: string; details: { issues: { path: string }[] } } } };
};
const get = async <T>({ api, admin }: World, rest = '', query: Record<string, string> = {}) =>
  (await api.request('get', `${path}${rest}`, admin, { query })).body as T;
const shareOfGroq = (router: Router) => router.plan('student', 'llama-3.3-70b', 'chat')?.shares[0];

test('what is shipped is in force until somebody edits it, and every edit is kept with who and why', async (t) => {
  const world = await startWorld(t);
  const shipped = await get<LlmRoutes>(world);
  t.like(shipped, { version: 0, author: null, createdAt: null });
  t.deepEqual(shipped.document, shippedRoutes());

  t.is((await put(world, 0, weighted(1, 1), 'a fair share')).status, 200);
  t.is((await put(world, 1, weighted(3, 1))).status, 200);
  const current = await get<LlmRoutes>(world);
  t.like(current, { version: 2, author: { id: world.admin.userId, name: 'Ada' }, comment: null, revertsTo: null });
  t.deepEqual(current.document, weighted(3, 1));
  const first = await get<LlmRoutesRevision & { document: RoutesDocument }>(world, '/revisions/1');
  t.is(first.comment, 'a fair share');
  t.deepEqual(first.document, weighted(1, 1));
  const { items, nextCursor } = await get<{ items: LlmRoutesRevision[]; nextCursor: string }>(world, '/revisions', {
    limit: '1',
  });
  t.is(items[0]?.version, 2);
  const rest = await get<{ items: LlmRoutesRevision[] }>(world, '/revisions', { cursor: nextCursor });
  t.deepEqual(
    rest.items.map(({ version }) => version),
    [1],
  );
  const audit = await world.app.ctx
    .db('audit_log')
    .where('action', 'like', 'llm_routes.%')
    .select('action', 'actor_id');
  t.deepEqual(
    audit,
    Array.from({ length: 2 }, () => ({ action: 'llm_routes.update', actor_id: world.admin.userId })),
  );
});

test('an earlier version is taken again as a new one, and so is what was shipped', async (t) => {
  const world = await startWorld(t);
  await put(world, 0, weighted(1, 1));
  await put(world, 1, weighted(3, 1));
  const revert = (body: object) => world.api.request('post', `${path}/revert`, world.admin, { body });
  t.like((await revert({ version: 2, to: 1, comment: 'it was better' })).body, { version: 3, revertsTo: 1 });
  t.deepEqual((await get<LlmRoutes>(world)).document, weighted(1, 1));
  t.is((await revert({ version: 3, to: 0 })).status, 200);
  t.deepEqual((await get<LlmRoutes>(world)).document, shippedRoutes());
  t.like((await revert({ version: 4, to: 99 })).body, { error: { code: 'entity.not_found' } });
  t.like((await revert({ version: 1, to: 2 })).body, { error: { code: 'llm_routes.changed' } });
});

test('of two edits of the same version one is told that it came too late', async (t) => {
  const world = await startWorld(t);
  const answers = await Promise.all([1, 2, 3, 4, 5].map((weight) => put(world, 0, weighted(weight, 1))));
  t.deepEqual(answers.map(({ status }) => status).sort(), [200, 409, 409, 409, 409]);
  for (const { status, body } of answers) if (status === 409) t.is(body.error?.code, 'llm_routes.changed');
  t.is((await get<LlmRoutes>(world)).version, 1);
  t.is((await put(world, 7, weighted(1, 1))).body.error?.code, 'llm_routes.changed', 'nor from a version to come');
});

test('a wrong document names the field, and changes nothing', async (t) => {
  const world = await startWorld(t);
  const complaints = async (change: (document: RoutesDocument) => void) => {
    const document = weighted(1, 1);
    change(document);
    const { status, body } = await put(world, 0, document);
    t.is(status, 400);
    return body.error?.details.issues.map((issue) => issue.path);
  };
  t.deepEqual(await complaints(({ tiers }) => delete tiers['free']), ['body.document.tiers.free']);
  t.deepEqual(
    await complaints(({ tiers, models }) => {
      tiers['pro']?.routes.push({ provider: 'grok', weight: 1 });
      models['x'] = { grok: 'y' };
    }),
    ['body.document.models.x.grok', 'body.document.tiers.pro.routes.18.provider'],
  );
  t.is((await get<LlmRoutes>(world)).version, 0);
});

test('the operator sees which providers are on, why others are off, and what an edit would do', async (t) => {
  const world = await startWorld(t);
  const { providers } = await get<LlmRoutes>(world);
  const of = (name: string) => providers.find((provider) => provider.name === name);
  t.deepEqual(of('groq'), { name: 'groq', label: 'Groq', isOn: true, reason: null });
  t.like(of('mistral'), { isOn: false, reason: 'MISTRAL_API_KEY is not set. Set it and restart the gateway.' });

  const document = weighted(3, 1);
  const { body } = await world.api.request('post', `${path}/check`, world.admin, { body: { document } });
  const student = (body as LlmRoutesPreview).tiers.find(({ tier }) => tier === 'student');
  t.deepEqual(
    student?.models.find(({ model }) => model === 'gpt-oss-20b'),
    {
      model: 'gpt-oss-20b',
      surface: 'chat',
      candidates: [
        {
          provider: 'groq',
          model: 'openai/gpt-oss-20b',
          share: 0.75,
          isFree: true,
          price: prices.find('groq', 'openai/gpt-oss-20b')?.name ?? null,
        },
        {
          provider: 'openrouter',
          model: 'openai/gpt-oss-20b',
          share: 0.25,
          isFree: false,
          price: prices.find('openrouter', 'openai/gpt-oss-20b')?.name ?? null,
        },
        { provider: 'custom', model: 'gpt-oss-20b', share: 0, isFree: false, price: null },
      ],
    },
  );
  t.is((await get<LlmRoutes>(world)).version, 0);
});

test('support may look and not edit', async (t) => {
  const world = await startWorld(t);
  const support = await createUser(world.app, { roles: ['support'] });
  t.is((await world.api.request('get', path, support)).status, 200);
  t.is((await put({ ...world, admin: support }, 0, weighted(1, 1))).status, 403);
});

test('an edit is announced once it is committed, and every router takes it over', async (t) => {
  const world = await startWorld(t);
  const [one, other] = await Promise.all([startRouter(t, world.app), startRouter(t, world.app)]);
  const before = one.plan('student', 'llama-3.3-70b', 'chat');
  t.is(before?.shares[0], 0.85);
  await put(world, 0, weighted(1, 3));
  const { redis, config } = world.app.ctx;
  t.is(await redis.get(redisNames(config.REDIS_PREFIX).configVersion), '1');
  await Promise.all([one.reload(), other.watch()]);
  t.deepEqual([one.version, other.version, shareOfGroq(one), shareOfGroq(other)], [1, 1, 0.25, 0.25]);
  t.is(before?.shares[0], 0.85, 'what is under way keeps its plan');
  t.not(one.plan('student', 'llama-3.3-70b', 'chat')?.counter, before?.counter);
});

test('a database that is away at start is found later, and one that was restored is right', async (t) => {
  const world = await startWorld(t);
  await put(world, 0, weighted(1, 1));
  await put(world, 1, weighted(1, 3));
  const { pathname } = new URL(world.app.config.DATABASE_URL);
  const lost = await startRouter(t, world.app, { DATABASE_URL: `mysql://nobody:x@127.0.0.1:1${pathname}` });
  t.deepEqual([lost.version, shareOfGroq(lost)], [0, 0.85]);
  await t.throwsAsync(lost.watch());

  const router = await startRouter(t, world.app);
  t.is(router.version, 2);
  await world.app.ctx.db('llm_routes').where('version', 2).delete();
  await router.watch();
  t.deepEqual([router.version, shareOfGroq(router)], [1, 0.5]);
  const { redis, config } = world.app.ctx;
  t.is(await redis.get(redisNames(config.REDIS_PREFIX).configVersion), '1', 'no request is stale for ever');
});

test('a version that this release cannot read is passed over, and said', async (t) => {
  const world = await startWorld(t);
  await put(world, 0, weighted(1, 1));
  await world.app.ctx.db('llm_routes').insert({ id: 'llmr_future', version: 2, document: '{"tiers":{}}' });
  const router = await startRouter(t, world.app);
  t.deepEqual([router.version, shareOfGroq(router)], [2, 0.5]);
  const current = await get<LlmRoutes>(world);
  t.is(current.version, 2);
  t.regex(current.warnings[0] ?? '', /Version 2 was made by another release/);
  t.is((await get<{ document: unknown }>(world, '/revisions/2')).document, null);
  t.is((await put(world, 2, weighted(3, 1))).status, 200, 'and an edit replaces it');
});
