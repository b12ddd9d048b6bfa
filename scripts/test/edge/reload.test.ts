import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { DYNAMIC } from './support/compose.ts';
import { DOMAIN, Edge } from './support/edge.ts';
import { edgeTest } from './support/test.ts';

const test = edgeTest();

/** As the orchestrator will write it: a custom domain, and a site that has not paid. */
const TENANTS = JSON.stringify({
  http: {
    routers: {
      'site-shop': {
        rule: 'Host(`shop.example`)',
        priority: 10,
        middlewares: ['headers-site@file', 'rate-global@file', 'inflight-sites@file', 'site-errors@file', 'site-shop'],
        service: 'bench@file',
      },
      'site-late': {
        rule: `Host(\`late.${DOMAIN}\`)`,
        priority: 10,
        middlewares: ['headers-site@file', 'suspended@file'],
        service: 'noop@internal',
      },
      // A tenant that got itself the name of ours would change nothing.
      'site-app': { rule: `Host(\`app.${DOMAIN}\`)`, priority: 49, service: 'bench@file' },
    },
    middlewares: { 'site-shop': { headers: { customRequestHeaders: { 'X-Frappe-Site-Name': `shop.${DOMAIN}` } } } },
  },
});

const shop = (edge: Edge) => edge.client.get('shop.example/', { serverName: `app.${DOMAIN}` });
const isUp = async (edge: Edge) => (await shop(edge)).status === 200;

async function mainRoutesHold(t: ExecutionContext, edge: Edge): Promise<void> {
  t.is((await edge.client.get(`app.${DOMAIN}/v1/me`)).arrival?.service, 'api');
  t.is((await edge.client.get(`acme.${DOMAIN}/`)).arrival?.service, 'bench-nginx');
  t.is((await edge.client.get(`app.${DOMAIN}/metrics`)).status, 404);
}

test.serial('tenants’ routes come and go while connections stay', async (t) => {
  const { edge } = t.context;
  t.is((await shop(edge)).status, 404);
  const stream = await edge.client.open(`app.${DOMAIN}/v1/operations/op_1/events?echo=sse`);
  await once(stream.setEncoding('utf8'), 'data');
  const socket = await edge.client.socket(`acme.${DOMAIN}`);
  const upgrade =
    'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n';
  socket.setEncoding('utf8').write(`GET /socket.io/ HTTP/1.1\r\nHost: acme.${DOMAIN}\r\n${upgrade}`);
  await once(socket, 'data');

  edge.routes.text = TENANTS;
  await edge.until('the custom domain', () => isUp(edge));
  t.is((await shop(edge)).arrival?.headers['x-frappe-site-name'], `shop.${DOMAIN}`);
  const late = await edge.client.get(`late.${DOMAIN}/app`);
  t.is(late.status, 402);
  t.is(late.body, '<h1>/_edge/402.html</h1>');
  await mainRoutesHold(t, edge);
  edge.routes.text = '{}';
  await edge.until('the custom domain to be gone', async () => (await shop(edge)).status === 404);

  edge.upstreams.api!.finish('/v1/operations');
  t.deepEqual(await once(stream, 'data'), ['data: last\n\n']);
  socket.write('still here');
  t.deepEqual(await once(socket, 'data'), ['still here']);
  socket.destroy();
});

const WRONG: [string, (edge: Edge) => void][] = [
  ['half a file', (edge) => (edge.routes.text = TENANTS.slice(0, 200))],
  [
    'a field that Traefik does not know',
    (edge) => (edge.routes.text = '{"http":{"routers":{"x":{"rules":"Host(`x`)"}}}}'),
  ],
  ['a page of an error', (edge) => (edge.routes.text = '<html>502 Bad Gateway</html>')],
  ['an answer of 500', (edge) => (edge.routes.status = 500)],
];

for (const [what, spoil] of WRONG)
  test.serial(
    `${what} instead of tenants’ routes: the last good ones stay, and the right ones come back`,
    async (t) => {
      const { edge } = t.context;
      edge.routes.text = TENANTS;
      await edge.until('the custom domain', () => isUp(edge));
      const polls = edge.routes.polls;
      spoil(edge);
      await edge.until('Traefik to have read it', () => Promise.resolve(edge.routes.polls > polls + 1));
      t.true(await isUp(edge));
      await mainRoutesHold(t, edge);
      edge.routes.status = 200;
      edge.routes.text = '{}';
      await edge.until('the custom domain to be gone', async () => (await shop(edge)).status === 404, 70_000);
    },
  );

