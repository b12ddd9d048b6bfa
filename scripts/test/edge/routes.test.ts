import { DOMAIN, servicesBehind } from './support/edge.ts';
import { compose } from './support/compose.ts';
import { edgeTest } from './support/test.ts';

const test = edgeTest();

const GENERATORS = [
  ...['cold-dm', 'battlecards', 'objection', 'community-finder', 'carousel', 'cold-email'],
  ...['pitch-deck', 'whitepaper', 'deck-heatmap', 'webinar', 'warmranker', 'no-show-shield'],
];

/** Host, path, service: what people and programs ask for. */
const ROUTES: [string, string, string][] = [
  ['app', '/', 'dashboard'],
  ['app', '/sites/site_1', 'dashboard'],
  ['app', '/assets/index-abc.js', 'dashboard'],
  ['app', '/authors', 'dashboard'],
  ['app', '/v1/me', 'api'],
  ['app', '/v1/operations/op_1/events', 'api'],
  ['app', '/auth/login?returnTo=%2Fsites', 'api'],
  ['app', '/auth/callback?code=a&state=b', 'api'],
  ['app', '/auth/logout', 'api'],
  ['app', '/webhooks/stripe', 'api'],
  ['admin', '/', 'dashboard'],
  ['admin', '/v1/me', 'api'],
  ['admin', '/admin/dashboard', 'api'],
  ['admin', '/auth/callback', 'api'],
  ['api', '/v1/sites', 'api'],
  ['api', '/webhooks/stripe', 'api'],
  ['llm', '/v1/chat/completions', 'gateway'],
  ['llm', '/v1/models/meta-llama%2Fllama-3', 'gateway'],
  ['llm', '/api/v2/chat', 'gateway'],
  ['llm', '/api/v2/models', 'gateway'],
  ['auth', '/realms/cloud/protocol/openid-connect/auth?client_id=bastide', 'keycloak'],
  ['auth', '/realms/cloud/protocol/openid-connect/token', 'keycloak'],
  ['auth', '/realms/cloud/protocol/openid-connect/certs', 'keycloak'],
  ['auth', '/realms/cloud/protocol/openid-connect/login-status-iframe.html', 'keycloak'],
  ['auth', '/realms/cloud/login-actions/authenticate?execution=1', 'keycloak'],
  ['auth', '/realms/cloud/broker/github/endpoint', 'keycloak'],
  ['auth', '/realms/cloud/account/', 'keycloak'],
  ['auth', '/realms/cloud/.well-known/openid-configuration', 'keycloak'],
  ['auth', '/.well-known/oauth-authorization-server/realms/cloud', 'keycloak'],
  ['auth', '/resources/1a2b/login/bastide/css/styles.css', 'keycloak'],
  ['billing', '/', 'lago-front'],
  ['billing', '/graphql', 'lago-api'],
  ['grafana', '/d/api/requests', 'grafana'],
  ['grafana', '/api/live/ws', 'grafana'],
  ['postal', '/login', 'postal-web'],
  ['status', '/', 'dashboard'],
  ['status', '/v1/status', 'api'],
  ['acme', '/app', 'bench-nginx'],
  ['acme', '/private/files/invoice.pdf', 'bench-nginx'],
  ['acme', '/api/resource/Item/A%2FB%3F%23%25', 'bench-nginx'],
  ...GENERATORS.map((name): [string, string, string] => [name, '/', 'dashboard']),
  ...GENERATORS.map((name): [string, string, string] => [name, '/v1/plans', 'api']),
];

for (const [name, path, service] of ROUTES)
  test(`${name}.D${path} is answered by ${service}`, async (t) => {
    const { status, arrival } = await t.context.edge.client.get(`${name}.${DOMAIN}${path}`);
    t.is(status, 200);
    t.is(arrival?.service, service);
    t.is(arrival?.url, path);
    t.is(arrival?.headers.host, `${name}.${DOMAIN}`);
    t.is(arrival?.headers['x-forwarded-proto'], 'https');
    t.is(arrival?.headers['x-forwarded-for'], '127.0.0.2');
  });

test('the bare domain shows the landing page, with the plans, and signs in on the host of the dashboard', async (t) => {
  const { client, ports } = t.context.edge;
  t.is((await client.get(`${DOMAIN}/`)).arrival?.service, 'dashboard');
  t.is((await client.get(`${DOMAIN}/v1/plans`)).arrival?.service, 'api');
  t.is((await client.get(`${DOMAIN}/v1/sites`)).status, 404);
  const signIn = await client.get(`${DOMAIN}/auth/login?returnTo=%2F`);
  t.is(signIn.status, 302);
  t.is(signIn.headers.location, `https://app.${DOMAIN}:${ports.websecure}/auth/login?returnTo=%2F`);
});

test('www leads to the bare domain for good, with the path', async (t) => {
  const { client, ports } = t.context.edge;
  const answer = await client.get(`www.${DOMAIN}/prices?x=1`);
  t.is(answer.status, 301);
  t.is(answer.headers.location, `https://${DOMAIN}:${ports.websecure}/prices?x=1`);
});

test('plain HTTP leads to HTTPS on the public port, whatever the method', async (t) => {
  const { client, ports } = t.context.edge;
  const get = await client.get(`app.${DOMAIN}/sites?x=1`, { port: ports.web, plain: true });
  t.is(get.status, 301);
  t.is(get.headers.location, `https://app.${DOMAIN}:${ports.websecure}/sites?x=1`);
  const post = await client.get(`app.${DOMAIN}/v1/sites`, { port: ports.web, plain: true, method: 'POST' });
  t.is(post.status, 308);
});

test('the dashboard of the edge asks for a password', async (t) => {
  const { client } = t.context.edge;
  t.is((await client.get(`traefik.${DOMAIN}/api/rawdata`)).status, 401);
  const authorization = (user: string) => `Basic ${Buffer.from(user).toString('base64')}`;
  const wrong = await client.get(`traefik.${DOMAIN}/api/rawdata`, {
    headers: { authorization: authorization('operator:x') },
  });
  t.is(wrong.status, 401);
  const right = await client.get(`traefik.${DOMAIN}/api/version`, {
    headers: { authorization: authorization('operator:secret') },
  });
  t.is(right.status, 200);
});

test('no router is refused, and no middleware or service that one names is missing', async (t) => {
  const authorization = `Basic ${Buffer.from('operator:secret').toString('base64')}`;
  const { body } = await t.context.edge.client.get(`traefik.${DOMAIN}/api/rawdata`, { headers: { authorization } });
  const { routers, middlewares, services } = JSON.parse(body) as Record<
    string,
    Record<string, { status?: string; error?: string[] }>
  >;
  for (const [name, { status, error }] of Object.entries({ ...routers, ...middlewares, ...services }))
    t.true(status === undefined || status === 'enabled', `${name}: ${error?.join('; ')}`);
  t.true(Object.keys(routers ?? {}).length > 25);
});

test('our own processes reach a site by its name on the plain port inside', async (t) => {
  const { client, ports } = t.context.edge;
  const answer = await client.get(`acme.${DOMAIN}/api/method/ping`, { port: ports.internal, plain: true });
  t.is(answer.arrival?.service, 'bench-nginx');
});

test('every upstream is a service of docker-compose.yml', (t) => {
  const { services } = compose();
  for (const address of servicesBehind()) t.true(address.split(':')[0]! in services, address);
});
