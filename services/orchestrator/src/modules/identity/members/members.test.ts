import test from 'ava';
import { type TestApi, startTestApi } from '#test/support/api.ts';
import type { Caller } from '#test/support/matrix.ts';
import { addMember, createApiKeyCaller, createOwner, createUser } from '#test/support/people.ts';
import { type TestApp, atEndOfFile, createTestApp } from '#test/support/stack.ts';
import { ROLE_SCOPES, SCOPES } from '../authorization.ts';
import type { Member } from './schemas.ts';

const cleanUp = atEndOfFile(test);
let app: TestApp;
let api: TestApi;

test.before(async () => {
  app = await createTestApp(cleanUp);
  api = await startTestApi(app);
});

const codeOf = (answer: { body: unknown }) => (answer.body as { error?: { code?: string } } | null)?.error?.code;
async function membersOf(caller: Caller): Promise<Member[]> {
  const answer = await api.request('get', '/v1/members', caller, { query: { limit: '100' } });
  return (answer.body as { items: Member[] }).items;
}
const memberId = async (as: Caller, of: Caller) =>
  (await membersOf(as)).find((member) => member.userId === of.userId)?.id ?? '';
const setRole = (as: Caller, id: string, role: string) =>
  api.request('patch', '/v1/members/:memberId', as, { params: { memberId: id }, body: { role } });
const remove = (as: Caller, id: string) =>
  api.request('delete', '/v1/members/:memberId', as, { params: { memberId: id } });

test('an owner may do everything, an editor not what costs or lets in, a viewer only look', (t) => {
  t.deepEqual([...ROLE_SCOPES.owner].sort(), [...SCOPES].sort());
  t.deepEqual(
    SCOPES.filter((scope) => !ROLE_SCOPES.editor.has(scope)),
    ['tenant:write', 'members:write', 'api_keys:write', 'billing:write'],
  );
  t.deepEqual(
    [...ROLE_SCOPES.viewer],
    SCOPES.filter((scope) => scope.endsWith(':read')),
  );
});

test('roles decide at the door', async (t) => {
  const owner = await createOwner(app);
  const editor = await addMember(app, owner.tenantId, 'editor');
  const viewer = await addMember(app, owner.tenantId, 'viewer');
  for (const caller of [editor, viewer]) {
    t.is((await api.request('get', '/v1/members', caller)).status, 200);
    t.is((await api.request('patch', '/v1/tenant', caller, { body: { name: 'Mine now' } })).status, 403);
    const mine = await memberId(caller, caller);
    t.is(codeOf(await setRole(caller, mine, 'owner')), 'auth.forbidden');
    t.is(codeOf(await remove(caller, await memberId(caller, owner))), 'auth.forbidden');
  }
});

test('a changed role counts from the next request on', async (t) => {
  const owner = await createOwner(app);
  const editor = await addMember(app, owner.tenantId, 'editor');
  const changed = await setRole(owner, await memberId(owner, editor), 'owner');
  t.like(changed.body, { role: 'owner', userId: editor.userId });
  t.is((await api.request('patch', '/v1/tenant', editor, { body: { name: 'Ours' } })).status, 200);
  await setRole(owner, await memberId(owner, editor), 'viewer');
  t.is((await api.request('patch', '/v1/tenant', editor, { body: { name: 'Mine' } })).status, 403);
});

test('a removed member’s session sees nothing of the tenant any more, at once', async (t) => {
  const owner = await createOwner(app);
  const member = await addMember(app, owner.tenantId, 'editor');
  t.is((await api.request('get', '/v1/tenant', member)).status, 200);
  const id = await memberId(owner, member);
  t.is((await remove(owner, id)).status, 204);
  const answer = await api.request('get', '/v1/tenant', member);
  t.is(answer.status, 404);
  t.is(codeOf(answer), 'tenant.not_found');
  const me = await api.request('get', '/v1/me', member);
  t.like(me.body, { tenants: [] });
  t.is((await remove(owner, id)).status, 404, 'removed twice');
});