test.serial('an empty answer means no tenants’ routes; ours hold', async (t) => {
  const { edge } = t.context;
  edge.routes.text = TENANTS;
  await edge.until('the custom domain', () => isUp(edge));
  edge.routes.text = '';
  await edge.until('the custom domain to be gone', async () => (await shop(edge)).status === 404);
  await mainRoutesHold(t, edge);
});

test.serial('one wrong rule among tenants’ routes hurts only its own router', async (t) => {
  const { edge } = t.context;
  const config = JSON.parse(TENANTS) as { http: { routers: Record<string, object> } };
  config.http.routers['broken'] = { rule: 'Host(`x`) &&& (', service: 'bench@file' };
  config.http.routers['lost'] = { rule: 'Host(`lost.example`)', service: 'nowhere@file' };
  edge.routes.text = JSON.stringify(config);
  await edge.until('the custom domain', () => isUp(edge));
  await mainRoutesHold(t, edge);
  edge.routes.text = '{}';
  await edge.until('the custom domain to be gone', async () => (await shop(edge)).status === 404);
});

test.serial('a file of ours that is changed on the disk takes effect; a broken one changes nothing', async (t) => {
  const { edge } = t.context;
  const name = '40-local.yml';
  edge.writeDynamic(name, 'http: {routers: {own: {rule: "Host(`own.example`)", priority: 10, service: bench}}}\n');
  const own = () => edge.client.get('own.example/', { serverName: `app.${DOMAIN}` });
  await edge.until('the new route', async () => (await own()).status === 200);
  edge.writeDynamic(name, 'http: {routers: [\n');
  await edge.until('Traefik to say so', () => Promise.resolve(edge.output.includes(name)));
  t.is((await own()).status, 200);
  await mainRoutesHold(t, edge);
});

test('a cold start with nothing behind: every route answers 502 by itself, and each service is served when it is there', async (t) => {
  const names = [
    'api',
    'gateway',
    'dashboard',
    'keycloak',
    'grafana',
    'lago-api',
    'lago-front',
    'postal-web',
    'bench-nginx',
  ];
  const edge = await Edge.start({ down: names });
  t.teardown(() => edge.stop());
  t.is((await edge.client.get(`app.${DOMAIN}/v1/me`)).status, 502);
  t.is((await edge.client.get(`acme.${DOMAIN}/`)).status, 502);
  for (const name of ['api', 'dashboard']) await edge.upstreams[name]!.start(edge.upstreams[name]!.port);
  t.is((await edge.client.get(`app.${DOMAIN}/v1/me`)).status, 200);
  const away = await edge.client.get(`acme.${DOMAIN}/`, { headers: { cookie: 'sid=secret', 'accept-language': 'fr' } });
  t.is(away.status, 502);
  t.is(away.body, '<h1>/_edge/502.html</h1>');
  const asked = edge.upstreams.dashboard!.arrivals.at(-1);
  t.is(asked?.headers.cookie, undefined);
  t.is(asked?.headers['accept-language'], 'fr');
});

test('a cold start with a wrong file of tenants, or none at all, has all of our own routes', async (t) => {
  const edge = await Edge.start({ routes: TENANTS.slice(0, 100) });
  t.teardown(() => edge.stop());
  await mainRoutesHold(t, edge);
  await edge.routes.stop();
  await edge.stopTraefik();
  await edge.run();
  await mainRoutesHold(t, edge);
});

test('without users for the edge’s dashboard there is no edge’s dashboard', async (t) => {
  const edge = await Edge.start({ dashboardUsers: '' });
  t.teardown(() => edge.stop());
  t.is((await edge.client.get(`traefik.${DOMAIN}/api/rawdata`)).status, 404);
  await mainRoutesHold(t, edge);
});

test('in acme mode one router asks for the one certificate, and the files of the other modes are not read', async (t) => {
  const edge = await Edge.start({ settings: { TLS_MODE: 'acme', ACME_DNS_PROVIDER: 'exec' } });
  t.teardown(() => edge.stop());
  await edge.until('the request for a certificate', () =>
    Promise.resolve(edge.output.includes('Unable to obtain ACME certificate')),
  );
  const asked = edge.output.split('\n').filter((line) => line.includes('Unable to obtain ACME certificate'));
  t.true(
    asked.every((line) => line.includes(`"${DOMAIN}"`) && line.includes(`"*.${DOMAIN}"`) && line.includes('wild.acme')),
  );
});

test('no file of traefik/dynamic is anything but YAML before its template is filled in', async (t) => {
  const { parse } = await import('yaml');
  for (const name of ['10-core.yml', '20-middlewares.yml', '30-tls.yml'])
    t.notThrows(() => void parse(readFileSync(join(DYNAMIC, name), 'utf8'), { merge: true }), name);
});
