import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import test from 'ava';
import type { Browser, Page } from 'playwright-core';
import { complaintsOf, startChromium } from '../../../../services/orchestrator/test/support/chromium.ts';
import { type Person, enterPassword, newPage, signIn, toForm, whoIs } from './person.ts';
import { type World, apply, eventually, keycloakContainer, keycloakUrl, operator, startWorld } from './world.ts';

const REALM = `${keycloakUrl}/realms/cloud`;
/** Keycloak's own register.ftl looks for a password field that it does not show when addresses are confirmed first. */
const UPSTREAM_26_7 = "Cannot read properties of null (reading 'addEventListener')";
const cleanUps: (() => Promise<void>)[] = [];
let world: World;
let browser: Browser;

test.before(async () => {
  world = await startWorld((run) => cleanUps.push(run));
  if (await world.admin.get('/cloud')) await world.admin.delete('/cloud');
  await apply(world.env);
  await world.startApi();
  browser = await startChromium((run) => cleanUps.push(run));
});
test.after.always(async () => {
  for (const run of cleanUps.reverse()) await run();
});

async function makePerson(name: string): Promise<Person> {
  const email = `${name}@example.test`;
  await world.admin.post('/cloud/users', {
    username: email,
    email,
    emailVerified: true,
    enabled: true,
    firstName: name,
    lastName: 'Person',
    credentials: [{ type: 'password', value: `password-of-${name}`, temporary: false }],
  });
  return { email, password: `password-of-${name}` };
}

const idOf = async ({ email }: { email: string }) => {
  const [user] = await world.admin.require<{ id: string }[]>(`/cloud/users?email=${email}&exact=true`);
  return user?.id ?? '';
};

test('the operator’s first sign-in asks for a password of their own, and then they are superadmin', async (t) => {
  const page = await newPage(browser);
  const complaints = complaintsOf(page);
  const missing: string[] = [];
  page.on('response', (answer) => answer.status() >= 400 && missing.push(`${answer.status()} ${answer.url()}`));
  await toForm(page, world.appUrl);
  t.deepEqual(missing, [], 'styles, font and logo are there');
  t.is(await page.evaluate("getComputedStyle(document.querySelector('#kc-login')).borderRadius"), '8px');
  t.is(await page.title(), 'Sign in to Bastide');
  await enterPassword(page, operator);
  await page.getByRole('heading', { name: 'Choose a password' }).waitFor();
  await page.locator('#password-new').fill('short');
  await page.locator('#password-confirm').fill('short');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByText('Use at least 12 characters.').waitFor();
  await page.locator('#password-new').fill('a password of my own');
  await page.locator('#password-confirm').fill('a password of my own');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.locator('#firstName').fill('Olga');
  await page.locator('#lastName').fill('Operator');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.waitForURL(`${world.appUrl}/v1/me`);
  const me = await whoIs(page, world.appUrl);
  t.like(me, { user: { email: operator.email, name: 'Olga Operator', locale: 'en' } });
  t.deepEqual(me?.roles.toSorted(), ['admin', 'superadmin', 'user']);
  t.deepEqual(complaints, []);

  t.deepEqual(await apply(world.env), [], 'and the account stays theirs');
  await signIn(await newPage(browser), world.appUrl, { ...operator, password: 'a password of my own' });
});

test('a stranger registers in French, confirms the address by mail, chooses a password and is signed in', async (t) => {
  const page = await newPage(browser, 'fr-FR');
  const complaints = complaintsOf(page);
  await toForm(page, world.appUrl);
  await page.getByRole('link', { name: 'Créer un compte' }).click();
  await page.locator('#email').fill('amelie@example.test');
  await page.locator('#firstName').fill('Amélie');
  await page.locator('#lastName').fill('Dupont');
  await page.getByRole('button', { name: 'Créer un compte' }).click();
  await page.getByRole('heading', { name: 'Confirmez votre adresse e-mail' }).waitFor();
  t.is(await whoIs(page, world.appUrl), undefined, 'not before the address is theirs');
  const mail = await eventually('the mail', () => world.mails.list({ to: 'amelie@example.test' })[0]);
  t.is(mail.subject, 'Confirmez votre adresse e-mail');
  t.is(mail.from, 'no-reply@example.test');
  t.regex(mail.html, /Bienvenue chez Bastide/);
  const link = /https?:\/\/\S+action-token\S+/.exec(mail.text)?.[0] ?? '';
  await page.goto(link);
  await page.locator('#password-new').fill('le mot de passe d’Amélie');
  await page.locator('#password-confirm').fill('le mot de passe d’Amélie');
  await page.getByRole('button', { name: 'Continuer' }).click();
  await page.waitForURL(`${world.appUrl}/v1/me`);
  t.like(await whoIs(page, world.appUrl), {
    user: { email: 'amelie@example.test', name: 'Amélie Dupont', locale: 'fr' },
    roles: ['user'],
  });
  t.deepEqual(
    complaints.filter((complaint) => complaint !== UPSTREAM_26_7),
    [],
  );
});