test('the last owner can neither be demoted nor removed', async (t) => {
  const owner = await createOwner(app);
  await addMember(app, owner.tenantId, 'editor');
  const id = await memberId(owner, owner);
  for (const answer of [await setRole(owner, id, 'editor'), await remove(owner, id)]) {
    t.is(answer.status, 409);
    t.is(codeOf(answer), 'member.last_owner');
  }
  t.is((await setRole(owner, id, 'owner')).status, 200, 'nothing changes: fine');
});

test('of two owners who throw each other out at the same moment, one stays', async (t) => {
  for (let round = 0; round < 15; round += 1) {
    const first = await createOwner(app);
    const second = await addMember(app, first.tenantId, 'owner');
    const ids = { first: await memberId(first, first), second: await memberId(first, second) };
    const answers = await Promise.all([
      round % 2 === 0 ? remove(first, ids.second) : setRole(first, ids.second, 'viewer'),
      round % 3 === 0 ? remove(second, ids.first) : setRole(second, ids.first, 'editor'),
    ]);
    const owners = await app.ctx.db('members').where({ tenant_id: first.tenantId, role: 'owner' });
    t.is(owners.length, 1, JSON.stringify(answers.map(({ status, body }) => ({ status, body }))));
  }
});

test('both owners who leave by themselves at the same moment: one must stay', async (t) => {
  for (let round = 0; round < 10; round += 1) {
    const first = await createOwner(app);
    const second = await addMember(app, first.tenantId, 'owner');
    const ids = { first: await memberId(first, first), second: await memberId(first, second) };
    const answers = await Promise.all([remove(first, ids.first), remove(second, ids.second)]);
    t.deepEqual(answers.map(({ status }) => status).sort(), [204, 409]);
  }
});

test('a key that may write members can neither make an owner nor touch one', async (t) => {
  const owner = await createOwner(app);
  const other = await addMember(app, owner.tenantId, 'owner');
  const viewer = await addMember(app, owner.tenantId, 'viewer');
  const reads = SCOPES.filter((scope) => scope.endsWith(':read'));
  const key = await createApiKeyCaller(app, owner.tenantId, ['members:write', ...reads]);
  t.is(codeOf(await setRole(key, await memberId(owner, viewer), 'owner')), 'auth.forbidden');
  t.is(codeOf(await setRole(key, await memberId(owner, other), 'viewer')), 'auth.forbidden');
  t.is(codeOf(await remove(key, await memberId(owner, other))), 'auth.forbidden');
  const invite = { body: { email: 'friend@example.test', role: 'owner' } };
  t.is(codeOf(await api.request('post', '/v1/invitations', key, invite)), 'auth.forbidden');
  t.is((await remove(key, await memberId(owner, viewer))).status, 204, 'somebody with less than it has: yes');
});

/** What a second owner leaves behind: a key that may look, one that may write, and an invitation by them and by a key. */
async function ownerWithKeys() {
  const first = await createOwner(app);
  const second = await addMember(app, first.tenantId, 'owner');
  const makeKey = async (as: Caller, scopes: readonly string[]) => {
    const answer = await api.request('post', '/v1/api-keys', as, { body: { name: 'Key', scopes } });
    const { id, secret } = answer.body as { id: string; secret: string };
    return { id, headers: { authorization: `Bearer ${secret}` }, tenantId: first.tenantId, userId: id };
  };
  const invite = async (as: Caller, role: string) => {
    const body = { email: `guest-${Math.random()}@example.test`, role };
    const answer = await api.request('post', '/v1/invitations', as, { body });
    return (answer.body as { id: string }).id;
  };
  const reader = await makeKey(second, ['tenant:read']);
  const writer = await makeKey(second, ['members:write', ...ROLE_SCOPES.viewer]);
  const others = await makeKey(first, ['tenant:read', 'members:write']);
  const invitations = {
    toViewer: await invite(second, 'viewer'),
    toOwner: await invite(second, 'owner'),
    byKey: await invite(writer, 'viewer'),
    others: await invite(first, 'owner'),
  };
  const isAlive = async (key: Caller) => (await api.request('get', '/v1/tenant', key)).status === 200;
  const open = () =>
    app.ctx.db('invitations').where({ tenant_id: first.tenantId }).whereNull('revoked_at').orderBy('id').pluck('id');
  const revoked = () =>
    app.ctx
      .db('audit_log')
      .where({ tenant_id: first.tenantId })
      .whereIn('action', ['api_key.revoke', 'invitation.revoke'])
      .orderBy('id')
      .pluck('subject');
  return { first, second, reader, writer, others, invitations, isAlive, open, revoked };
}

