import test from 'ava';
import { addDays, dayIn, monthOf } from '#core/calendar.ts';
import { type TenantContext, withTenant } from '#core/context.ts';
import { hashToken } from '#core/crypto/tokens.ts';
import { newId } from '#core/ids.ts';
import { type TestApi, startTestApi } from '#test/support/api.ts';
import type { Caller, MatrixRequest } from '#test/support/matrix.ts';
import { addMember, createApiKeyCaller, createOwner } from '#test/support/people.ts';
import { type TestApp, atEndOfFile, createTestApp, eventually } from '#test/support/stack.ts';
import { usageRecord } from '#test/support/usage.ts';
import { storeUsage } from '../usage/service.ts';
import { redisNames } from '../limits/names.ts';
import { statements } from '../../../../migrations/0100_llm_keys.ts';
import { findPrincipal } from './find-principal.ts';
import { KEY_SCOPES } from './principal.ts';
import { llmKeys, tenantVersions } from './queries.ts';
import type { LlmKey, LlmKeyWithSecret } from './schemas.ts';
import { createLlmKey, rotateLlmKey, updateLlmKey } from './service.ts';

const HOUR_S = 3600;
const NO_LIMITS = {
  requestsPerMinute: null,
  tokensPerMinute: null,
  messagesPerDay: null,
  concurrency: null,
  budget: null,
};
const ALL_LIMITS = {
  requestsPerMinute: 10,
  tokensPerMinute: 20_000,
  messagesPerDay: 300,
  concurrency: 4,
  budget: { nanoUsd: 5_000_000_000, period: 'month' },
} as const;

const cleanUp = atEndOfFile(test);
let app: TestApp;
let api: TestApi;

test.before(async () => {
  app = await createTestApp(cleanUp);
  api = await startTestApi(app);
});

const PATH = '/v1/llm/keys/:llmKeyId';
const create = (as: Caller, body: Record<string, unknown> = {}, headers = {}) =>
  api.request('post', '/v1/llm/keys', as, { body: { name: 'Chatbot', ...body }, headers });
const on = (method: string, as: Caller, id: string, request: MatrixRequest = {}) =>
  api.request(method, PATH, as, { params: { llmKeyId: id }, ...request });
const rotate = (as: Caller, id: string, body: Record<string, unknown> = {}, headers = {}) =>
  api.request('post', `${PATH}/rotate`, as, { params: { llmKeyId: id }, body, headers });
const made = async (as: Caller, body: Record<string, unknown> = {}) =>
  (await create(as, body)).body as LlmKeyWithSecret;
const listed = async (as: Caller, query: Record<string, string> = {}) =>
  ((await api.request('get', '/v1/llm/keys', as, { query })).body as { items: LlmKey[] }).items;
const principalOf = (secret: string) => findPrincipal(app.ctx, hashToken(secret));
const trailOf = (id: string) => app.ctx.db('audit_log').where('subject', id).orderBy('id').pluck<string[]>('action');
const issuesOf = (answer: { body: unknown }) =>
  (answer.body as { error?: { details?: { issues?: { path: string }[] } } }).error?.details?.issues?.map(
    ({ path }) => path,
  );
const someTenant = async (): Promise<TenantContext> => withTenant(app.ctx, (await createOwner(app)).tenantId);

/** Of every gateway: what they keep is out of date once this is higher. */
const versionsOf = async (tenantId: string) => ({
  inRedis: Number((await app.ctx.redis.get(redisNames(app.ctx.config.REDIS_PREFIX).version(tenantId))) ?? 0),
  inDatabase: await tenantVersions(app.ctx.db).of(tenantId),
});

