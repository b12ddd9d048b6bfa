import test from 'ava';
import { type TestApi, startTestApi } from '#test/support/api.ts';
import type { Caller } from '#test/support/matrix.ts';
import { addMember, createOwner, createUser } from '#test/support/people.ts';
import { type TestApp, atEndOfFile, createTestApp } from '#test/support/stack.ts';
import { Slug } from './schemas.ts';
import { welcomeOwners } from './service.ts';

const cleanUp = atEndOfFile(test);
let app: TestApp;
let api: TestApi;

test.before(async () => {
  app = await createTestApp(cleanUp);
  api = await startTestApi(app);
});

const create = (as: Caller, body: Record<string, unknown>, headers = {}) =>
  api.request('post', '/v1/tenants', as, { body: { name: 'Café', currency: 'EUR', ...body }, headers });

test('slugs are host names that cannot be taken for ours', (t) => {
  for (const slug of ['abc', 'cafe-de-la-gare', '42nd', 'a'.repeat(32), 'a--b', 'my-api'])
    t.true(Slug.safeParse(slug).success, slug);
  for (const slug of [
    '',
    'ab',
    'a'.repeat(33),
    '-abc',
    'abc-',
    'Abc',
    'café',
    'a.b.c',
    'a_b_c',
    'a b',
    'xn--caf-dma',
    'admin',
    'api',
    'app',
    'auth',
    'mail',
    'billing',
    'www',
    'abc\n',
    '../etc',
  ])
    t.false(Slug.safeParse(slug).success, slug);
});

test('makes the tenant, its owner, the trace and the event together', async (t) => {
  const user = await createUser(app);
  const answer = await create(user, { slug: 'together', name: '  Café de la Gare ', currency: 'DZD' });
  t.is(answer.status, 201);
  t.like(answer.body, { slug: 'together', name: 'Café de la Gare', currency: 'DZD' });
  const { id } = answer.body as { id: string };
  const me = await api.request('get', '/v1/me', user);
  t.like(me.body, { tenants: [{ id, slug: 'together', name: 'Café de la Gare', role: 'owner' }] });
  const job = await app.ctx
    .db('outbox')
    .where({ key: `identity.tenant_created/${id}`, tenant_id: id })
    .first<{ data: string }>();
  t.deepEqual(JSON.parse(job.data), { tenantId: id });
  const traces = await app.ctx.db('audit_log').where({ tenant_id: id }).pluck<string[]>('action');
  t.deepEqual(traces.sort(), ['member.add', 'tenant.create']);
});

test('a slug is given once, also when two ask at the same moment', async (t) => {
  const users = await Promise.all(Array.from({ length: 6 }, () => createUser(app)));
  const answers = await Promise.all(users.map((user) => create(user, { slug: 'popular' })));
  t.deepEqual(answers.map(({ status }) => status).sort(), [201, 409, 409, 409, 409, 409]);
  const refused = answers.find(({ status }) => status === 409);
  t.like(refused?.body, { error: { code: 'tenant.slug_taken', details: { slug: 'popular' } } });
  const [losers] = (await app.ctx
    .db('members')
    .whereIn(
      'user_id',
      users.map(({ userId }) => userId),
    )
    .count({ count: '*' })) as [{ count: number }];
  t.is(losers.count, 1, 'nothing half-made is left');
});

test('the same Idempotency-Key makes one tenant', async (t) => {
  const user = await createUser(app);
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => create(user, { slug: 'only-one' }, { 'idempotency-key': 'tenant-once' })),
  );
  t.deepEqual(new Set(answers.map(({ status }) => status)), new Set([201]));
  t.is(new Set(answers.map(({ body }) => (body as { id: string }).id)).size, 1);
});

test('nobody owns more than ten tenants, also when they ask for many at once', async (t) => {
  const user = await createUser(app);
  const answers = await Promise.all(Array.from({ length: 12 }, (_, n) => create(user, { slug: `many-${n}` })));
  t.is(answers.filter(({ status }) => status === 201).length, 10);
  const refused = answers.find(({ status }) => status !== 201);
  t.is(refused?.status, 409);
  t.like(refused?.body, { error: { code: 'tenant.limit_reached', details: { max: 10 } } });
  await app.ctx.db('members').where({ user_id: user.userId }).limit(1).update({ role: 'viewer' });
  t.is((await create(user, { slug: 'one-more' })).status, 201, 'a tenant that one only looks at does not count');
});

test('names every wrong field', async (t) => {
  const answer = await create(await createUser(app), { slug: 'www', name: '', currency: 'XXX' });
  t.is(answer.status, 400);
  const { issues } = (answer.body as { error: { details: { issues: { path: string; message: string }[] } } }).error
    .details;
  t.deepEqual(issues.map(({ path }) => path).sort(), ['body.currency', 'body.name', 'body.slug']);
  t.true(issues.some(({ message }) => message === 'is reserved'));
});

test('a name that deceives the eye is refused, at the making and at the renaming', async (t) => {
  const owner = await createOwner(app);
  for (const name of ['Caf\ré', 'Ca\nfé', 'Ca\0fé', 'Caf\u{202E}é', '\u{200B}']) {
    t.is((await create(owner, { slug: 'deceives', name })).status, 400);
    t.is((await api.request('patch', '/v1/tenant', owner, { body: { name } })).status, 400);
    const key = { name, scopes: ['tenant:read'] };
    t.is((await api.request('post', '/v1/api-keys', owner, { body: key })).status, 400);
    t.is((await api.request('post', '/v1/llm/keys', owner, { body: { name } })).status, 400);
  }
});

test('what the provider calls somebody is cleaned', async (t) => {
  const nameOf = async (name: string) => {
    const me = await api.request(
      'get',
      '/v1/me',
      await createUser(app, { name, email: `u${name.length}@example.test` }),
    );
    return (me.body as { user: { name: string } }).user.name;
  };
  t.is(await nameOf('Ada\r\nLovelace\u{202E}\0'), 'Ada Lovelace');
  t.is(await nameOf('\u{200B}\u{202E}'), 'u2@example.test');
});

test('is renamed by its owner; slug and currency stay', async (t) => {
  const owner = await createOwner(app, { slug: 'renamed' });
  const answer = await api.request('patch', '/v1/tenant', owner, {
    body: { name: 'New name', slug: 'stolen', currency: 'USD' },
  });
  t.like(answer.body, { name: 'New name', slug: 'renamed', currency: 'EUR' });
});

test('welcomes the owners once, each in their language, however often it is told', async (t) => {
  const owner = await createOwner(app, { locale: 'fr', email: 'welcome@example.test' });
  const ctx = { ...app.ctx, tenantId: owner.tenantId };
  await welcomeOwners(ctx);
  await welcomeOwners(ctx);
  await addMember(app, owner.tenantId, 'viewer');
  const mails = await app.ctx.db('mails').where({ tenant_id: owner.tenantId }).select('template', 'locale', 'to_email');
  t.deepEqual(
    mails.map((mail) => ({ ...(mail as object) })),
    [{ template: 'welcome', locale: 'fr', to_email: 'welcome@example.test' }],
  );
});
