import { request as httpRequest } from 'node:http';
import test from 'ava';
import { request } from 'undici';
import type { Sandbox } from '@bastide/sandbox';
import { hashToken } from '#core/crypto/tokens.ts';
import { type TestApi, startTestApi } from '#test/support/api.ts';
import { Browser } from '#test/support/browser.ts';
import { sandboxEnv, startTestSandbox } from '#test/support/matrix-world.ts';
import { type TestApp, atEnd, atEndOfFile, createTestApp } from '#test/support/stack.ts';
import { ProviderSessionEnded, endProviderSessions, startSession } from '../sessions/service.ts';
import { userFromClaims } from '../users/service.ts';
import { originOf } from './origin.ts';
import { localPath } from './service.ts';

const cleanUp = atEndOfFile(test);
let sandbox: Sandbox;
let app: TestApp;
let api: TestApi;

test.before(async () => {
  sandbox = await startTestSandbox(cleanUp);
  app = await createTestApp(cleanUp, sandboxEnv(sandbox));
  api = await startTestApi(app);
  await oidc('setClient', { backchannelLogoutUri: `${api.url}/auth/backchannel-logout` });
});

const oidc = (action: string, input: Record<string, unknown>) =>
  Promise.resolve(sandbox.standIns['oidc']?.actions?.[action]?.(input));
const codeOf = (answer: { body: unknown }) => (answer.body as { error?: { code?: string } }).error?.code;
const whoIs = async (browser: Browser) => {
  const answer = await browser.request('get', '/v1/me');
  return answer.status === 200 ? (answer.body as { user: { email: string } }).user.email : answer.status;
};
const sessionCookie = (browser: Browser) => browser.cookies.get(app.config.SESSION_COOKIE_NAME) ?? '';

test('signs in by the code flow; the browser gets a cookie and never a token', async (t) => {
  const browser = new Browser(api);
  const url = new URL(await browser.beginLogin('/overview?tab=1#top'));
  t.is(url.origin, sandbox.urls.oidc);
  t.is(url.searchParams.get('code_challenge_method'), 'S256');
  t.truthy(url.searchParams.get('nonce'));
  t.is(await app.ctx.db('sessions').where({ user_agent: 'x' }).first(), undefined);

  const answer = await browser.callback(await browser.passProvider(url.href, 'admin@example.test'));
  t.is(answer.status, 302, JSON.stringify(answer.body));
  t.is(answer.headers.get('location'), `${app.config.PUBLIC_URL}/overview?tab=1#top`);
  const cookie = answer.headers.getSetCookie().find((line) => line.startsWith(`${app.config.SESSION_COOKIE_NAME}=`));
  t.regex(cookie ?? '', /^__Host-[^=]+=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=2592000$/);
  t.deepEqual([...browser.cookies.keys()], [app.config.SESSION_COOKIE_NAME], 'the sign-in’s own cookie is gone');

  const me = await browser.request('get', '/v1/me');
  t.like(me.body, {
    user: { email: 'admin@example.test', name: 'Ada Admin', locale: 'en' },
    roles: ['user', 'admin'],
    tenants: [],
    gatewayUrl: app.config.GATEWAY_PUBLIC_URL,
  });
  const row = await app.ctx
    .db('sessions')
    .where({ token_hash: hashToken(sessionCookie(browser)) })
    .first<Record<string, string>>();
  t.truthy(row?.['provider_sid']);
  t.false(JSON.stringify(row).includes('eyJ'), 'the ID token is sealed');
  t.false(JSON.stringify(row).includes(sessionCookie(browser)), 'our own token is hashed');
});

test('two tabs that sign in at once do not disturb each other', async (t) => {
  const browser = new Browser(api);
  const first = await browser.beginLogin('/first');
  const second = await browser.beginLogin('/second');
  const firstBack = await browser.passProvider(first);
  const secondBack = await browser.passProvider(second);
  t.is((await browser.callback(secondBack)).headers.get('location'), `${app.config.PUBLIC_URL}/second`);
  t.is((await browser.callback(firstBack)).headers.get('location'), `${app.config.PUBLIC_URL}/first`);
  t.is(await whoIs(browser), 'owner@example.test');
});

