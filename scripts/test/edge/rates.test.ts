import { DOMAIN } from './support/edge.ts';
import { edgeTest } from './support/test.ts';

const test = edgeTest({ settings: { ADMIN_ALLOWED_CIDRS: '127.0.0.0/29,2001:db8::/32' } });

/** How many of `count` requests at once, all from one address, are answered with each status. */
const burst = async (ask: () => Promise<{ status: number }>, count: number) => {
  const answers = await Promise.all(Array.from({ length: count }, ask));
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
};

test('twenty passwords at once, then one every twelve seconds', async (t) => {
  const { client } = t.context.edge;
  const url = `auth.${DOMAIN}/realms/cloud/login-actions/authenticate?session_code=x`;
  const counts = await burst(() => client.get(url, { method: 'POST', from: '127.0.1.1' }), 40);
  t.true((counts[200] ?? 0) >= 20 && (counts[200] ?? 0) <= 21, JSON.stringify(counts));
  const refused = await client.get(url, { method: 'POST', from: '127.0.1.1' });
  t.is(refused.status, 429);
  t.true(Number(refused.headers['retry-after']) > 0);
  // Another spelling is the same class; looking at the form, another client and the rest of the host are not.
  const slash = url.replace('?', '/?');
  t.is((await client.get(slash, { method: 'POST', from: '127.0.1.1' })).status, 429);
  t.is((await client.get(url, { from: '127.0.1.1' })).status, 200);
  t.is((await client.get(url, { method: 'POST', from: '127.0.1.2' })).status, 200);
  t.is(
    (
      await client.get(`auth.${DOMAIN}/realms/cloud/protocol/openid-connect/token`, {
        method: 'POST',
        from: '127.0.1.1',
      })
    ).status,
    200,
  );
});

for (const action of ['registration', 'reset-credentials'])
  test(`ten ${action} forms an hour`, async (t) => {
    const { client } = t.context.edge;
    const from = action === 'registration' ? '127.0.2.1' : '127.0.2.2';
    const ask = () => client.get(`auth.${DOMAIN}/realms/cloud/login-actions/${action}?x=1`, { method: 'POST', from });
    t.deepEqual(await burst(ask, 15), { 200: 10, 429: 5 });
  });

test('fifty log-ins of one person in a row need no password again and are not refused', async (t) => {
  const { client } = t.context.edge;
  const from = '127.0.3.1';
  // What a browser asks when a session has ended but Keycloak's has not.
  for (let login = 0; login < 25; login++) {
    t.is((await client.get(`app.${DOMAIN}/auth/login`, { from })).status, 200);
    t.is((await client.get(`auth.${DOMAIN}/realms/cloud/protocol/openid-connect/auth?x=1`, { from })).status, 200);
    t.is((await client.get(`app.${DOMAIN}/auth/callback?code=${login}`, { from })).status, 200);
  }
});

const CLASSES: [string, string, number][] = [
  ['opening sign-in', `app.${DOMAIN}/auth/login`, 60],
  ['webhooks', `api.${DOMAIN}/webhooks/stripe`, 100],
  ['pages', `${DOMAIN}/`, 200],
  ['the API', `api.${DOMAIN}/v1/me`, 200],
  ['sites', `acme.${DOMAIN}/`, 200],
];

for (const [index, [name, url, least]] of CLASSES.entries())
  test.serial(`${name}: ${least} requests at once, not many more`, async (t) => {
    const { client } = t.context.edge;
    const from = `127.0.4.${index + 1}`;
    let passed = 0;
    let refused = 0;
    // In portions, so that the limit of open requests is not what answers.
    for (let portion = 0; portion < (least * 3) / 50; portion++) {
      const counts = await burst(() => client.get(url, { from }), 50);
      passed += counts[200] ?? 0;
      refused += counts[429] ?? 0;
    }
    t.true(passed >= least, `${passed} passed`);
    t.true(refused > 0, `${passed} passed, ${refused} refused`);
  });

test.serial('one address may hold two hundred requests open, and a new one after it has let one go', async (t) => {
  const { client, upstreams } = t.context.edge;
  const api = upstreams.api!;
  const from = '127.0.5.1';
  const ask = () => client.get(`api.${DOMAIN}/v1/slow?echo=wait`, { from });
  const open: Promise<{ status: number }>[] = [];
  for (let portion = 0; portion < 2; portion++) open.push(...Array.from({ length: 100 }, ask));
  await t.context.edge.until('all to be open', () => Promise.resolve(api.waiting === 200));
  // The rate allows 200 at once and 100 more each second.
  await new Promise((resolve) => setTimeout(resolve, 500));
  t.is((await client.get(`api.${DOMAIN}/v1/me`, { from })).status, 429);
  t.is((await client.get(`api.${DOMAIN}/v1/me`, { from: '127.0.5.2' })).status, 200);
  api.finish('/v1/slow');
  t.true((await Promise.all(open)).every(({ status }) => status === 200));
  t.is((await client.get(`api.${DOMAIN}/v1/me`, { from })).status, 200);
});

test('a page of the edge’s dashboard opens at once; passwords for it cannot be tried without end', async (t) => {
  const { client } = t.context.edge;
  const ask = () => client.get(`traefik.${DOMAIN}/api/overview`, { from: '127.0.0.6' });
  t.deepEqual(await burst(ask, 40), { 401: 40 });
  t.true(((await burst(ask, 60))[429] ?? 0) > 20);
});

test('operators’ hosts open only to the addresses of the allow-list', async (t) => {
  const { client } = t.context.edge;
  for (const path of ['admin', 'grafana', 'billing', 'postal', 'traefik'].map((name) => `${name}.${DOMAIN}/`)) {
    t.is((await client.get(path, { from: '127.0.0.9' })).status, 403, path);
    t.not((await client.get(path, { from: '127.0.0.7' })).status, 403, path);
  }
  for (const path of ['/v1/me', '/auth/login'])
    t.is((await client.get(`admin.${DOMAIN}${path}`, { from: '127.0.0.9' })).status, 403);
  t.is((await client.get(`billing.${DOMAIN}/graphql`, { from: '127.0.0.9', method: 'POST' })).status, 403);
  t.is((await client.get(`app.${DOMAIN}/v1/me`, { from: '127.0.0.9' })).status, 200);
  for (const path of ['/v1/admin/llm/usage', '/v1/ADMIN/llm/usage.csv', '/v1/admin'])
    for (const name of ['app', 'api', 'admin']) {
      t.is((await client.get(`${name}.${DOMAIN}${path}`, { from: '127.0.0.9' })).status, 403, `${name} ${path}`);
      t.is((await client.get(`${name}.${DOMAIN}${path}`, { from: '127.0.0.7' })).status, 200, `${name} ${path}`);
    }
  // Saying to come from an allowed address is not coming from it.
  const headers = { 'x-forwarded-for': '127.0.0.2', 'x-real-ip': '127.0.0.2', forwarded: 'for=127.0.0.2' };
  t.is((await client.get(`admin.${DOMAIN}/`, { from: '127.0.0.9', headers })).status, 403);
});
