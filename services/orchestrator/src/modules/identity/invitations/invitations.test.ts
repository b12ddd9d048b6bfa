import test from 'ava';
import { hashToken } from '#core/crypto/tokens.ts';
import { newId } from '#core/ids.ts';
import { type TestApi, startTestApi } from '#test/support/api.ts';
import type { Caller } from '#test/support/matrix.ts';
import { addMember, createOwner, createUser, invitationToken } from '#test/support/people.ts';
import { type TestApp, atEndOfFile, createTestApp } from '#test/support/stack.ts';

const cleanUp = atEndOfFile(test);
let app: TestApp;
let api: TestApi;

test.before(async () => {
  app = await createTestApp(cleanUp);
  api = await startTestApi(app);
});

const codeOf = (answer: { body: unknown }) => (answer.body as { error?: { code?: string } } | null)?.error?.code;
const invite = (as: Caller, email: string, role = 'editor') =>
  api.request('post', '/v1/invitations', as, { body: { email, role } });
const accept = (as: Caller, token: string) => api.request('post', '/v1/invitations/accept', as, { body: { token } });

let people = 0;
const newEmail = () => `guest-${(people += 1)}@example.test`;
async function invited(options: { role?: string; isEmailVerified?: boolean } = {}) {
  const owner = await createOwner(app, { name: 'Olivia Owner', tenantName: 'Café' });
  const email = newEmail();
  const answer = await invite(owner, email, options.role);
  const guest = await createUser(app, { email, isEmailVerified: options.isEmailVerified ?? true });
  return { owner, email, guest, answer, token: await invitationToken(app, email) };
}

test('invites by mail, and who accepts is a member with that role', async (t) => {
  const { owner, email, guest, answer, token } = await invited({ role: 'viewer' });
  t.is(answer.status, 201);
  t.like(answer.body, { email, role: 'viewer' });
  t.false(JSON.stringify(answer.body).includes(token), 'the token goes by mail only');
  const listed = await api.request('get', '/v1/invitations', owner);
  t.like(listed.body, { items: [{ email, role: 'viewer' }], nextCursor: null });
  const accepted = await accept(guest, token);
  t.is(accepted.status, 200, JSON.stringify(accepted.body));
  t.like(accepted.body, { tenant: { id: owner.tenantId, name: 'Café', role: 'viewer' } });
  const asMember = { ...guest, headers: { ...guest.headers, 'x-tenant-id': owner.tenantId } };
  t.is((await api.request('get', '/v1/tenant', asMember)).status, 200);
  t.like((await api.request('get', '/v1/invitations', owner)).body, { items: [] });
});

test('stores neither the token nor the link in the clear', async (t) => {
  const { owner, token } = await invited();
  for (const table of ['invitations', 'mails', 'outbox', 'audit_log', 'idempotency_keys']) {
    const rows: unknown[] = await app.ctx.db(table);
    t.false(JSON.stringify(rows).includes(token), table);
  }
  t.truthy(owner);
});

test('an address is the same in capitals', async (t) => {
  const owner = await createOwner(app);
  const answer = await invite(owner, '  Mixed.Case@Example.Test ');
  t.like(answer.body, { email: 'mixed.case@example.test' });
  const guest = await createUser(app, { email: 'MIXED.case@example.test' });
  t.is((await accept(guest, await invitationToken(app, 'mixed.case@example.test'))).status, 200);
});

test('the link alone is not enough', async (t) => {
  const { token, guest } = await invited();
  const finder = await createUser(app);
  const answer = await accept(finder, token);
  t.is(answer.status, 403);
  t.is(codeOf(answer), 'invitation.other_email');
  t.false(JSON.stringify(answer.body).includes(guest.email), 'and does not say whose it is');
  t.is((await accept(guest, token)).status, 200, 'nothing was spent');
  t.is((await api.request('post', '/v1/invitations/accept', null, { body: { token } })).status, 401);
});

test('an address that the provider has not verified proves nothing', async (t) => {
  const { token, guest } = await invited({ isEmailVerified: false });
  const answer = await accept(guest, token);
  t.is(answer.status, 403);
  t.is(codeOf(answer), 'invitation.email_unverified');
});

test('an expired invitation is refused', async (t) => {
  const { token, guest, email } = await invited();
  await app.ctx
    .db('invitations')
    .where({ email })
    .update({ expires_at: app.ctx.db.raw('now(3) - interval 1 second') });
  const answer = await accept(guest, token);
  t.is(answer.status, 409);
  t.is(codeOf(answer), 'invitation.expired');
});

test('inviting again replaces: only the newest link works', async (t) => {
  const { owner, guest, token, email } = await invited();
  await invite(owner, email, 'viewer');
  const newer = await invitationToken(app, email);
  t.not(newer, token);
  t.is(codeOf(await accept(guest, token)), 'invitation.not_found');
  const listed = await api.request('get', '/v1/invitations', owner);
  t.is((listed.body as { items: unknown[] }).items.length, 1);
  t.like((await accept(guest, newer)).body, { tenant: { role: 'viewer' } });
});

test('ten invitations of one address at the same moment send three mails and leave one open', async (t) => {
  const owner = await createOwner(app);
  const email = newEmail();
  const answers = await Promise.all(Array.from({ length: 10 }, () => invite(owner, email)));
  t.is(answers.filter(({ status }) => status === 201).length, 3);
  const refused = answers.find(({ status }) => status !== 201);
  t.is(refused?.status, 429);
  t.like(refused?.body, { error: { code: 'invitation.too_many_mails', details: { email, max: 3 } } });
  t.is((await app.ctx.db('mails').where({ to_email: email })).length, 3);
  const pending = await app.ctx.db('invitations').where({ email }).whereNull('revoked_at');
  t.is(pending.length, 1);
});