test('a browser never carries more than five begun sign-ins', async (t) => {
  const browser = new Browser(api);
  for (let attempt = 0; attempt < 9; attempt += 1) await browser.beginLogin();
  t.is(browser.cookies.size, 5);
});

test('a callback works once', async (t) => {
  const browser = new Browser(api);
  const query = await browser.passProvider(await browser.beginLogin());
  const before = new Map(browser.cookies);
  t.is((await browser.callback(query)).status, 302);
  const again = await browser.callback(query);
  t.is(again.status, 400);
  t.is(codeOf(again), 'auth.login_expired');

  const thief = new Browser(api);
  for (const [name, value] of before) thief.cookies.set(name, value);
  const replayed = await thief.callback(query);
  t.is(replayed.status, 400, 'even with the stolen cookie the code is spent');
  t.is(codeOf(replayed), 'auth.login_refused');
  t.is(sessionCookie(thief), '');
});

test('a sign-in that another browser began signs nobody in', async (t) => {
  const attacker = new Browser(api);
  const query = await attacker.passProvider(await attacker.beginLogin());
  const victim = new Browser(api);
  await victim.beginLogin();
  t.is(codeOf(await victim.callback(query)), 'auth.login_expired');
  const mixed = new Browser(api);
  const { state = '' } = await mixed.passProvider(await mixed.beginLogin());
  t.is(codeOf(await mixed.callback({ ...query, state })), 'auth.login_refused', 'code of one, state of the other');
  t.is(sessionCookie(victim) + sessionCookie(mixed), '');
});

test('a forged or changed attempt cookie is as good as none', async (t) => {
  const browser = new Browser(api);
  const query = await browser.passProvider(await browser.beginLogin());
  const [name = '', value = ''] = [...browser.cookies][0] ?? [];
  browser.cookies.set(name, `${value.slice(0, -4)}AAA=`);
  t.is(codeOf(await browser.callback(query)), 'auth.login_expired');
  const moved = new Browser(api);
  const other = await moved.passProvider(await moved.beginLogin());
  const [otherName = ''] = moved.cookies.keys();
  moved.cookies.set(otherName, value);
  t.is(codeOf(await moved.callback(other)), 'auth.login_expired', 'sealed for another state');
});

test('refuses an ID token with another nonce', async (t) => {
  const browser = new Browser(api);
  const url = new URL(await browser.beginLogin());
  url.searchParams.set('nonce', 'chosen-by-somebody-else');
  const answer = await browser.callback(await browser.passProvider(url.href));
  t.is(answer.status, 400);
  t.is(codeOf(answer), 'auth.login_refused');
  t.is(sessionCookie(browser), '');
});

test('refuses a code whose challenge was changed on the way', async (t) => {
  const browser = new Browser(api);
  const url = new URL(await browser.beginLogin());
  url.searchParams.set('code_challenge', 'A'.repeat(43));
  const answer = await browser.callback(await browser.passProvider(url.href));
  t.is(codeOf(answer), 'auth.login_refused');
});

test('somebody who turns back at the provider is told so', async (t) => {
  const browser = new Browser(api);
  const state = new URL(await browser.beginLogin()).searchParams.get('state') ?? '';
  const answer = await browser.callback({ error: 'access_denied', state, iss: sandbox.urls.oidc });
  t.is(answer.status, 400);
  t.like(answer.body, { error: { code: 'auth.login_refused', details: { reason: 'access_denied' } } });
});