test('a key is shown once, listed without its secret, and gone after its revocation', async (t) => {
  const owner = await createOwner(app, { name: 'Amina' });
  const answer = await create(owner, { models: ['gpt-4o-mini', 'gpt-4o-mini'] }, { 'idempotency-key': 'make-one' });
  t.is(answer.status, 201);
  const { secret, ...key } = answer.body as LlmKeyWithSecret;
  t.regex(secret, /^sk-bst-[A-Za-z0-9_-]{43}$/);
  t.true(secret.startsWith(key.prefix) && key.prefix.length < 16);
  t.like(key, {
    name: 'Chatbot',
    models: ['gpt-4o-mini'],
    scopes: [...KEY_SCOPES],
    limits: NO_LIMITS,
    usesCache: false,
    createdBy: { type: 'user', id: owner.userId, name: 'Amina', isMember: true },
    lastUsedAt: null,
    rotatedAt: null,
    oldSecrets: [],
  });
  t.deepEqual(await listed(owner), [key]);
  t.deepEqual((await on('get', owner, key.id)).body, key);
  for (const table of ['llm_keys', 'audit_log', 'outbox', 'idempotency_keys'])
    t.false(JSON.stringify(await app.ctx.db(table)).includes(secret), table);
  t.deepEqual(
    (await create(owner, { models: ['gpt-4o-mini', 'gpt-4o-mini'] }, { 'idempotency-key': 'make-one' })).body,
    answer.body,
  );

  const viewer = await addMember(app, owner.tenantId, 'viewer');
  t.is((await on('get', viewer, key.id)).status, 200);
  for (const method of ['delete', 'patch']) t.is((await on(method, viewer, key.id, { body: {} })).status, 403);
  t.is((await rotate(viewer, key.id)).status, 403);
  t.is((await on('delete', owner, key.id)).status, 204);
  t.is(await principalOf(secret), undefined);
  for (const method of ['delete', 'get']) t.is((await on(method, owner, key.id)).status, 404);
  t.is((await on('patch', owner, key.id, { body: { name: 'Late' } })).status, 404);
  t.is((await rotate(owner, key.id)).status, 404);
  t.deepEqual(await listed(owner), []);
  t.deepEqual(await trailOf(key.id), ['llm_key.create', 'llm_key.revoke']);
});

test('what a key may do and use is what its principal says', async (t) => {
  const owner = await createOwner(app);
  const expiresAt = new Date(Date.now() + HOUR_S * 1000).toISOString();
  const given = {
    scopes: ['chat', 'chat', 'usage'],
    models: ['a', 'b'],
    limits: ALL_LIMITS,
    usesCache: true,
    expiresAt,
  };
  const { secret, ...key } = await made(owner, given);
  t.like(key, { scopes: ['chat', 'usage'], models: ['a', 'b'], limits: ALL_LIMITS, usesCache: true, expiresAt });
  t.like(await principalOf(secret), {
    keyId: key.id,
    tenantId: owner.tenantId,
    userId: owner.userId,
    scopes: ['chat', 'usage'],
    models: ['a', 'b'],
    usesCache: true,
    expiresAtMs: Date.parse(expiresAt),
  });
  t.deepEqual((await principalOf(secret))?.limits.key, ALL_LIMITS);
  const ofNobody = await createApiKeyCaller(app, owner.tenantId, ['llm:write', 'llm:read']);
  const byKey = await made(ofNobody);
  t.like(byKey.createdBy, { type: 'apiKey', id: ofNobody.userId, isMember: true });
  t.is((await principalOf(byKey.secret))?.userId, null);
  t.deepEqual(
    (await listed(owner, { createdBy: ofNobody.userId })).map(({ id }) => id),
    [byKey.id],
  );
});

