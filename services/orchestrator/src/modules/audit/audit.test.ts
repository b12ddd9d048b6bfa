import test from 'ava';
import { withTransaction } from '#core/db/transaction.ts';
import { type TestApi, startTestApi } from '#test/support/api.ts';
import type { Caller } from '#test/support/matrix.ts';
import { addMember, createApiKeyCaller, createOwner } from '#test/support/people.ts';
import { type TestApp, atEndOfFile, createTestApp } from '#test/support/stack.ts';
import { auditLog } from './queries.ts';
import type { AuditEntry } from './schemas.ts';
import { record } from './service.ts';

const cleanUp = atEndOfFile(test);
let app: TestApp;
let api: TestApi;

test.before(async () => {
  app = await createTestApp(cleanUp);
  api = await startTestApi(app);
});

async function entriesOf(caller: Caller, query: Record<string, string> = {}): Promise<AuditEntry[]> {
  const answer = await api.request('get', '/v1/audit-log', caller, { query: { limit: '100', ...query } });
  return (answer.body as { items: AuditEntry[] }).items;
}

test('says who changed what from where, newest first', async (t) => {
  const owner = await createOwner(app, { name: 'Olivia Owner' });
  await api.request('patch', '/v1/tenant', owner, { body: { name: 'Renamed' } });
  const entries = await entriesOf(owner);
  t.deepEqual(
    entries.map(({ action }) => action),
    ['tenant.update', 'member.add', 'tenant.create'],
  );
  t.like(entries[0], {
    subject: owner.tenantId,
    actor: { type: 'user', id: owner.userId, name: 'Olivia Owner' },
    details: { name: 'Renamed' },
  });
  t.regex(entries[0]?.ip ?? '', /127\.0\.0\.1$/);
  t.false(Number.isNaN(Date.parse(entries[0]?.at ?? '')));
});

test('filters by action and by actor', async (t) => {
  const owner = await createOwner(app);
  const key = await createApiKeyCaller(app, owner.tenantId, ['tenant:write', 'tenant:read']);
  await api.request('patch', '/v1/tenant', key, { body: { name: 'By key' } });
  await api.request('patch', '/v1/tenant', owner, { body: { name: 'By owner' } });
  const updates = await entriesOf(owner, { action: 'tenant.update' });
  t.deepEqual(
    updates.map(({ actor }) => actor.type),
    ['user', 'apiKey'],
  );
  t.deepEqual(
    (await entriesOf(owner, { actor: key.userId })).map(({ details }) => details),
    [{ name: 'By key' }],
  );
  t.deepEqual(await entriesOf(owner, { action: 'nothing.such' }), []);
});

test('goes on where the page before ended, whatever is written meanwhile', async (t) => {
  const owner = await createOwner(app);
  for (let n = 0; n < 5; n += 1) await api.request('patch', '/v1/tenant', owner, { body: { name: `Name ${n}` } });
  const first = await api.request('get', '/v1/audit-log', owner, { query: { limit: '3' } });
  const page = first.body as { items: AuditEntry[]; nextCursor: string };
  await api.request('patch', '/v1/tenant', owner, { body: { name: 'Meanwhile' } });
  const rest = await entriesOf(owner, { cursor: page.nextCursor });
  t.is(page.items.length + rest.length, 7);
  t.is(new Set([...page.items, ...rest].map(({ id }) => id)).size, 7);
});

test('never shows another tenant’s', async (t) => {
  const [owner, stranger] = [await createOwner(app), await createOwner(app)];
  t.true((await entriesOf(stranger)).every(({ subject }) => subject !== owner.tenantId));
  t.deepEqual(await entriesOf(stranger, { actor: owner.userId }), []);
});

test('a filter that can match nothing is refused', async (t) => {
  const owner = await createOwner(app);
  for (const query of [{ actor: 'é' }, { action: 'é' }]) {
    const answer = await api.request('get', '/v1/audit-log', owner, { query });
    t.is(answer.status, 400, JSON.stringify(answer.body));
  }
});

test('viewers may read it; who lacks the scope may not', async (t) => {
  const owner = await createOwner(app);
  const viewer = await addMember(app, owner.tenantId, 'viewer');
  t.true((await entriesOf(viewer)).length > 0);
  const key = await createApiKeyCaller(app, owner.tenantId, ['tenant:read']);
  t.is((await api.request('get', '/v1/audit-log', key)).status, 403);
});

test('a change that was taken back leaves no trace', async (t) => {
  const owner = await createOwner(app);
  const ctx = { ...app.ctx, tenantId: owner.tenantId };
  await t.throwsAsync(
    withTransaction(ctx, async (ctx) => {
      await record(ctx, { action: 'never.happened', subject: 'x' });
      throw new Error('taken back');
    }),
  );
  t.deepEqual(await entriesOf(owner, { action: 'never.happened' }), []);
});

test('can only be added to', (t) => {
  t.deepEqual(Object.keys(auditLog(app.ctx.db)), ['insert', 'page']);
});
