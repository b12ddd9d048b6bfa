import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import * as client from 'openid-client';
import { serve } from '../../test/serve.ts';
import { createOidc } from './oidc.ts';
import { signIn } from './sign-in.ts';

const CALLBACK = 'http://127.0.0.1:9/auth/callback';
const AFTER_LOGOUT = 'http://127.0.0.1:9/';

async function realm(t: ExecutionContext) {
  const logoutTokens: string[] = [];
  const app = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      logoutTokens.push(new URLSearchParams(body).get('logout_token') ?? '');
      response.end();
    });
  });
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
  const backchannelLogoutUri = `http://127.0.0.1:${(app.address() as AddressInfo).port}/auth/backchannel-logout`;
  const served = await serve((world, url) =>
    createOidc(world, {
      clientId: 'bastide',
      clientSecret: 'a-secret',
      redirectUris: [CALLBACK],
      postLogoutRedirectUris: [AFTER_LOGOUT],
      backchannelLogoutUri,
      audience: 'bastide-api',
      url,
    }),
  );
  t.teardown(async () => {
    app.close();
    await served.close();
  });
  const config = await client.discovery(new URL(served.url), 'bastide', 'a-secret', undefined, {
    execute: [client.allowInsecureRequests],
  });
  return { ...served, config, logoutTokens, actions: served.standIn.actions ?? {} };
}

type Realm = Awaited<ReturnType<typeof realm>>;

async function authorizationUrl({ config }: Realm, extra: Record<string, string> = {}) {
  const verifier = client.randomPKCECodeVerifier();
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: CALLBACK,
    scope: 'openid profile email',
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state: 'the-state',
    ...extra,
  });
  return { url: url.href, verifier };
}

async function login(realm: Realm, email = 'owner@example.test', cookies = new Map<string, string>()) {
  const { url, verifier } = await authorizationUrl(realm);
  const callback = await signIn({ url, email, cookies });
  return client.authorizationCodeGrant(realm.config, new URL(callback), {
    pkceCodeVerifier: verifier,
    expectedState: 'the-state',
  });
}

function decode(jwt: string, part: 0 | 1 = 1): Record<string, unknown> {
  return JSON.parse(Buffer.from(jwt.split('.')[part] ?? '', 'base64url').toString()) as Record<string, unknown>;
}

test('signs a person in by the code flow and says who it is in both tokens', async (t) => {
  const r = await realm(t);
  const tokens = await login(r, 'admin@example.test');
  const claims = tokens.claims();
  t.like(claims, {
    email: 'admin@example.test',
    email_verified: true,
    name: 'Ada Admin',
    preferred_username: 'admin@example.test',
    locale: 'en',
    realm_access: { roles: ['user', 'admin'] },
  });
  t.is(typeof claims?.sid, 'string');
  const access = decode(tokens.access_token);
  t.like(access, {
    iss: r.url,
    aud: 'bastide-api',
    sub: claims?.sub,
    azp: 'bastide',
    email: 'admin@example.test',
    realm_access: { roles: ['user', 'admin'] },
    scope: 'openid profile email',
  });
  t.like(decode(tokens.access_token, 0), { alg: 'RS256', typ: 'JWT' });
  t.is(tokens.expires_in, 300);
});

test('answers userinfo to an access token made for the API, until the session ends', async (t) => {
  const r = await realm(t);
  const tokens = await login(r);
  const sub = tokens.claims()?.sub ?? '';
  t.like(await client.fetchUserInfo(r.config, tokens.access_token, sub), { email: 'owner@example.test' });
  await r.actions.endSession?.({ sub });
  await t.throwsAsync(client.fetchUserInfo(r.config, tokens.access_token, sub));
});

test('rotates the refresh token and ends the grant when a used one comes again', async (t) => {
  const r = await realm(t);
  const first = await login(r);
  const second = await client.refreshTokenGrant(r.config, first.refresh_token ?? '');
  t.not(second.refresh_token, first.refresh_token);
  t.is(second.claims()?.sub, first.claims()?.sub);
  await t.throwsAsync(client.refreshTokenGrant(r.config, first.refresh_token ?? ''));
  await t.throwsAsync(client.refreshTokenGrant(r.config, second.refresh_token ?? ''));
});

test('shows changed roles in the next token', async (t) => {
  const r = await realm(t);
  const first = await login(r);
  await r.actions.setRoles?.({ email: 'owner@example.test', roles: ['user', 'founding_member'] });
  const second = await client.refreshTokenGrant(r.config, first.refresh_token ?? '');
  t.deepEqual(decode(second.access_token).realm_access, { roles: ['user', 'founding_member'] });
});