test('names the field that is wrong', async (t) => {
  const owner = await createOwner(app);
  const { id } = await made(owner);
  const wrong: [Record<string, unknown>, string][] = [
    [{ scopes: [] }, 'body.scopes'],
    [{ scopes: ['everything'] }, 'body.scopes.0'],
    [{ models: [] }, 'body.models'],
    [{ models: ['a\nb'] }, 'body.models.0'],
    [{ limits: { requestsPerMinute: 0 } }, 'body.limits.requestsPerMinute'],
    [{ limits: { tokensPerMinute: 1.5 } }, 'body.limits.tokensPerMinute'],
    [{ limits: { messagesPerDay: 1e10 } }, 'body.limits.messagesPerDay'],
    [{ limits: { concurrency: -1 } }, 'body.limits.concurrency'],
    [{ limits: { budget: { nanoUsd: 0, period: 'day' } } }, 'body.limits.budget.nanoUsd'],
    [{ limits: { budget: { nanoUsd: 2e15, period: 'day' } } }, 'body.limits.budget.nanoUsd'],
    [{ limits: { budget: { nanoUsd: 5, period: 'week' } } }, 'body.limits.budget.period'],
    [{ limits: { budget: { nanoUsd: 5 } } }, 'body.limits.budget.period'],
    [{ usesCache: 'yes' }, 'body.usesCache'],
    [{ expiresAt: '2020-01-01T00:00:00Z' }, 'body.expiresAt'],
    [{ expiresAt: '9999-12-31T23:59:59-14:00' }, 'body.expiresAt'],
  ];
  for (const [body, path] of wrong) {
    t.deepEqual(issuesOf(await create(owner, body)), [path], JSON.stringify(body));
    t.deepEqual(issuesOf(await on('patch', owner, id, { body })), [path], JSON.stringify(body));
  }
  for (const overlapSeconds of [-1, 604_801, 0.5, 'soon'])
    t.deepEqual(issuesOf(await rotate(owner, id, { overlapSeconds })), ['body.overlapSeconds']);
});

test('a change takes what it names and leaves the rest; null takes a limit away', async (t) => {
  const owner = await createOwner(app);
  const expiresAt = new Date(Date.now() + HOUR_S * 1000).toISOString();
  const { secret, ...key } = await made(owner, { models: ['a'], limits: ALL_LIMITS, usesCache: true, expiresAt });
  const patch = async (body: Record<string, unknown>) => (await on('patch', owner, key.id, { body })).body as LlmKey;
  t.deepEqual(await patch({}), key);
  t.deepEqual(await patch({ name: 'Renamed' }), { ...key, name: 'Renamed' });
  t.deepEqual((await patch({ limits: { concurrency: 9 } })).limits, { ...ALL_LIMITS, concurrency: 9 });
  t.deepEqual((await patch({ limits: { budget: null } })).limits, { ...ALL_LIMITS, concurrency: 9, budget: null });
  const bare = await patch({ limits: NO_LIMITS, models: null, expiresAt: null, usesCache: false, scopes: ['models'] });
  t.like(bare, {
    limits: NO_LIMITS,
    models: null,
    expiresAt: null,
    usesCache: false,
    scopes: ['models'],
    name: 'Renamed',
  });
  t.like(await principalOf(secret), { scopes: ['models'], models: null, expiresAtMs: null, usesCache: false });
  t.deepEqual(new Set(await trailOf(key.id)), new Set(['llm_key.create', 'llm_key.update']));
  const [entry] = await app.ctx
    .db('audit_log')
    .where('subject', key.id)
    .orderBy('id', 'desc')
    .pluck<string[]>('details');
  t.like(JSON.parse(entry ?? ''), { limits: NO_LIMITS, scopes: ['models'] }, 'the trace says what was asked');
});

test('changes of different fields at the same moment all stay', async (t) => {
  const tenant = await someTenant();
  const { id } = await createLlmKey(tenant, { name: 'Busy' });
  await Promise.all([
    updateLlmKey(tenant, id, { name: 'Renamed' }),
    updateLlmKey(tenant, id, { limits: { concurrency: 2 } }),
    updateLlmKey(tenant, id, { limits: { messagesPerDay: 7 } }),
    updateLlmKey(tenant, id, { usesCache: true }),
  ]);
  const row = await llmKeys(app.ctx.db, tenant.tenantId).find(id);
  t.like(row, { name: 'Renamed', concurrency: 2, messages_per_day: 7, uses_cache: 1 });
});

