import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import test from 'ava';
import { repositoryPath } from '../../../../services/orchestrator/test/support/processes.ts';
import { type World, apply, operator, plan, startWorld } from './world.ts';

const cleanUps: (() => Promise<void>)[] = [];
let world: World;

test.before(async () => {
  world = await startWorld((run) => cleanUps.push(run));
  if (await world.admin.get('/cloud')) await world.admin.delete('/cloud');
});
test.after.always(async () => {
  for (const run of cleanUps.reverse()) await run();
});

test('plan changes nothing', async (t) => {
  t.deepEqual(await plan(world.env), [
    'realm cloud: make it and everything in it',
    `account of the first operator: ${operator.email}`,
  ]);
  t.is(await world.admin.get('/cloud'), undefined);
});

test('killed at any moment and run again, it comes to the end, with one operator', async (t) => {
  let kills = 0;
  for (const fromMs of [500, 700, 900, 1200, 1600, 2200]) {
    if (await killedAfter(fromMs + randomInt(300))) kills += 1;
  }
  t.log(`ℹ killed ${kills} times`);
  await apply(world.env);
  t.deepEqual(await apply(world.env), []);
  const users = await world.admin.require<{ id: string; requiredActions: string[] }[]>('/cloud/users');
  t.is(users.length, 1);
  t.deepEqual(users[0]?.requiredActions, ['UPDATE_PASSWORD']);
  const roles = await world.admin.require<{ name: string }[]>(`/cloud/users/${users[0]?.id}/role-mappings/realm`);
  t.deepEqual(roles.map(({ name }) => name).sort(), ['admin', 'default-roles-cloud', 'superadmin']);
});

test('a realm is closed to the world until everything in it is right', async (t) => {
  await world.admin.delete('/cloud');
  await world.admin.post('', { realm: 'cloud', enabled: false });
  t.like(await world.admin.get('/cloud'), { enabled: false, registrationAllowed: false });
  const changes = await apply(world.env);
  t.like(await world.admin.get('/cloud'), { enabled: true, registrationAllowed: true });
  t.regex(changes.findIndex((line) => line.startsWith('account of')).toString(), /^\d+$/);
  t.true(changes.findIndex((line) => line.startsWith('account of')) < changes.indexOf('realm: enabled false → true'));
});

test('the second run changes nothing', async (t) => {
  t.deepEqual(await apply(world.env), []);
  t.deepEqual(await plan(world.env), []);
});

test('what is ours is set right, what somebody added stays', async (t) => {
  const { admin } = world;
  await admin.post('/cloud/clients', { clientId: 'of-the-operator', redirectUris: ['https://else.example.test/*'] });
  await admin.post('/cloud/roles', { name: 'of-the-operator' });
  await admin.post('/cloud/authentication/flows', {
    alias: 'of-the-operator',
    providerId: 'basic-flow',
    topLevel: true,
  });
  const realm = await admin.require<{ attributes: Record<string, string> }>('/cloud');
  await admin.put('/cloud', {
    passwordPolicy: 'length(1)',
    bruteForceProtected: false,
    userManagedAccessAllowed: true,
    attributes: { ...realm.attributes, 'of.the.operator': 'kept', frontendUrl: '' },
  });
  const client = await clientOf('bastide');
  const { id, protocolMappers } = client;
  await admin.put(`/cloud/clients/${id}`, {
    ...client,
    redirectUris: ['https://evil.test/*'],
    directAccessGrantsEnabled: true,
  });
  await admin.delete(`/cloud/clients/${id}/protocol-mappers/models/${protocolMappers[0]?.id}`);

  t.deepEqual((await apply(world.env)).map((line) => line.replace(/ \S* → .*/, '')).sort(), [
    'client bastide: directAccessGrantsEnabled',
    `client bastide: mapper ${protocolMappers[0]?.name}: make it`,
    'client bastide: redirectUris',
    'realm: bruteForceProtected',
    'realm: passwordPolicy',
  ]);
  t.deepEqual(await apply(world.env), []);
  t.like(await admin.get('/cloud'), { userManagedAccessAllowed: true, attributes: { 'of.the.operator': 'kept' } });
  t.truthy(await clientOf('of-the-operator'));
  t.truthy(await admin.get('/cloud/roles/of-the-operator'));
});