test('signs out at once with an id_token_hint and tells the client over the back channel', async (t) => {
  const r = await realm(t);
  const cookies = new Map<string, string>();
  const tokens = await login(r, 'owner@example.test', cookies);
  const url = client.buildEndSessionUrl(r.config, {
    id_token_hint: tokens.id_token ?? '',
    post_logout_redirect_uri: AFTER_LOGOUT,
    state: 'bye',
  });
  const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const response = await fetch(url, { redirect: 'manual', headers: { cookie } });
  t.is(response.headers.get('location'), `${AFTER_LOGOUT}?state=bye`);
  t.is(r.logoutTokens.length, 1);
  const logout = decode(r.logoutTokens[0] ?? '');
  t.like(logout, { iss: r.url, aud: 'bastide', sub: tokens.claims()?.sub, sid: tokens.claims()?.sid });
  t.truthy((logout.events as Record<string, unknown>)['http://schemas.openid.net/event/backchannel-logout']);
  await t.throwsAsync(client.refreshTokenGrant(r.config, tokens.refresh_token ?? ''));
});

test('ends a session from the control side and tells the client over the back channel', async (t) => {
  const r = await realm(t);
  const tokens = await login(r);
  const sub = tokens.claims()?.sub;
  t.deepEqual(await r.actions.endSession?.({ sub }), { ended: 1 });
  t.is(decode(r.logoutTokens[0] ?? '').sub, sub);
  await t.throwsAsync(client.refreshTokenGrant(r.config, tokens.refresh_token ?? ''));
  t.deepEqual(await r.actions.endSession?.({ sub }), { ended: 0 });
});

test('loses or doubles the back-channel call when told to, and signs out all the same', async (t) => {
  const r = await realm(t);
  r.world.faults.add({ target: 'oidc', kind: 'webhook_lose', times: 1 });
  const tokens = await login(r);
  const sub = tokens.claims()?.sub;
  t.deepEqual(await r.actions.endSession?.({ sub }), { ended: 1 });
  t.is(r.logoutTokens.length, 0);
  r.world.faults.add({ target: 'oidc', kind: 'webhook_duplicate', times: 1 });
  await login(r);
  await r.actions.endSession?.({ sub });
  t.is(r.logoutTokens.length, 2);
});

test('returns without the form while the session lives', async (t) => {
  const r = await realm(t);
  const cookies = new Map<string, string>();
  await login(r, 'owner@example.test', cookies);
  const { url } = await authorizationUrl(r);
  t.true((await signIn({ url, email: 'nobody@example.test', password: 'x', cookies })).includes('code='));
});

test('signs an unknown address up at once, the same person ever after', async (t) => {
  const r = await realm(t);
  const { url } = await authorizationUrl(r);
  await t.throwsAsync(signIn({ url, email: 'new.person@example.test', password: 'short' }), {
    message: /8 characters/,
  });
  const first = await login(r, 'new.person@example.test');
  t.like(first.claims(), { name: 'New Person', realm_access: { roles: ['user'] } });
  t.is((await login(r, 'new.person@example.test')).claims()?.sub, first.claims()?.sub);
});

test('refuses a wrong password with a message', async (t) => {
  const r = await realm(t);
  const { url } = await authorizationUrl(r);
  await t.throwsAsync(signIn({ url, email: 'owner@example.test', password: 'wrong-password' }), {
    message: /401 Wrong password/,
  });
});

test('refuses a request without PKCE and one with a foreign redirect address', async (t) => {
  const r = await realm(t);
  const plain = client.buildAuthorizationUrl(r.config, { redirect_uri: CALLBACK, scope: 'openid' });
  t.regex(await signIn({ url: plain.href, email: 'owner@example.test' }), /error=invalid_request/);
  const { url } = await authorizationUrl(r, { redirect_uri: 'http://127.0.0.1:9/elsewhere' });
  await t.throwsAsync(signIn({ url, email: 'owner@example.test' }), { message: /redirect_uri/ });
});

test('takes the client secret in the body too, and gives a service account a token', async (t) => {
  const r = await realm(t);
  const config = await client.discovery(new URL(r.url), 'bastide', undefined, client.ClientSecretPost('a-secret'), {
    execute: [client.allowInsecureRequests],
  });
  const tokens = await client.clientCredentialsGrant(config);
  t.like(decode(tokens.access_token), { aud: 'bastide-api', sub: 'bastide', azp: 'bastide' });
});

test('lets a test register another redirect address', async (t) => {
  const r = await realm(t);
  const redirect = 'http://127.0.0.1:10/auth/callback';
  await r.actions.setClient?.({ redirectUris: [redirect] });
  const { url } = await authorizationUrl(r, { redirect_uri: redirect });
  t.true((await signIn({ url, email: 'owner@example.test' })).startsWith(redirect));
});

test('forgets sessions and sign-ups on reset', async (t) => {
  const r = await realm(t);
  const tokens = await login(r, 'new.person@example.test');
  await r.standIn.reset();
  await t.throwsAsync(client.refreshTokenGrant(r.config, tokens.refresh_token ?? ''));
  t.like(r.standIn.state(), { sessions: [], accounts: { length: 4 } });
});