test('a person is led to a page that words the error', async (t) => {
  const answer = await new Browser(api).request('get', '/auth/callback', {
    query: { code: 'x', state: 'y' },
    headers: { accept: 'text/html,application/xhtml+xml' },
  });
  t.is(answer.status, 302);
  t.is(answer.headers.get('location'), '/?signInError=auth.login_expired');
});

test('survives a Host header that is none', async (t) => {
  const status = await new Promise((resolve) => {
    const path = '/auth/callback?code=x&state=y';
    const call = httpRequest(api.url + path, { headers: { host: 'a b:c' } }, (response) =>
      resolve(response.statusCode),
    );
    call.end();
  });
  t.is(status, 400);
});

test('only a path of our own is returned to', (t) => {
  const ctx = { config: app.config };
  for (const path of ['/', '/sites/sit_1', '/a?b=c&d=%2F#e', '/invite?token=abc']) t.is(localPath(ctx, path), path);
  for (const path of [
    undefined,
    '',
    'overview',
    'https://evil.test/',
    '//evil.test',
    '/\\evil.test',
    '/\t/evil.test',
    '/\n/evil.test',
    '/.//evil.test',
    '/%2e//evil.test',
    'javascript:alert(1)',
    '/auth/login',
    '/auth/logout',
    'http:/evil.test',
    '\u0000/x',
  ])
    t.is(localPath(ctx, path), '/', path);
});

test('the origin is a configured one, whatever the Host header says', (t) => {
  const both = { PUBLIC_URL: 'https://app.example.test', ADMIN_URL: 'https://admin.example.test:8443' };
  t.is(originOf(both, 'admin.example.test:8443'), both.ADMIN_URL);
  t.is(originOf(both, 'ADMIN.example.test:8443'), both.ADMIN_URL);
  for (const host of [
    'app.example.test',
    'admin.example.test',
    'evil.test',
    '',
    'admin.example.test:8443@evil.test',
    'a b',
  ])
    t.is(originOf(both, host), both.PUBLIC_URL, host);
  const one = { PUBLIC_URL: both.PUBLIC_URL, ADMIN_URL: undefined };
  t.is(originOf(one, 'admin.example.test:8443'), both.PUBLIC_URL);
});

test('somebody who signs in and out at the second origin stays there', async (t) => {
  const ADMIN_URL = 'http://admin.localhost:4000';
  const own = await startTestSandbox(atEnd(t));
  await own.standIns['oidc']?.actions?.['setClient']?.({
    redirectUris: [`${app.config.PUBLIC_URL}/auth/callback`, `${ADMIN_URL}/auth/callback`],
    postLogoutRedirectUris: [`${app.config.PUBLIC_URL}/`, `${ADMIN_URL}/`],
  });
  const two = await createTestApp(atEnd(t), { ...sandboxEnv(own), ADMIN_URL });
  const twoApi = await startTestApi(two);
  const browserAt = (host: string) =>
    new Browser({ ...twoApi, request: (...call) => requestAt(twoApi.url, host, call) });

  const browser = browserAt('admin.localhost:4000');
  const url = new URL(await browser.beginLogin('/audit'));
  t.is(url.searchParams.get('redirect_uri'), `${ADMIN_URL}/auth/callback`);
  const back = await browser.callback(await browser.passProvider(url.href));
  t.is(back.headers.get('location'), `${ADMIN_URL}/audit`, JSON.stringify(back.body));
  t.is(await whoIs(browser), 'owner@example.test');
  const out = await browser.request('post', '/auth/logout', { headers: { 'x-csrf': '1' } });
  const end = new URL((out.body as { redirectUrl: string }).redirectUrl);
  t.is(end.searchParams.get('post_logout_redirect_uri'), `${ADMIN_URL}/`);

  const forged = new URL(await browserAt('evil.test').beginLogin());
  t.is(forged.searchParams.get('redirect_uri'), `${two.config.PUBLIC_URL}/auth/callback`);
});