test('rotated secrets, another brand, relay and log-ins are applied once', async (t) => {
  const other = {
    ...world.env,
    BRAND_NAME: 'Maison',
    OIDC_CLIENT_SECRET: 'rotated',
    GRAFANA_OIDC_CLIENT_SECRET: 'rotated too',
    SMTP_URL: 'smtps://somebody:else@relay.example.test',
    GITHUB_CLIENT_ID: 'gh',
    GITHUB_CLIENT_SECRET: 'gh-secret',
    GOOGLE_CLIENT_ID: 'go',
    GOOGLE_CLIENT_SECRET: 'go-secret',
    LINKEDIN_CLIENT_ID: 'li',
    LINKEDIN_CLIENT_SECRET: 'li-secret',
  };
  const changes = await apply(other);
  for (const line of ['client bastide: the secret', 'client grafana: the secret', 'mail: the password of the relay'])
    t.true(changes.includes(line), line);
  t.deepEqual(await apply(other), []);
  t.deepEqual(await plan({ ...other, GITHUB_CLIENT_SECRET: 'rotated' }), ['log-in by github: the secret']);
  t.deepEqual(await apply({ ...other, GITHUB_CLIENT_SECRET: 'rotated' }), ['log-in by github: the secret']);
  t.like(await world.admin.get('/cloud'), {
    displayName: 'Maison',
    smtpServer: { host: 'relay.example.test', ssl: 'true', port: '465' },
  });

  const { GOOGLE_CLIENT_ID: _, ...withoutGoogle } = other;
  t.true((await apply(withoutGoogle)).includes('log-in by google: take it away'));
  t.is(await world.admin.get('/cloud/identity-provider/instances/google'), undefined);

  const back = await apply(world.env);
  t.true(back.includes('log-in by github: take it away'));
  t.deepEqual(await apply(world.env), []);
});

test('a log-in that an operator made by hand under one of our names stays', async (t) => {
  const path = '/cloud/identity-provider/instances';
  await world.admin.post(path, {
    alias: 'google',
    providerId: 'google',
    config: { clientId: 'by hand', clientSecret: 's' },
  });
  t.deepEqual(await apply(world.env), []);
  t.like(await world.admin.get(`${path}/google`), { config: { clientId: 'by hand' } });
  await world.admin.delete(`${path}/google`);
});

test('without a relay nobody is asked to confirm an address', async (t) => {
  await apply({ ...world.env, SMTP_URL: 'smtp://mail.invalid:25' });
  t.like(await world.admin.get('/cloud'), { verifyEmail: false, resetPasswordAllowed: false, smtpServer: {} });
  await apply(world.env);
  t.like(await world.admin.get('/cloud'), { verifyEmail: true, resetPasswordAllowed: true });
});

test('the operator’s account is made once: not again when its owner deletes it, and its password is not reset', async (t) => {
  const [user] = await world.admin.require<{ id: string }[]>(`/cloud/users?email=${operator.email}&exact=true`);
  await world.admin.delete(`/cloud/users/${user?.id}`);
  t.deepEqual(await apply({ ...world.env, FIRST_ADMIN_PASSWORD: 'another-first-password' }), []);
  t.deepEqual(await world.admin.get('/cloud/users'), []);
});

test('somebody who registered the operator’s address in an open realm gets nothing', async (t) => {
  const realm = await world.admin.require<{ attributes: Record<string, string> }>('/cloud');
  const { 'bastide.operator': _, ...attributes } = realm.attributes;
  await world.admin.put('/cloud', { attributes });
  await world.admin.post('/cloud/users', { username: operator.email, email: operator.email, enabled: true });
  await apply(world.env);
  const [user] = await world.admin.require<{ id: string }[]>('/cloud/users');
  const roles = await world.admin.require<{ name: string }[]>(`/cloud/users/${user?.id}/role-mappings/realm`);
  t.deepEqual(
    roles.map(({ name }) => name),
    ['default-roles-cloud'],
  );
  t.deepEqual(await apply(world.env), []);
});

test('a wrong secret of the setup account is said at once, without the secret', async (t) => {
  const error = await t.throwsAsync(plan({ ...world.env, KEYCLOAK_ADMIN_CLIENT_SECRET: 'not-the-secret' }));
  t.regex(error.message, /401 to client bastide-setup of realm master/);
  t.false(error.message.includes('not-the-secret'));
});

interface Client {
  id: string;
  protocolMappers: { id: string; name: string }[];
}

async function clientOf(clientId: string): Promise<Client> {
  const [client] = await world.admin.require<Client[]>(`/cloud/clients?clientId=${clientId}`);
  if (!client) throw new Error(`No client ${clientId}`);
  return client;
}

/** Whether it was still at work then. */
function killedAfter(ms: number): Promise<boolean> {
  const child = spawn(process.execPath, ['src/main/setup/keycloak/cli.ts', 'apply'], {
    cwd: repositoryPath('services/orchestrator'),
    env: { PATH: process.env['PATH'], ...world.env },
    stdio: 'ignore',
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), ms);
  return new Promise((resolve) =>
    child.once('exit', (_code, signal) => {
      clearTimeout(timer);
      resolve(signal === 'SIGKILL');
    }),
  );
}