test('a forgotten password is replaced by a mail', async (t) => {
  const person = await makePerson('forgetful');
  const page = await newPage(browser);
  await toForm(page, world.appUrl);
  await page.getByRole('link', { name: 'Forgot your password?' }).click();
  await page.locator('#username').fill(person.email);
  await page.getByRole('button', { name: 'Continue' }).click();
  const mail = await eventually('the mail', () => world.mails.list({ to: person.email })[0]);
  t.is(mail.subject, 'Choose a new password');
  await page.goto(/https?:\/\/\S+action-token\S+/.exec(mail.text)?.[0] ?? '');
  await page.locator('#password-new').fill('remembered from now on');
  await page.locator('#password-confirm').fill('remembered from now on');
  await page.getByRole('button', { name: 'Continue' }).click();
  await signIn(await newPage(browser), world.appUrl, { ...person, password: 'remembered from now on' });
});

test('tokens say what our API reads, and each is only good for its purpose', async (t) => {
  const person = await makePerson('token');
  const redirectUri = `${world.appUrl}/auth/callback`;
  const verifier = randomBytes(32).toString('base64url');
  const authorization = new URL(`${REALM}/protocol/openid-connect/auth`);
  authorization.search = new URLSearchParams({
    client_id: 'bastide',
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: 'openid profile email',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  }).toString();
  const page = await newPage(browser);
  const callback = page.waitForRequest((request) => request.url().startsWith(redirectUri));
  await page.route(`${redirectUri}**`, (route) => route.abort());
  await page.goto(authorization.href);
  await enterPassword(page, person).catch(() => undefined);
  const back = new URL((await callback).url()).searchParams;
  t.is(back.get('iss'), REALM);
  const code = back.get('code') ?? '';
  const withoutVerifier = await askForTokens({ grant_type: 'authorization_code', code, redirect_uri: redirectUri });
  t.is(withoutVerifier.status, 400, 'a stolen code is worth nothing');
  // Keycloak takes the attempt for a theft and spends the code: once more, properly.
  const again = page.waitForRequest((request) => request.url().startsWith(redirectUri));
  await page.goto(authorization.href).catch(() => undefined);
  const tokens = await askForTokens({
    grant_type: 'authorization_code',
    code: new URL((await again).url()).searchParams.get('code') ?? '',
    redirect_uri: redirectUri,
    code_verifier: verifier,
  });
  t.is(tokens.status, 200);

  const id = payloadOf(tokens.id_token);
  t.like(id, { aud: 'bastide', email: person.email, email_verified: true, name: 'token Person' });
  for (const claim of ['sid', 'auth_time', 'sub']) t.truthy(id[claim], claim);
  t.true((id['realm_access'] as { roles: string[] }).roles.includes('user'));
  const access = payloadOf(tokens.access_token);
  t.true([access['aud']].flat().includes('bastide-api'));
  t.is(access['iss'], REALM);
  t.true((access['realm_access'] as { roles: string[] }).roles.includes('user'));
  t.is(tokens.expires_in, 300);

  const me = (token: string) => fetch(`${world.appUrl}/v1/me`, { headers: { authorization: `Bearer ${token}` } });
  t.is((await me(tokens.access_token)).status, 200);
  t.is((await me(tokens.id_token)).status, 401, 'an ID token is no key to the API');
  const renewed = await askForTokens({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token });
  t.is((await me(renewed.access_token)).status, 200);
});