/** As a browser at another host that leads to the same API; fetch would not send another Host. */
async function requestAt(api: string, host: string, [method, path, , options]: Parameters<TestApi['request']>) {
  const search = new URLSearchParams(options?.query).toString();
  const answer = await request(`${api}${path}${search && `?${search}`}`, {
    method: method.toUpperCase() as 'GET',
    headers: { ...options?.headers, host },
  });
  const text = await answer.body.text();
  const headers = new Headers();
  for (const [name, values] of Object.entries(answer.headers))
    for (const value of [values ?? []].flat()) headers.append(name, value);
  const isJson = headers.get('content-type')?.includes('json') ?? false;
  return { status: answer.statusCode, headers, body: isJson ? (JSON.parse(text) as unknown) : text };
}

test('asks for a fresh password when the last one was entered longer ago than a session may be idle', async (t) => {
  const url = new URL(await new Browser(api).beginLogin());
  t.is(url.searchParams.get('max_age'), String(app.config.SESSION_IDLE_TIMEOUT_MS / 1000));
});

test('a new sign-in ends the session before it, and believes no planted cookie', async (t) => {
  const browser = new Browser(api);
  browser.cookies.set(app.config.SESSION_COOKIE_NAME, 'planted-by-a-sibling-site');
  await browser.login();
  const first = sessionCookie(browser);
  t.not(first, 'planted-by-a-sibling-site');
  await browser.login();
  t.not(sessionCookie(browser), first);
  t.is(await whoIs(browser), 'owner@example.test');
  const old = new Browser(api);
  old.cookies.set(app.config.SESSION_COOKIE_NAME, first);
  t.is(await whoIs(old), 401);
});

test('signs out here and at the provider', async (t) => {
  const browser = new Browser(api);
  await browser.login('other@example.test');
  const token = sessionCookie(browser);
  t.is(codeOf(await browser.request('post', '/auth/logout')), 'auth.csrf_header_missing');
  t.is(await whoIs(browser), 'other@example.test');

  const answer = await browser.request('post', '/auth/logout', { headers: { 'x-csrf': '1' } });
  t.is(answer.status, 200);
  t.is(sessionCookie(browser), '');
  const { redirectUrl } = answer.body as { redirectUrl: string };
  const url = new URL(redirectUrl);
  t.is(url.origin, sandbox.urls.oidc);
  t.is(url.searchParams.get('post_logout_redirect_uri'), `${app.config.PUBLIC_URL}/`);
  t.truthy(url.searchParams.get('id_token_hint'));
  browser.cookies.set(app.config.SESSION_COOKIE_NAME, token);
  t.is(await whoIs(browser), 401, 'the cookie is worth nothing any more');

  const again = await browser.request('post', '/auth/logout', { headers: { 'x-csrf': '1' } });
  t.is(again.status, 200);
  t.deepEqual(again.body, { redirectUrl: `${app.config.PUBLIC_URL}/` });
});

test('a session ends at once when the provider ends its own', async (t) => {
  const [here, elsewhere, somebodyElse] = [new Browser(api), new Browser(api), new Browser(api)];
  await here.login('backchannel@example.test');
  await elsewhere.login('backchannel@example.test');
  await somebodyElse.login('bystander@example.test');
  t.is(await whoIs(here), 'backchannel@example.test');
  const { accounts } = sandbox.standIns['oidc']?.state() as { accounts: { email: string; sub: string }[] };
  const sub = accounts.find(({ email }) => email === 'backchannel@example.test')?.sub;
  t.deepEqual(await oidc('endSession', { sub }), { ended: 2 });
  t.is(await whoIs(here), 401);
  t.is(await whoIs(elsewhere), 401);
  t.is(await whoIs(somebodyElse), 'bystander@example.test');
});