test('after a rotation both secrets are the same key, the old one until its end', async (t) => {
  const owner = await createOwner(app);
  const expiresAt = new Date(Date.now() + 48 * HOUR_S * 1000).toISOString();
  const first = await made(owner, { expiresAt });
  const answer = await rotate(owner, first.id, {}, { 'idempotency-key': 'rotate-one' });
  t.is(answer.status, 201);
  const second = answer.body as LlmKeyWithSecret;
  t.not(second.secret, first.secret);
  t.is(
    ((await rotate(owner, first.id, {}, { 'idempotency-key': 'rotate-one' })).body as LlmKeyWithSecret).secret,
    second.secret,
    'a lost answer',
  );
  t.true(second.rotatedAt !== null && second.prefix === second.secret.slice(0, 12));
  const [old, ...others] = second.oldSecrets;
  t.deepEqual(others, []);
  t.is(old?.prefix, first.prefix);
  const endMs = Date.parse(old?.expiresAt ?? '');
  t.true(Math.abs(endMs - Date.now() - 24 * HOUR_S * 1000) < 60_000, 'a day is the default');
  t.like(await principalOf(first.secret), { keyId: first.id, expiresAtMs: endMs });
  t.like(await principalOf(second.secret), { keyId: first.id, expiresAtMs: Date.parse(expiresAt) });

  await on('patch', owner, first.id, { body: { expiresAt: new Date(Date.now() + HOUR_S * 1000).toISOString() } });
  t.true(((await principalOf(first.secret))?.expiresAtMs ?? Infinity) < endMs, 'a key that ends sooner ends it sooner');
  t.is((await on('delete', owner, first.id)).status, 204);
  for (const { secret } of [first, second]) t.is(await principalOf(secret), undefined);
});

test('an old secret whose time is over is expired, wherever its principal is kept', async (t) => {
  const tenant = await someTenant();
  const first = await createLlmKey(tenant, { name: 'Short' });
  await rotateLlmKey(tenant, first.id, { overlapSeconds: 1 });
  const kept = await principalOf(first.secret);
  t.true((kept?.expiresAtMs ?? Infinity) <= Date.now() + 1100, 'no gateway keeps it longer');
  t.true(kept?.isReplaced, 'and the one that it says so to may be told why');
  await eventually('its end', async () => ((await principalOf(first.secret))?.expiresAtMs ?? 0) < Date.now());
  t.deepEqual((await listed(await addMember(app, tenant.tenantId, 'viewer')))[0]?.oldSecrets, []);
});

test('a rotation without overlap ends every earlier secret at once', async (t) => {
  const owner = await createOwner(app);
  const first = await made(owner);
  const second = (await rotate(owner, first.id, { overlapSeconds: 3 * HOUR_S })).body as LlmKeyWithSecret;
  const third = (await rotate(owner, first.id, { overlapSeconds: HOUR_S })).body as LlmKeyWithSecret;
  t.deepEqual(third.oldSecrets.map(({ prefix }) => prefix).sort(), [first.prefix, second.prefix].sort());
  const ends = third.oldSecrets.map(({ expiresAt }) => Date.parse(expiresAt) - Date.now());
  t.true(
    ends.every((ms) => ms <= HOUR_S * 1000),
    'those before it end with it at the latest',
  );
  const fourth = (await rotate(owner, first.id, { overlapSeconds: 0 })).body as LlmKeyWithSecret;
  t.deepEqual(fourth.oldSecrets, []);
  for (const { secret } of [first, second, third]) t.is(await principalOf(secret), undefined);
  t.like(await principalOf(fourth.secret), { keyId: first.id, expiresAtMs: null });
  t.deepEqual(await trailOf(first.id), ['llm_key.create', ...Array.from({ length: 3 }, () => 'llm_key.rotate')]);
});

test('of many rotations at once every secret works, and none of another key', async (t) => {
  const tenant = await someTenant();
  const [key, other] = [await createLlmKey(tenant, { name: 'One' }), await createLlmKey(tenant, { name: 'Other' })];
  const rotated = await Promise.all(
    Array.from({ length: 8 }, () => rotateLlmKey(tenant, key.id, { overlapSeconds: HOUR_S })),
  );
  const secrets = [key.secret, ...rotated.map(({ secret }) => secret)];
  const principals = await Promise.all(secrets.map(principalOf));
  for (const principal of principals) t.is(principal?.keyId, key.id);
  t.is(principals.filter((principal) => principal?.expiresAtMs === null).length, 1, 'one is the key’s own');
  t.like(await principalOf(other.secret), { keyId: other.id, expiresAtMs: null });
});