test('there is no other way in: no password grant, no implicit flow, no foreign address, no log-in without PKCE', async (t) => {
  const person = await makePerson('sneaky');
  for (const clientId of ['bastide', 'admin-cli', 'grafana']) {
    const answer = await fetch(`${REALM}/protocol/openid-connect/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'password',
        client_id: clientId,
        ...(clientId === 'bastide' && { client_secret: world.env['OIDC_CLIENT_SECRET'] ?? '' }),
        ...(clientId === 'grafana' && { client_secret: world.env['GRAFANA_OIDC_CLIENT_SECRET'] ?? '' }),
        username: person.email,
        password: person.password,
      }),
    });
    t.is(answer.status, 400, clientId);
    t.is(((await answer.json()) as { error: string }).error, 'unauthorized_client', clientId);
  }
  const refusal = async (change: Record<string, string | undefined>) => {
    const url = new URL(`${REALM}/protocol/openid-connect/auth`);
    const query = {
      client_id: 'bastide',
      response_type: 'code',
      scope: 'openid',
      redirect_uri: `${world.appUrl}/auth/callback`,
      code_challenge: 'A'.repeat(43),
      code_challenge_method: 'S256',
      ...change,
    };
    for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value);
    const answer = await fetch(url, { redirect: 'manual' });
    return answer.status === 302
      ? new URL(answer.headers.get('location') ?? '').searchParams.get('error')
      : answer.status;
  };
  t.is(await refusal({}), 200);
  for (const redirect of [
    'https://evil.test/',
    `${world.appUrl}/auth/callback/x`,
    `${world.appUrl}.evil.test/auth/callback`,
  ])
    t.is(await refusal({ redirect_uri: redirect }), 400, redirect);
  t.is(await refusal({ code_challenge: undefined, code_challenge_method: undefined }), 'invalid_request');
  t.is(await refusal({ code_challenge_method: 'plain' }), 'invalid_request');
  t.not(await refusal({ response_type: 'token' }), 200);
});

test('a session of ours ends when Keycloak ends its own', async (t) => {
  const person = await makePerson('ended');
  const [here, there] = [await newPage(browser), await newPage(browser)];
  await signIn(here, world.appUrl, person);
  await signIn(there, world.adminUrl, person);
  t.truthy(await whoIs(here, world.appUrl));
  t.truthy(await whoIs(there, world.adminUrl));
  await world.admin.post(`/cloud/users/${await idOf(person)}/logout`, {});
  await eventually('the end of the first session', async () => ((await whoIs(here, world.appUrl)) ? undefined : true));
  await eventually('the end of the second session', async () =>
    (await whoIs(there, world.adminUrl)) ? undefined : true,
  );
  t.pass();
});

test('signing out ends Keycloak’s session too, without a question, and comes back to where one was', async (t) => {
  const person = await makePerson('leaving');
  for (const origin of [world.appUrl, world.adminUrl]) {
    const page = await newPage(browser);
    await signIn(page, origin, person);
    await page.goto(`${origin}/auth/login?returnTo=/v1/me`);
    t.is(page.url(), `${origin}/v1/me`, 'Keycloak’s session signs in again by itself');
    const out = await page.context().request.post(`${origin}/auth/logout`, { headers: { 'x-csrf': '1' } });
    const { redirectUrl } = (await out.json()) as { redirectUrl: string };
    await page.goto(redirectUrl);
    t.is(page.url(), `${origin}/`);
    t.is(await whoIs(page, origin), undefined);
    await toForm(page, origin);
  }
});

test('a password entered too long ago is asked for again', async (t) => {
  const person = await makePerson('sleeper');
  const page = await newPage(browser);
  await signIn(page, world.appUrl, person);
  await page.goto(`${world.appUrl}/auth/login?returnTo=/v1/me`);
  t.is(page.url(), `${world.appUrl}/v1/me`);
  const url = await authorizationUrl(page);
  url.searchParams.set('max_age', '1');
  await page.waitForTimeout(2500);
  await page.goto(url.href);
  t.true(await page.locator('#password').isVisible());
});

test('wrong passwords make an account wait, nobody else, and not for good', async (t) => {
  const [victim, bystander] = [await makePerson('victim'), await makePerson('bystander')];
  const page = await newPage(browser);
  await toForm(page, world.appUrl);
  for (let attempt = 0; attempt < 10; attempt += 1) {
    await enterPassword(page, { ...victim, password: `wrong-${attempt}` });
    await page.locator('.pf-m-error').first().waitFor();
    // Two within a second count as a machine's, which is another rule.
    await page.waitForTimeout(1100);
  }
  await enterPassword(page, victim);
  await page.locator('.pf-m-error').first().waitFor();
  t.is(await whoIs(page, world.appUrl), undefined, 'the right password neither, for a while');
  t.regex((await page.locator('#input-error-container-username').textContent()) ?? '', /not right/);
  t.like(await world.admin.get(`/cloud/attack-detection/brute-force/users/${await idOf(victim)}`), { disabled: true });
  await signIn(await newPage(browser), world.appUrl, bystander);
  await world.admin.delete(`/cloud/attack-detection/brute-force/users/${await idOf(victim)}`);
  await signIn(await newPage(browser), world.appUrl, victim);
});

test('it lives within its memory while fifty people sign in at once', async (t) => {
  const people = [];
  for (let n = 0; n < 50; n += 1) people.push(await makePerson(`crowd-${n}`));
  const from = performance.now();
  const sessions = await Promise.all(people.map((person) => signInWithoutBrowser(person)));
  const tookMs = performance.now() - from;
  t.is(sessions.filter((location) => location.includes('code=')).length, 50);
  const run = promisify(execFile);
  const { stdout } = await run('docker', ['inspect', keycloakContainer]);
  const [{ State, RestartCount, HostConfig }] = JSON.parse(stdout) as [
    { State: { OOMKilled: boolean; Running: boolean }; RestartCount: number; HostConfig: { Memory: number } },
  ];
  t.like(State, { OOMKilled: false, Running: true });
  t.is(RestartCount, 0);
  const peak = await run('docker', ['exec', keycloakContainer, 'sh', '-c', PEAK]);
  const mib = (bytes: number) => Math.round(bytes / 2 ** 20);
  t.log(
    `ℹ 50 sign-ins in ${Math.round(tookMs)} ms; Keycloak's peak ${mib(Number(peak.stdout))} MiB of ${mib(HostConfig.Memory)} MiB`,
  );
});

const PEAK = 'cat /sys/fs/cgroup/memory.peak 2>/dev/null || cat /sys/fs/cgroup/memory/memory.max_usage_in_bytes';

/** The form filled by hand: fifty browsers would need more memory than what is measured. */
async function signInWithoutBrowser(person: Person): Promise<string> {
  const begin = await fetch(`${world.appUrl}/auth/login`, { redirect: 'manual' });
  const page = await fetch(begin.headers.get('location') ?? '');
  const cookies = page.headers.getSetCookie().map((cookie) => cookie.split(';')[0]);
  const action = /action="([^"]+)"/.exec(await page.text())?.[1]?.replaceAll('&amp;', '&') ?? '';
  const answer = await fetch(action, {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie: cookies.join('; ') },
    body: new URLSearchParams({ username: person.email, password: person.password, credentialId: '' }),
  });
  return answer.headers.get('location') ?? '';
}

async function authorizationUrl(page: Page): Promise<URL> {
  const answer = await page.context().request.get(`${world.appUrl}/auth/login`, { maxRedirects: 0 });
  return new URL(answer.headers()['location'] ?? '');
}

interface Tokens {
  status: number;
  id_token: string;
  access_token: string;
  refresh_token: string;
  expires_in: number;
}

async function askForTokens(grant: Record<string, string>): Promise<Tokens> {
  const answer = await fetch(`${REALM}/protocol/openid-connect/token`, {
    method: 'POST',
    body: new URLSearchParams({
      client_id: 'bastide',
      client_secret: world.env['OIDC_CLIENT_SECRET'] ?? '',
      ...grant,
    }),
  });
  return { ...((await answer.json()) as Omit<Tokens, 'status'>), status: answer.status };
}

const payloadOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