test('the keys and open invitations of somebody who is removed end with them', async (t) => {
  const { first, second, reader, writer, others, invitations, isAlive, open, revoked } = await ownerWithKeys();
  for (const key of [reader, writer, others]) t.true(await isAlive(key));
  t.is((await remove(first, await memberId(first, second))).status, 204);
  t.deepEqual([await isAlive(reader), await isAlive(writer), await isAlive(others)], [false, false, true]);
  t.deepEqual(await open(), [invitations.others]);
  const gone = [reader.id, writer.id, invitations.toViewer, invitations.toOwner, invitations.byKey];
  t.deepEqual(await revoked(), gone, 'each left a trace');
});

test('of somebody who may do less now, the keys and invitations that give more end', async (t) => {
  const { first, second, reader, writer, others, invitations, isAlive, open, revoked } = await ownerWithKeys();
  t.is((await setRole(first, await memberId(first, second), 'viewer')).status, 200);
  t.deepEqual([await isAlive(reader), await isAlive(writer), await isAlive(others)], [true, false, true]);
  t.deepEqual(await open(), [invitations.toViewer, invitations.byKey, invitations.others]);
  t.deepEqual(await revoked(), [writer.id, invitations.toOwner]);
  t.is((await setRole(first, await memberId(first, second), 'owner')).status, 200);
  t.is((await revoked()).length, 2, 'more rights take nothing away, and bring nothing back');
});

test('ids of another tenant’s members are not there', async (t) => {
  const [owner, stranger] = [await createOwner(app), await createOwner(app)];
  const id = await memberId(owner, owner);
  t.is((await setRole(stranger, id, 'viewer')).status, 404);
  t.is((await remove(stranger, id)).status, 404);
  t.is((await membersOf(owner)).length, 1);
});

test('who belongs to several tenants must say which; who belongs to none is told so', async (t) => {
  const owner = await createOwner(app);
  const { 'x-tenant-id': _, ...headers } = owner.headers;
  const nameless: Caller = { ...owner, headers };
  t.is((await api.request('get', '/v1/tenant', nameless)).status, 200, 'the only one needs no name');
  const second = await api.request('post', '/v1/tenants', owner, {
    body: { name: 'Second', slug: `second-${Date.now()}`, currency: 'USD' },
  });
  const answer = await api.request('get', '/v1/tenant', nameless);
  t.is(answer.status, 400);
  t.like(answer.body, {
    error: { code: 'tenant.required', details: { tenantIds: [owner.tenantId, (second.body as { id: string }).id] } },
  });
  const nobody = await createUser(app);
  t.is(codeOf(await api.request('get', '/v1/tenant', nobody)), 'tenant.not_found');
  for (const tenantId of ['ten_x', 'nonsense', owner.tenantId, "' or 1=1 -- ", 'é', 'ten_é']) {
    const headers = { 'x-tenant-id': tenantId };
    t.is(codeOf(await api.request('get', '/v1/tenant', nobody, { headers })), 'tenant.not_found');
  }
});

test('lists members in pages', async (t) => {
  const owner = await createOwner(app);
  for (let n = 0; n < 4; n += 1) await addMember(app, owner.tenantId, 'viewer');
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const answer = await api.request('get', '/v1/members', owner, { query: { limit: '2', ...(cursor && { cursor }) } });
    const page = answer.body as { items: Member[]; nextCursor: string | null };
    seen.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor;
  } while (cursor);
  t.is(new Set(seen).size, 5);
});