test('a key has at most ten replaced secrets, and a way out', async (t) => {
  const owner = await createOwner(app);
  const { id } = await made(owner);
  for (let round = 0; round < 10; round += 1) t.is((await rotate(owner, id)).status, 201);
  const refused = await rotate(owner, id);
  t.is(refused.status, 409);
  t.like(refused.body, { error: { code: 'llm_key.too_many_secrets', details: { max: 10 } } });
  t.is((await rotate(owner, id, { overlapSeconds: 0 })).status, 201);
  t.is((await rotate(owner, id)).status, 201);
});

test('a key is found at every moment while it is rotated', async (t) => {
  const tenant = await someTenant();
  const { id, secret } = await createLlmKey(tenant, { name: 'Watched' });
  let isOver = false;
  const watch = async () => {
    let seen = 0;
    for (; !isOver; seen += 1) if ((await principalOf(secret))?.keyId !== id) return -1;
    return seen;
  };
  const watching = Promise.all([watch(), watch(), watch()]);
  for (let round = 0; round < 10; round += 1) await rotateLlmKey(tenant, id, { overlapSeconds: HOUR_S });
  isOver = true;
  for (const seen of await watching) t.true(seen > 10, String(seen));
});

test('whoever revokes while another rotates: no secret is left', async (t) => {
  for (let round = 0; round < 10; round += 1) {
    const owner = await createOwner(app);
    const key = await made(owner);
    const [rotated, revoked] = await Promise.all([rotate(owner, key.id), on('delete', owner, key.id)]);
    t.is(revoked.status, 204);
    t.true([201, 404].includes(rotated.status));
    const secrets = [key.secret, (rotated.body as Partial<LlmKeyWithSecret>).secret ?? key.secret];
    for (const secret of secrets) t.is(await principalOf(secret), undefined);
  }
});

test('every change makes gateways read the key again', async (t) => {
  const owner = await createOwner(app);
  const key = await made(owner);
  const changes: [string, () => Promise<{ status: number }>][] = [
    ['update', () => on('patch', owner, key.id, { body: { limits: { concurrency: 1 } } })],
    ['rotate', () => rotate(owner, key.id)],
    ['revoke', () => on('delete', owner, key.id)],
  ];
  for (const [name, change] of changes) {
    const before = (await versionsOf(owner.tenantId)).inDatabase;
    t.true((await change()).status < 300, name);
    t.is((await versionsOf(owner.tenantId)).inDatabase, before + 1, name);
    await eventually('redis to hear of it', async () => (await versionsOf(owner.tenantId)).inRedis === before + 1);
  }
});

test('a principal is never newer than its version says', async (t) => {
  const tenant = await someTenant();
  const { id, secret } = await createLlmKey(tenant, { name: 'Racing' });
  const seen: { version: number; concurrency: number | null }[] = [];
  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      const principal = await principalOf(secret);
      if (principal) seen.push({ version: principal.version, concurrency: principal.limits.key.concurrency });
    }
  })();
  for (let round = 1; round <= 30; round += 1) await updateLlmKey(tenant, id, { limits: { concurrency: round } });
  isOver = true;
  await watching;
  // Version n was raised by change n: what is older than its version would never be read again.
  for (const { version, concurrency } of seen) t.true((concurrency ?? 0) >= version, `${concurrency} at ${version}`);
  t.true(seen.length > 10);
});

