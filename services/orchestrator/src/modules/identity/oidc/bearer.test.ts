import test from 'ava';
import { generateKeyPair } from 'jose';
import { type TestApi, startTestApi } from '#test/support/api.ts';
import { LOGOUT_EVENT, type TestClaims, type TestIssuer, startIssuer } from '#test/support/issuer.ts';
import { type TestApp, atEnd, atEndOfFile, createTestApp } from '#test/support/stack.ts';
import { startSession } from '../sessions/service.ts';
import { userFromClaims } from '../users/service.ts';

const cleanUp = atEndOfFile(test);
let issuer: TestIssuer;
let app: TestApp;
let api: TestApi;

test.before(async () => {
  issuer = await startIssuer();
  cleanUp(() => issuer.stop());
  app = await createTestApp(cleanUp, { OIDC_ISSUER_URL: issuer.url });
  api = await startTestApi(app);
});

const now = () => Math.floor(Date.now() / 1000);
const claims = (changes: TestClaims = {}): TestClaims => ({
  iss: issuer.url,
  aud: 'bastide-api',
  sub: 'forged',
  email: 'forged@example.test',
  iat: now(),
  exp: now() + 300,
  ...changes,
});
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const me = (token: string, at = api) =>
  at.request('get', '/v1/me', null, { headers: { authorization: `Bearer ${token}` } });
const refused = async (t: { is: (a: unknown, b: unknown, message?: string) => void }, token: string, why: string) => {
  const answer = await me(token);
  t.is(answer.status, 401, why);
  t.is((answer.body as { error: { code: string } }).error.code, 'auth.required', why);
};

test('a token of the provider for our audience signs in, and its user is made once', async (t) => {
  const person = { sub: 'new-person', email: 'New.Person@Example.test', name: 'New Person', locale: 'fr-FR' };
  const token = await issuer.accessToken({ ...person, realm_access: { roles: ['admin', 'offline_access'] } });
  const answers = await Promise.all(Array.from({ length: 8 }, () => me(token)));
  const ids = answers.map(({ body }) => (body as { user: { id: string } }).user.id);
  t.is(new Set(ids).size, 1, 'eight first requests at once');
  t.like(answers[0]?.body, {
    user: { email: 'New.Person@Example.test', name: 'New Person', locale: 'fr' },
    roles: ['admin'],
    tenants: [],
  });
  const traces = await app.ctx.db('audit_log').where({ action: 'user.create', subject: ids[0] });
  t.is(traces.length, 1);
});

test('needs no CSRF header: no browser adds a bearer token by itself', async (t) => {
  const authorization = `Bearer ${await issuer.accessToken({ sub: 'tenant-maker' })}`;
  const body = { name: 'By token', slug: 'by-token', currency: 'EUR' };
  const created = await api.request('post', '/v1/tenants', null, { headers: { authorization }, body });
  t.is(created.status, 201, JSON.stringify(created.body));
  t.is((await api.request('get', '/v1/tenant', null, { headers: { authorization } })).status, 200);
});

test('follows a changed e-mail address, and no older token undoes it', async (t) => {
  const older = await issuer.accessToken({ sub: 'mover', email: 'old@example.test', iat: now() - 60 });
  const newer = await issuer.accessToken({ sub: 'mover', email: 'new@example.test', name: 'Moved' });
  t.like((await me(older)).body, { user: { email: 'old@example.test', name: 'A Person' } });
  t.like((await me(newer)).body, { user: { email: 'new@example.test', name: 'Moved' } });
  t.like((await me(older)).body, { user: { email: 'new@example.test', name: 'Moved' } });
});

test('the language that a person chose is kept', async (t) => {
  const headers = { authorization: `Bearer ${await issuer.accessToken({ sub: 'linguist', locale: 'en' })}` };
  const changed = await api.request('patch', '/v1/me', null, { headers, body: { locale: 'fr' } });
  t.like(changed.body, { user: { locale: 'fr' } });
  const again = await me(await issuer.accessToken({ sub: 'linguist', locale: 'en', name: 'Renamed', iat: now() + 1 }));
  t.like(again.body, { user: { locale: 'fr', name: 'Renamed' } });
});

