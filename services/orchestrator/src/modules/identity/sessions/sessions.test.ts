import test from 'ava';
import { startTestApi } from '#test/support/api.ts';
import { createOwner } from '#test/support/people.ts';
import { type TestApp, atEnd, atEndOfFile, createTestApp } from '#test/support/stack.ts';
import { endProviderSessions, forgetEndedSessions } from './service.ts';

const cleanUp = atEndOfFile(test);
let app: TestApp;

test.before(async () => {
  app = await createTestApp(cleanUp);
});

test('a cookie alone may look but not change: a page elsewhere cannot add our header', async (t) => {
  const api = await startTestApi(app);
  const owner = await createOwner(app);
  const { 'x-csrf': _, ...headers } = owner.headers;
  const bare = { ...owner, headers };
  t.is((await api.request('get', '/v1/tenant', bare)).status, 200);
  for (const [method, path] of [
    ['patch', '/v1/tenant'],
    ['post', '/v1/tenants'],
    ['patch', '/v1/me'],
    ['delete', '/v1/members/mem_01J0000000000000000000000A'],
  ] as const) {
    const answer = await api.request(method, path, bare, { body: { name: 'Taken over' } });
    t.is(answer.status, 403, path);
    t.like(answer.body, { error: { code: 'auth.csrf_header_missing' } });
  }
});

test('a cookie that is worth nothing says so', async (t) => {
  const api = await startTestApi(app);
  for (const value of ['', 'x', "' or 1=1 -- ", 'a'.repeat(4000)]) {
    const headers = { cookie: `${app.config.SESSION_COOKIE_NAME}=${value}`, 'x-csrf': '1' };
    const answer = await api.request('get', '/v1/me', null, { headers });
    t.is(answer.status, 401);
    t.like(answer.body, { error: { code: 'auth.required' } });
  }
});

test('forgets what has ended and keeps what lives', async (t) => {
  const own = await createTestApp(atEnd(t));
  const db = own.ctx.db;
  const [living, idle, over] = [await createOwner(own), await createOwner(own), await createOwner(own)];
  await db('sessions')
    .where({ user_id: idle.userId })
    .update({ last_seen_at: db.raw('now(3) - interval 13 hour') });
  await db('sessions')
    .where({ user_id: over.userId })
    .update({ expires_at: db.fn.now(3) });
  await endProviderSessions(own.ctx, { key: 'old', sid: 'a', sub: undefined });
  await db('provider_logouts').update({ created_at: db.raw('now(3) - interval 32 day') });
  await endProviderSessions(own.ctx, { key: 'new', sid: 'b', sub: undefined });
  await forgetEndedSessions(own.ctx);
  await forgetEndedSessions(own.ctx);
  t.deepEqual(await db('sessions').pluck<string[]>('user_id'), [living.userId]);
  t.deepEqual(await db('provider_logouts').pluck<string[]>('provider_sid'), ['b']);
});
