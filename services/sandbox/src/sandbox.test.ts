import { connect } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { createTransport } from 'nodemailer';
import { type Sandbox, type SandboxOptions, startSandbox } from './sandbox.ts';

const OPTIONS: SandboxOptions = {
  oidc: {
    clientId: 'bastide',
    clientSecret: 'a-secret',
    redirectUris: ['http://127.0.0.1:9/auth/callback'],
    postLogoutRedirectUris: ['http://127.0.0.1:9/'],
    audience: 'bastide-api',
  },
  lago: { apiKey: 'lago-key', hmacKey: 'lago-hmac' },
  stripe: { secretKey: 'sk_test_1', webhookSecret: 'whsec_1' },
  chargily: { secretKey: 'test_sk_1' },
  llm: { apiKey: 'sk-up' },
};

async function sandbox(t: ExecutionContext): Promise<Sandbox> {
  const started = await startSandbox(OPTIONS);
  t.teardown(() => started.stop());
  return started;
}

function isOpen(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

test('starts every stand-in at a port of its own, and each answers in its own words', async (t) => {
  const { urls, smtpUrl, standIns } = await sandbox(t);
  t.is(new Set([...Object.values(urls), smtpUrl]).size, 10);
  t.deepEqual(Object.keys(standIns).sort(), [
    'anthropic',
    'chargily',
    'gemini',
    'lago',
    'llm',
    'oidc',
    'sites',
    'smtp',
    'stripe',
  ]);
  const issuer = (await (await fetch(`${urls.oidc}/.well-known/openid-configuration`)).json()) as { issuer: string };
  t.is(issuer.issuer, urls.oidc);
  t.is((await fetch(`${urls.lago}/api/v1/plans`)).status, 401);
  t.is((await fetch(`${urls.stripe}/v1/customers`)).status, 401);
  t.is((await fetch(`${urls.chargily}/test/api/v2/balance`)).status, 401);
  t.is((await fetch(`${urls.llm}/v1/models`, { headers: { authorization: 'Bearer sk-up' } })).status, 200);
  const claude = { 'x-api-key': 'sk-up', 'anthropic-version': '2023-06-01' };
  t.is((await fetch(`${urls.anthropic}/v1/models`, { headers: claude })).status, 200);
  t.is((await fetch(`${urls.gemini}/v1beta/models`, { headers: { 'x-goog-api-key': 'sk-up' } })).status, 200);
  t.is((await fetch(urls.sites)).status, 404);
  await createTransport(smtpUrl).sendMail({ from: 'a@b.test', to: 'c@d.test', subject: 'Hi', text: 'Hi' });
  const mails = (await (await fetch(`${urls.control}/api/mails?to=c@d.test`)).json()) as { items: unknown[] };
  t.like(mails.items, [{ subject: 'Hi' }]);
  t.deepEqual(Object.keys((await (await fetch(`${urls.control}/api/state`)).json()) as object).sort(), [
    'actions',
    'faults',
    'now',
    'standIns',
    'urls',
  ]);
});

test('lets a fault strike one stand-in, as often as told, and logs it', async (t) => {
  const { urls, world } = await sandbox(t);
  const add = (fault: object) => fetch(`${urls.control}/api/faults`, { method: 'POST', body: JSON.stringify(fault) });
  await add({ target: 'sites', kind: 'status', status: 503, times: 1 });
  t.is((await fetch(urls.sites)).status, 503);
  t.is((await fetch(urls.sites)).status, 404);
  await add({ target: 'sites', kind: 'drop_before', times: 1 });
  await t.throwsAsync(fetch(urls.sites));
  await add({ target: 'sites', kind: 'drop_after', times: 1 });
  await t.throwsAsync(fetch(urls.sites));
  await add({ target: 'sites', kind: 'hang', times: 1 });
  await t.throwsAsync(fetch(urls.sites, { signal: AbortSignal.timeout(100) }));
  await add({ target: 'sites', kind: 'latency', ms: 120, times: 1 });
  const before = Date.now();
  await fetch(urls.sites);
  t.true(Date.now() - before >= 115);
  t.deepEqual(
    world.log.list({ standIn: 'sites' }).map(({ status, fault }) => [status, fault]),
    [
      [503, 'status'],
      [404, undefined],
      [null, 'drop_before'],
      [null, 'drop_after'],
      [null, 'hang'],
      [404, 'latency'],
    ],
  );
});

test('stops at once and frees every port, although clients hang', async (t) => {
  const started = await startSandbox(OPTIONS);
  const { urls, smtpUrl, world } = started;
  world.faults.add({ target: 'llm', kind: 'hang' });
  const hanging = t.throwsAsync(fetch(`${urls.llm}/v1/models`));
  while (world.log.list({ standIn: 'llm' }).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const before = Date.now();
  await started.stop();
  t.true(Date.now() - before < 2000);
  await hanging;
  for (const url of [...Object.values(urls), smtpUrl]) t.false(await isOpen(url), url);
});

test('names the stand-in whose port is taken and leaves nothing open', async (t) => {
  const { urls } = await sandbox(t);
  const port = Number(new URL(urls.lago).port);
  const free = Number(new URL((await startAndStop()).urls.oidc).port);
  await t.throwsAsync(startSandbox({ ...OPTIONS, ports: { stripe: port, oidc: free } }), { message: /stripe.*port/ });
  t.false(await isOpen(`http://127.0.0.1:${free}`));
  await t.throwsAsync(startSandbox({ ...OPTIONS, ports: { smtp: port, oidc: free } }), { message: /smtp.*port/ });
  t.false(await isOpen(`http://127.0.0.1:${free}`));
});

async function startAndStop(): Promise<Sandbox> {
  const started = await startSandbox(OPTIONS);
  await started.stop();
  return started;
}