test('refuses forged tokens', async (t) => {
  const none = `${encode({ alg: 'none', typ: 'JWT' })}.${encode(claims())}.`;
  await refused(t, none, 'alg none');
  await refused(t, `${encode({ alg: 'None' })}.${encode(claims())}.x`, 'alg None');
  const pem = new TextEncoder().encode(issuer.publicKeyPem);
  await refused(t, await issuer.sign(claims(), pem, { alg: 'HS256', kid: issuer.kid }), 'HS256 with the public key');
  const { privateKey } = await generateKeyPair('RS256');
  await refused(t, await issuer.sign(claims(), privateKey, { alg: 'RS256', kid: issuer.kid }), 'another key, our kid');
  await refused(t, await issuer.sign(claims(), privateKey, { alg: 'RS256', kid: 'unknown' }), 'another key and kid');
  const pss = await generateKeyPair('PS256');
  await refused(t, await issuer.sign(claims(), pss.privateKey, { alg: 'PS256' }), 'another algorithm');
  const [header = '', , signature = ''] = (await issuer.accessToken()).split('.');
  await refused(t, `${header}.${encode(claims({ sub: 'admin' }))}.${signature}`, 'changed claims');
  for (const garbage of ['x', 'a.b.c', '...', 'eyJhbGciOiJSUzI1NiJ9..', 'bst_', `bst_${'A'.repeat(43)}`])
    await refused(t, garbage, garbage);
});

test('refuses tokens that are not for us, not from our provider, or out of their time', async (t) => {
  const cases: Record<string, TestClaims> = {
    'another audience': { aud: 'another-api' },
    'the dashboard’s ID token': { aud: 'bastide-dashboard' },
    'no audience': { aud: undefined },
    'another issuer': { iss: 'https://evil.test' },
    'no issuer': { iss: undefined },
    'expired beyond the tolerance': { exp: now() - 10 },
    'no expiry': { exp: undefined },
    'not yet valid': { nbf: now() + 60 },
    'no subject': { sub: undefined },
    'no e-mail': { email: undefined },
  };
  for (const [why, changes] of Object.entries(cases)) await refused(t, await issuer.accessToken(changes), why);
  t.is((await me(await issuer.accessToken({ exp: now() - 2 }))).status, 200, 'clocks differ by seconds');
  t.is(
    (await me(await issuer.accessToken({ aud: ['account', 'bastide-api'] }))).status,
    200,
    'one of several audiences',
  );
});

test('refuses an Authorization header it does not know, even with a good cookie', async (t) => {
  for (const authorization of ['Basic dXNlcjpwYXNz', 'Bearer', 'Bearer a b', 'nonsense']) {
    const answer = await api.request('get', '/v1/me', null, { headers: { authorization } });
    t.is(answer.status, 401, authorization);
  }
});

test('makes no user for a refused token', async (t) => {
  await me(await issuer.accessToken({ sub: 'never', aud: 'another-api' }));
  t.is(await app.ctx.db('users').where({ sub: 'never' }).first(), undefined);
});

test('without the provider’s keys it says so, and does not call a token wrong', async (t) => {
  const own = await startIssuer();
  t.teardown(() => own.stop());
  own.setDown(true);
  const lonely = await createTestApp(atEnd(t), { OIDC_ISSUER_URL: own.url });
  const lonelyApi = await startTestApi(lonely);
  const token = await own.accessToken();
  t.is((await me(token, lonelyApi)).status, 503);
  await Promise.all(Array.from({ length: 20 }, () => me(token, lonelyApi)));
  t.is(own.requests.length, 1, 'a crowd does not hammer a provider that is ill');
  own.setDown(false);
  await new Promise((resolve) => setTimeout(resolve, 1100));
  t.is((await me(token, lonelyApi)).status, 200);
});