test('the list says who made a key, and that they have left', async (t) => {
  const owner = await createOwner(app);
  const editor = await addMember(app, owner.tenantId, 'editor', { name: 'Karim' });
  const key = await made(editor);
  const elsewhere = await createOwner(app);
  await addMember(app, elsewhere.tenantId, 'viewer');
  t.like((await listed(owner))[0]?.createdBy, { name: 'Karim', isMember: true });
  const members = (await api.request('get', '/v1/members', owner)).body as { items: { id: string; userId: string }[] };
  const membership = members.items.find(({ userId }) => userId === editor.userId);
  const params = { memberId: membership?.id ?? '' };
  t.is((await api.request('delete', '/v1/members/:memberId', owner, { params })).status, 204);
  t.like((await listed(owner))[0]?.createdBy, { id: editor.userId, name: 'Karim', isMember: false });
  t.is((await principalOf(key.secret))?.keyId, key.id, 'it belongs to the tenant and works on');
});

test('the list says what each key has spent on the operator’s day and in his month', async (t) => {
  const owner = await createOwner(app);
  const [key, idle] = [await made(owner), await made(owner)];
  const today = dayIn('UTC', Date.now());
  const used = (at: string, costNanoUsd: number, keyId = key.id) =>
    usageRecord(owner.tenantId, { keyId, at: `${at}T00:00:00.000Z`, costNanoUsd });
  const first = `${monthOf(today)}-01`;
  await storeUsage(app.ctx, [
    used(today, 5),
    used(first, 70),
    used(addDays(first, -1), 1000),
    usageRecord((await createOwner(app)).tenantId, { keyId: key.id, at: `${today}T00:00:00.000Z` }),
  ]);
  const spent = new Map((await listed(owner)).map((shown) => [shown.id, shown.spent]));
  const day = today === first ? 75 : 5;
  t.deepEqual(spent.get(key.id), { dayNanoUsd: day, monthNanoUsd: 75 });
  t.deepEqual(spent.get(idle.id), { dayNanoUsd: 0, monthNanoUsd: 0 });
  t.deepEqual(((await on('get', owner, key.id)).body as LlmKey).spent, { dayNanoUsd: day, monthNanoUsd: 75 });
});

test('ids of another tenant’s keys are not there', async (t) => {
  const [owner, stranger] = [await createOwner(app), await createOwner(app)];
  const { id, secret } = await made(owner);
  const before = await versionsOf(owner.tenantId);
  t.is((await on('get', stranger, id)).status, 404);
  t.is((await on('patch', stranger, id, { body: { limits: { budget: null } } })).status, 404);
  t.is((await rotate(stranger, id)).status, 404);
  t.is((await on('delete', stranger, id)).status, 404);
  t.deepEqual(await listed(stranger, { createdBy: owner.userId }), []);
  t.deepEqual(await versionsOf(owner.tenantId), before);
  t.is((await principalOf(secret))?.keyId, id);
});

test('a tenant holds a hundred keys, also when many are made at once', async (t) => {
  const tenant = await someTenant();
  for (let key = 0; key < 95; key += 1) await createLlmKey(tenant, { name: `key ${key}` });
  const made = await Promise.allSettled(Array.from({ length: 12 }, () => createLlmKey(tenant, { name: 'one more' })));
  t.is(made.filter(({ status }) => status === 'fulfilled').length, 5);
  const refused = made.find((result) => result.status === 'rejected');
  t.is((refused?.reason as { code?: string } | undefined)?.code, 'llm_key.limit_reached');
});

test('a key from before all this may do what it could, and its author is known', async (t) => {
  const owner = await createOwner(app);
  const [byUser, byKey] = [newId('llmKey'), newId('llmKey')];
  const row = { tenant_id: owner.tenantId, name: 'Old', prefix: 'sk-bst-old', models: '["a"]' };
  await app.ctx.db('llm_keys').insert([
    { ...row, id: byUser, key_hash: hashToken('old'), created_by: owner.userId },
    { ...row, id: byKey, key_hash: hashToken('older'), created_by: newId('apiKey') },
  ]);
  for (let run = 0; run < 2; run += 1) for (const statement of statements) await app.ctx.db.raw(statement);
  t.like(await principalOf('old'), { keyId: byUser, userId: owner.userId, scopes: [...KEY_SCOPES], models: ['a'] });
  t.deepEqual((await principalOf('old'))?.limits.key, NO_LIMITS);
  t.is((await principalOf('older'))?.userId, null);
});