test('an address may be written to again the next day, and by another tenant at once', async (t) => {
  const [owner, other] = [await createOwner(app), await createOwner(app)];
  const email = newEmail();
  for (let n = 0; n < 3; n += 1) t.is((await invite(owner, email)).status, 201);
  t.is((await invite(owner, email)).status, 429);
  t.is((await invite(other, email)).status, 201);
  await app.ctx
    .db('invitations')
    .where({ email })
    .update({ created_at: app.ctx.db.raw('now(3) - interval 25 hour') });
  t.is((await invite(owner, email)).status, 201);
});

test('refuses an invitation when fifty are open, also when many are made at once', async (t) => {
  const owner = await createOwner(app);
  const rows = Array.from({ length: 46 }, (_, n) => ({
    id: newId('invitation'),
    tenant_id: owner.tenantId,
    email: newEmail(),
    role: 'viewer',
    token_hash: hashToken(`${owner.tenantId}/${n}`),
    expires_at: new Date(Date.now() + (n === 0 ? -1000 : 3600_000)),
  }));
  await app.ctx.db('invitations').insert(rows);
  const answers = await Promise.all(Array.from({ length: 8 }, () => invite(owner, newEmail())));
  t.is(answers.filter(({ status }) => status === 201).length, 5, 'what has expired does not count');
  const refused = answers.find(({ status }) => status === 409);
  t.like(refused?.body, { error: { code: 'invitation.limit_reached', details: { max: 50 } } });
  t.is((await invite(owner, rows[1]?.email ?? '')).status, 201, 'one that replaces another adds none');
});

test('an invitation that was taken back is refused', async (t) => {
  const { owner, guest, token, answer } = await invited();
  const params = { invitationId: (answer.body as { id: string }).id };
  t.is((await api.request('delete', '/v1/invitations/:invitationId', owner, { params })).status, 204);
  t.is((await api.request('delete', '/v1/invitations/:invitationId', owner, { params })).status, 404);
  t.is(codeOf(await accept(guest, token)), 'invitation.not_found');
});

test('is used once, even when accepted ten times at the same moment', async (t) => {
  const { owner, guest, token } = await invited();
  const answers = await Promise.all(Array.from({ length: 10 }, () => accept(guest, token)));
  t.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]), 'the same person, the same answer');
  const rows = await app.ctx.db('members').where({ tenant_id: owner.tenantId, user_id: guest.userId });
  t.is(rows.length, 1);
  const traces = await app.ctx.db('audit_log').where({ tenant_id: owner.tenantId, action: 'invitation.accept' });
  t.is(traces.length, 1);
});

test('a used link brings nobody back who was removed', async (t) => {
  const { owner, guest, token } = await invited();
  await accept(guest, token);
  const { items } = (await api.request('get', '/v1/members', owner)).body as {
    items: { id: string; userId: string }[];
  };
  const memberId = items.find(({ userId }) => userId === guest.userId)?.id ?? '';
  await api.request('delete', '/v1/members/:memberId', owner, { params: { memberId } });
  const answer = await accept(guest, token);
  t.is(answer.status, 409);
  t.is(codeOf(answer), 'invitation.used');
});

test('nobody is invited who is a member already', async (t) => {
  const owner = await createOwner(app);
  await addMember(app, owner.tenantId, 'viewer', { email: 'Inside@example.test' });
  const answer = await invite(owner, 'inside@example.test');
  t.is(answer.status, 409);
  t.is(codeOf(answer), 'invitation.already_member');
});

test('nonsense tokens and addresses are refused', async (t) => {
  const owner = await createOwner(app);
  t.is(codeOf(await accept(owner, 'x'.repeat(43))), 'invitation.not_found');
  t.is((await accept(owner, '')).status, 400);
  for (const email of [
    '',
    'x',
    'a@b',
    'a@b.c\r\nBcc: evil@example.test',
    '"<script>"@example.test',
    `${'x'.repeat(250)}@e.test`,
  ])
    t.is((await invite(owner, email)).status, 400, email);
});

test('the same Idempotency-Key sends one mail', async (t) => {
  const owner = await createOwner(app);
  const email = newEmail();
  const request = { body: { email, role: 'viewer' }, headers: { 'idempotency-key': 'invite-once' } };
  const [first, second] = [
    await api.request('post', '/v1/invitations', owner, request),
    await api.request('post', '/v1/invitations', owner, request),
  ];
  t.deepEqual(second.body, first.body);
  t.is((await app.ctx.db('mails').where({ to_email: email })).length, 1);
});

test('writes in the language of the address’s user, else of who invites', async (t) => {
  const owner = await createOwner(app, { locale: 'fr' });
  await createUser(app, { email: 'english@example.test', locale: 'en' });
  await invite(owner, 'english@example.test');
  await invite(owner, 'unknown@example.test');
  const locale = async (email: string) =>
    (await app.ctx.db('mails').where({ to_email: email }).first<{ locale: string }>())?.locale;
  t.is(await locale('english@example.test'), 'en');
  t.is(await locale('unknown@example.test'), 'fr');
});