test('finds new keys when the provider changes them, and asks for them rarely', async (t) => {
  const own = await startIssuer();
  t.teardown(() => own.stop());
  const fresh = await createTestApp(atEnd(t), { OIDC_ISSUER_URL: own.url });
  const freshApi = await startTestApi(fresh);
  const old = await own.accessToken();
  t.is((await me(old, freshApi)).status, 200);
  await own.rotate();
  await new Promise((resolve) => setTimeout(resolve, 2100));
  t.is((await me(await own.accessToken(), freshApi)).status, 200);
  t.is((await me(old, freshApi)).status, 401, 'the withdrawn key is worth nothing');
  const { privateKey } = await generateKeyPair('RS256');
  const before = own.requests.length;
  for (let n = 0; n < 10; n += 1)
    await me(await own.sign(claims({ iss: own.url }), privateKey, { alg: 'RS256', kid: `k${n}` }), freshApi);
  t.true(own.requests.length - before <= 1);
});

test('logout tokens: only a real one ends a session, and only once', async (t) => {
  const session = async (sid: string, sub = 'person') => {
    const user = await userFromClaims(app.ctx, {
      sub,
      email: `${sub}@example.test`,
      email_verified: true,
      realm_access: { roles: [] },
      iat: now(),
    });
    const token = await startSession(app.ctx, { user, roles: [], providerSid: sid, idToken: undefined, userAgent: '' });
    const headers = { cookie: `${app.config.SESSION_COOKIE_NAME}=${token}` };
    return async () => (await api.request('get', '/v1/me', null, { headers })).status === 200;
  };
  const tell = async (token: string) => {
    const answer = await api.request('post', '/auth/backchannel-logout', null, {
      body: new URLSearchParams({ logout_token: token }).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    return answer.status;
  };
  const isAlive = await session('sid-1');
  const bad: Record<string, TestClaims> = {
    'has a nonce, so it is an ID token': { sid: 'sid-1', nonce: 'n' },
    'no event': { sid: 'sid-1', events: undefined },
    'another event': { sid: 'sid-1', events: { 'http://schemas.openid.net/event/other': {} } },
    'event is no object': { sid: 'sid-1', events: { [LOGOUT_EVENT]: true } },
    'neither sid nor sub': { sub: undefined },
    'no jti': { sid: 'sid-1', jti: undefined },
    'another audience': { sid: 'sid-1', aud: 'bastide-api' },
    'another issuer': { sid: 'sid-1', iss: 'https://evil.test' },
    expired: { sid: 'sid-1', exp: now() - 10 },
    'issued long ago': { sid: 'sid-1', iat: now() - 3600, exp: now() + 60 },
    'no time of issue': { sid: 'sid-1', iat: undefined },
  };
  for (const [why, changes] of Object.entries(bad)) {
    t.is(await tell(await issuer.logoutToken(changes)), 400, why);
    t.true(await isAlive(), why);
  }
  const { privateKey } = await generateKeyPair('RS256');
  const stolen = { ...claims({ aud: 'bastide-dashboard', sid: 'sid-1', jti: 'x' }), events: { [LOGOUT_EVENT]: {} } };
  t.is(await tell(await issuer.sign(stolen, privateKey, { alg: 'RS256', kid: issuer.kid })), 400, 'another key');
  t.is(await tell(''), 400);
  t.is(await tell(await issuer.accessToken({ sid: 'sid-1' })), 400, 'an access token');
  t.true(await isAlive());

  const another = await session('sid-2');
  const genuine = await issuer.logoutToken({ sid: 'sid-1' });
  t.is(await tell(genuine), 200);
  t.false(await isAlive());
  t.true(await another(), 'a token that names a session ends that one only');

  const bySubject = await issuer.logoutToken({ jti: 'all-of-them' });
  t.is(await tell(bySubject), 200);
  t.false(await another());
  const later = await session('sid-3');
  t.is(await tell(bySubject), 200, 'told twice: fine');
  t.true(await later(), 'but a replay ends nothing');
});
