import test from 'ava';
import { type TestApi, startTestApi } from '#test/support/api.ts';
import type { Caller } from '#test/support/matrix.ts';
import { addMember, createApiKeyCaller, createOwner } from '#test/support/people.ts';
import { type TestApp, atEndOfFile, createTestApp } from '#test/support/stack.ts';
import type { ApiKeyWithSecret } from './schemas.ts';

const cleanUp = atEndOfFile(test);
let app: TestApp;
let api: TestApi;

test.before(async () => {
  app = await createTestApp(cleanUp);
  api = await startTestApi(app);
});

const codeOf = (answer: { body: unknown }) => (answer.body as { error?: { code?: string } } | null)?.error?.code;
const create = (as: Caller, body: Record<string, unknown> = {}, headers = {}) =>
  api.request('post', '/v1/api-keys', as, { body: { name: 'CI', scopes: ['tenant:read'], ...body }, headers });
const callWith = (secret: string, path = '/v1/tenant', headers = {}) =>
  api.request('get', path, null, { headers: { authorization: `Bearer ${secret}`, ...headers } });

test('shows the secret once and keeps only its hash', async (t) => {
  const owner = await createOwner(app);
  const answer = await create(owner, {}, { 'idempotency-key': 'one-key' });
  const { secret, ...key } = answer.body as ApiKeyWithSecret;
  t.is(answer.status, 201);
  t.regex(secret, /^bst_[\w-]{43}$/);
  t.is(key.prefix, secret.slice(0, 12));
  t.like(key, { name: 'CI', scopes: ['tenant:read'], expiresAt: null, lastUsedAt: null });
  const listed = await api.request('get', '/v1/api-keys', owner);
  t.deepEqual((listed.body as { items: unknown[] }).items, [key]);
  for (const table of ['api_keys', 'audit_log', 'outbox', 'idempotency_keys'])
    t.false(JSON.stringify(await app.ctx.db(table)).includes(secret), table);
  const again = await create(owner, {}, { 'idempotency-key': 'one-key' });
  t.deepEqual(again.body, answer.body, 'a client that lost the answer gets it again');
  t.is((await callWith(secret)).status, 200);
});

test('a key belongs to one tenant and is no person', async (t) => {
  const [owner, stranger] = [await createOwner(app), await createOwner(app)];
  const { secret } = (await create(owner)).body as ApiKeyWithSecret;
  t.like((await callWith(secret)).body, { id: owner.tenantId });
  t.is((await callWith(secret, '/v1/tenant', { 'x-tenant-id': owner.tenantId })).status, 200);
  const elsewhere = await callWith(secret, '/v1/tenant', { 'x-tenant-id': stranger.tenantId });
  t.is(elsewhere.status, 404);
  t.is(codeOf(elsewhere), 'tenant.not_found');
  t.is(codeOf(await callWith(secret, '/v1/me')), 'auth.user_required');
});

test('can do what its scopes say and no more', async (t) => {
  const owner = await createOwner(app);
  const { secret } = (await create(owner, { scopes: ['members:read', 'members:read'] })).body as ApiKeyWithSecret;
  t.is((await callWith(secret, '/v1/members')).status, 200);
  t.is((await callWith(secret, '/v1/tenant')).status, 403);
});

test('nobody makes a key that can do more than they can', async (t) => {
  const owner = await createOwner(app);
  const editor = await addMember(app, owner.tenantId, 'editor');
  t.is(codeOf(await create(editor)), 'auth.forbidden', 'keys are the owners’ business');
  const maker = await createApiKeyCaller(app, owner.tenantId, ['api_keys:write', 'tenant:read']);
  t.is((await create(maker)).status, 201);
  t.is(codeOf(await create(maker, { scopes: ['billing:write'] })), 'auth.forbidden');
  const answer = await create(owner, { scopes: ['api_keys:write'] });
  t.is(answer.status, 400, 'a key that makes keys would outlive its own revocation');
  t.is((await create(owner, { scopes: [] })).status, 400);
});

test('works until it expires', async (t) => {
  const owner = await createOwner(app);
  const soon = new Date(Date.now() + 3600_000).toISOString();
  const { secret, id, expiresAt } = (await create(owner, { expiresAt: soon })).body as ApiKeyWithSecret;
  t.is(expiresAt, soon);
  t.is((await callWith(secret)).status, 200);
  await app.ctx
    .db('api_keys')
    .where({ id })
    .update({ expires_at: app.ctx.db.fn.now(3) });
  t.is(codeOf(await callWith(secret)), 'auth.required');
  t.is((await create(owner, { expiresAt: new Date(Date.now() - 1000).toISOString() })).status, 400);
  t.is((await create(owner, { expiresAt: 'tomorrow' })).status, 400);
  t.is((await create(owner, { expiresAt: '9999-12-31T23:59:59-14:00' })).status, 400, 'the year 10000');
  const inYears = (years: number) => `${new Date().getUTCFullYear() + years}-01-01T00:00:00Z`;
  t.is((await create(owner, { expiresAt: inYears(10) })).status, 201);
  t.is((await create(owner, { expiresAt: inYears(12) })).status, 400);
});

test('stops at once when it is revoked, and only its own tenant can revoke it', async (t) => {
  const [owner, stranger] = [await createOwner(app), await createOwner(app)];
  const { secret, id } = (await create(owner)).body as ApiKeyWithSecret;
  const revoke = (as: Caller) => api.request('delete', '/v1/api-keys/:apiKeyId', as, { params: { apiKeyId: id } });
  t.is((await revoke(stranger)).status, 404);
  t.is((await callWith(secret)).status, 200);
  t.is((await revoke(owner)).status, 204);
  t.is(codeOf(await callWith(secret)), 'auth.required');
  t.is((await revoke(owner)).status, 404);
  t.like((await api.request('get', '/v1/api-keys', owner)).body, { items: [] });
});

test('notes when it was last used, at most once a minute', async (t) => {
  const owner = await createOwner(app);
  const { secret, id } = (await create(owner)).body as ApiKeyWithSecret;
  const lastUsed = async () =>
    (await app.ctx.db('api_keys').where({ id }).first<{ last_used_at: Date }>()).last_used_at;
  await callWith(secret);
  const first = await lastUsed();
  t.true(first instanceof Date);
  await Promise.all(Array.from({ length: 5 }, () => callWith(secret)));
  t.deepEqual(await lastUsed(), first);
  await app.ctx
    .db('api_keys')
    .where({ id })
    .update({ last_used_at: app.ctx.db.raw('now(3) - interval 2 minute') });
  await callWith(secret);
  t.true((await lastUsed()) > first);
});

test('refuses a key when the tenant already holds fifty, also when many are made at once', async (t) => {
  const owner = await createOwner(app);
  for (let n = 0; n < 45; n += 1) await createApiKeyCaller(app, owner.tenantId, ['tenant:read']);
  const answers = await Promise.all(Array.from({ length: 10 }, () => create(owner)));
  t.is(answers.filter(({ status }) => status === 201).length, 5);
  const refused = answers.find(({ status }) => status === 409);
  t.like(refused?.body, { error: { code: 'api_key.limit_reached', details: { max: 50 } } });
});

test('an outsider’s guess costs one look-up and says nothing', async (t) => {
  for (const secret of ['bst_', 'bst_%', `bst_${'0'.repeat(43)}`, `bst_${'x'.repeat(5000)}`])
    t.is(codeOf(await callWith(secret)), 'auth.required');
});