test('a session that ended at the provider before it began here does not begin', async (t) => {
  const user = await userFromClaims(app.ctx, {
    sub: 'quick',
    email: 'quick@example.test',
    email_verified: true,
    realm_access: { roles: [] },
    iat: 1,
  });
  await endProviderSessions(app.ctx, { key: 'one', sid: 'ended-sid', sub: undefined });
  const session = { user, roles: [], idToken: undefined, userAgent: '' };
  const error = await t.throwsAsync(startSession(app.ctx, { ...session, providerSid: 'ended-sid' }));
  t.is((error as { code?: string }).code, ProviderSessionEnded.code);
  await t.notThrowsAsync(startSession(app.ctx, { ...session, providerSid: 'another-sid' }));
});

test('idles out, stays alive while used, and ends for good after thirty days', async (t) => {
  const short = await createTestApp(atEnd(t), { ...sandboxEnv(sandbox), SESSION_IDLE_TIMEOUT_MS: '600000' });
  const shortApi = await startTestApi(short);
  const browser = new Browser(shortApi);
  await browser.login();
  const age = (minutes: number, column = 'last_seen_at') =>
    short.ctx.db('sessions').update({ [column]: short.ctx.db.raw('now(3) - interval ? minute', [minutes]) });
  await age(9);
  t.is(await whoIs(browser), 'owner@example.test');
  const row = await short.ctx
    .db('sessions')
    .first<{ idle: number }>(short.ctx.db.raw('timestampdiff(second, last_seen_at, now(3)) as idle'));
  t.true(row.idle < 60, 'being used keeps it alive');
  await age(10);
  t.is(await whoIs(browser), 401);
  await age(0);
  t.is(await whoIs(browser), 'owner@example.test');
  await age(0, 'expires_at');
  t.is(await whoIs(browser), 401);
});

// These make the provider fail for everybody, so they run alone.
test.serial('without its provider the API answers clearly, and finds it by itself when it is back', async (t) => {
  const lonely = await createTestApp(atEnd(t), sandboxEnv(sandbox));
  const lonelyApi = await startTestApi(lonely);
  const fault = sandbox.world.faults.add({ target: 'oidc', kind: 'status', status: 503, path: 'openid-configuration' });
  const browser = new Browser(lonelyApi);
  for (const answer of [
    await browser.request('get', '/auth/login'),
    await browser.request('get', '/v1/me', { headers: { authorization: 'Bearer some.jwt.here' } }),
  ]) {
    t.is(answer.status, 503);
    t.is(codeOf(answer), 'service.unavailable');
    t.is(answer.headers.get('retry-after'), '5');
  }
  const asPerson = await browser.request('get', '/auth/login', { headers: { accept: 'text/html' } });
  t.is(asPerson.headers.get('location'), '/?signInError=service.unavailable');
  sandbox.world.faults.remove(fault.id);
  await new Promise((resolve) => setTimeout(resolve, 1100));
  t.is((await browser.login()).status, 302);
  t.is(await whoIs(browser), 'owner@example.test');
});

test.serial('a provider that fails in the middle of a sign-in is unavailable, not a refusal', async (t) => {
  const browser = new Browser(api);
  const query = await browser.passProvider(await browser.beginLogin());
  const before = new Map(browser.cookies);
  sandbox.world.faults.add({ target: 'oidc', kind: 'status', status: 503, path: '/token', times: 1 });
  t.is(codeOf(await browser.callback(query)), 'service.unavailable');
  sandbox.world.faults.add({ target: 'oidc', kind: 'drop_before', path: '/token', times: 1 });
  for (const [name, value] of before) browser.cookies.set(name, value);
  t.is(codeOf(await browser.callback(query)), 'service.unavailable');
});

test.serial('signing out works while the provider is down', async (t) => {
  const browser = new Browser(api);
  await browser.login();
  const fault = sandbox.world.faults.add({ target: 'oidc', kind: 'status', status: 503 });
  const answer = await browser.request('post', '/auth/logout', { headers: { 'x-csrf': '1' } });
  sandbox.world.faults.remove(fault.id);
  t.is(answer.status, 200);
  t.is(await whoIs(browser), 401);
});
