import { connect as connectHttp2 } from 'node:http2';
import type { ExecutionContext } from 'ava';
import { compose } from './support/compose.ts';
import { DOMAIN, type Edge, servicesBehind } from './support/edge.ts';
import { edgeTest } from './support/test.ts';

const test = edgeTest({ settings: { TLS_MODE: 'file' } });

/** What each service answers to the inside only. A service that is not here has no route at all (checked below). */
const INTERNAL: Record<string, string[]> = {
  api: ['/healthz', '/readyz', '/metrics', '/internal', '/auth/backchannel-logout', '/webhooks/lago', '/docs'],
  gateway: ['/healthz', '/readyz', '/metrics', '/internal'],
  dashboard: ['/healthz', '/_edge/503.html', '/internal', '/metrics'],
  keycloak: [
    ...[
      '/admin',
      '/admin/master/console',
      '/admin/realms/cloud/users',
      '/metrics',
      '/health',
      '/health/ready',
      '/q/dev',
    ],
    ...['/realms/master', '/realms/master/protocol/openid-connect/token', '/realms/master/account'],
    ...['/realms/cloud/clients-registrations/default', '/realms/cloud/protocol/saml', '/realms/cloud/authz/protection'],
  ],
  'lago-api': [
    '/sidekiq',
    '/metrics',
    '/health',
    '/up',
    '/api/v1/customers',
    '/webhooks/stripe/1',
    '/rails/info/routes',
  ],
  'lago-front': ['/sidekiq', '/metrics', '/health', '/api/v1/customers'],
  grafana: [
    '/metrics',
    '/metrics/plugins/x',
    '/healthz',
    '/readyz',
    '/livez',
    '/api/health',
    '/debug/pprof',
    '/version',
  ],
  'postal-web': ['/metrics', '/health'],
  // The bench's nginx guards its own paths: /private/files by log-in, /protected by `internal`.
  'bench-nginx': [],
};

const HOSTS = [
  ...['app', 'admin', 'api', 'llm', 'auth', 'billing', 'grafana', 'status', 'postal', 'cold-dm', 'acme'],
  ...['www', 'keycloak', 'prometheus', 'traefik'],
].map((name) => `${name}.${DOMAIN}`);

/** Other spellings of a path, each of which some server takes for the path itself. */
function spellings(path: string): string[] {
  const rest = path.slice(1);
  const encodedLetter = `/%${rest.charCodeAt(0).toString(16)}${rest.slice(1)}`;
  const allowed = [
    '/v1',
    '/v1/x/..',
    '/realms/cloud/account/../../..',
    '/resources/..',
    '/dashboard/..',
    '/webhooks/..',
    '/graphql/..',
  ];
  return [
    ...[
      path,
      `${path}/`,
      `/${path}`,
      `///${rest}`,
      `/.${path}`,
      `/./${rest}`,
      `${path}/.`,
      `${path}?x=1`,
      `${path};x=1`,
      `/;${path}`,
    ],
    ...[
      path.toUpperCase(),
      encodedLetter,
      `${path}%20`,
      `${path}%00`,
      `${path}.`,
      `/%2f${rest}`,
      `/%2F${rest}`,
      `/%5c${rest}`,
      `\\${rest}`,
    ],
    ...[`/%2e%2e${path}`, `/%252e%252e${path}`, path.replaceAll('/', '%2f'), path.replace(/\/(?=[^/]*$)/, ';a=b/')],
    ...allowed.flatMap((prefix) => [
      prefix + path,
      `${prefix}/..${path}`,
      `${prefix}/%2e%2e${path}`,
      `${prefix}/..%2f${rest}`,
    ]),
    ...['/v1', '/realms/cloud/account', '/resources'].flatMap((prefix) => [
      `${prefix}/..;${path}`,
      `${prefix};/..${path}`,
      `${prefix}/..\\${rest}`,
    ]),
  ];
}

/** The path that the most forgiving server could read. */
function mostForgiving(url: string): string {
  let path = url.split('?')[0] ?? '';
  for (let round = 0; round < 3; round++)
    path = path.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  path = path.split('\0')[0]!.replaceAll('\\', '/').toLowerCase();
  const kept: string[] = [];
  for (const part of path.split('/').map((segment) =>
    segment
      .replace(/;.*/, '')
      .trim()
      .replace(/(?<=[^.])\.$/, ''),
  )) {
    if (part === '..') kept.pop();
    else if (part !== '' && part !== '.') kept.push(part);
  }
  return `/${kept.join('/')}`;
}

function reachedInside(edge: Edge): string[] {
  return Object.entries(edge.upstreams).flatMap(([service, { arrivals }]) => {
    const hidden = INTERNAL[service] ?? [];
    const isHidden = (path: string) => hidden.some((one) => path === one || path.startsWith(`${one}/`));
    return arrivals
      .filter(({ url }) => isHidden(mostForgiving(url)))
      .map(({ url, headers }) => `${String(headers.host)}${url} → ${service}`);
  });
}

const everyPath = [...new Set(Object.values(INTERNAL).flat())];
// Of services without a route: nothing may answer for them either.
const OF_OTHERS = [
  '/-/reload',
  '/api/v2/alerts',
  '/loki/api/v1/push',
  '/minio/health/live',
  '/routes.json',
  '/ping',
  '/api/rawdata',
  '/server',
];

let asked = 0;

async function ask(t: ExecutionContext<{ edge: Edge }>, host: string, path: string, method = 'GET'): Promise<number> {
  // Many clients take turns: the rates have their own test.
  const from = `127.9.0.${1 + (asked++ % 200)}`;
  try {
    return (
      await t.context.edge.client.get(`${host}${path}`, { from, method, serverName: `app.${DOMAIN}`, keepAlive: true })
    ).status;
  } catch {
    return 0;
  }
}

for (const host of HOSTS)
  test.serial(`no internal path of any service is reached through ${host}, however it is spelled`, async (t) => {
    let answered = 0;
    let all = 0;
    for (const path of everyPath) {
      const answers = await Promise.all(spellings(path).map((spelling) => ask(t, host, spelling)));
      answers.push(await ask(t, host, path, 'POST'));
      answered += answers.filter((status) => status !== 0 && status !== 429).length;
      all += answers.length;
    }
    t.true(answered > all * 0.95, `${answered} of ${all} were answered`);
    t.deepEqual(reachedInside(t.context.edge), []);
  });

test.serial(
  'our own hosts refuse internal paths outright, their own and those of services without a route',
  async (t) => {
    const answers: Record<string, number> = {};
    for (const name of ['app', 'admin', 'api', 'llm', 'auth', 'status', 'cold-dm'])
      for (const path of [...new Set([...(INTERNAL.api ?? []), ...(INTERNAL.keycloak ?? []), ...OF_OTHERS])]) {
        const status = await ask(t, `${name}.${DOMAIN}`, path);
        const { dashboard } = t.context.edge.upstreams;
        // The single-page application answers any path that means nothing to it with itself.
        const isPage = status === 200 && dashboard?.arrivals.at(-1)?.url === path;
        if (!isPage && ![403, 404].includes(status)) answers[`${name}${path}`] = status;
      }
    t.deepEqual(answers, {});
    t.deepEqual(reachedInside(t.context.edge), []);
  },
);

test.serial('every service behind the edge is in the table, and no other service of the stack has a route', (t) => {
  const behind = servicesBehind().map((address) => address.split(':')[0]!);
  t.deepEqual([...behind].sort(), Object.keys(INTERNAL).sort());
  const others = Object.keys(compose().services).filter((name) => !behind.includes(name));
  for (const name of [
    'mariadb',
    'valkey-queue',
    'objectstore',
    'prometheus',
    'loki',
    'alloy',
    'alertmanager',
    'bench-runner',
    'worker',
  ])
    t.true(others.includes(name), name);
});

test.serial('requests that no browser makes reach nothing inside', async (t) => {
  const { client, upstreams } = t.context.edge;
  const app = `app.${DOMAIN}`;
  const end = 'Connection: close\r\n\r\n';
  const before = Object.values(upstreams).flatMap(({ arrivals }) => arrivals).length;
  const refused = [
    `GET /v1/me HTTP/1.1\r\nHost: ${app}\r\nHost: api.${DOMAIN}\r\n${end}`,
    `GET /v1/me HTTP/1.1\r\n${end}`,
    `GET /v1/me HTTP/1.1\r\nHost: ${app}/metrics\r\n${end}`,
    `GET http://prometheus:9090/metrics HTTP/1.1\r\nHost: ${app}\r\n${end}`,
    `GET https://${app}/metrics HTTP/1.1\r\nHost: acme.${DOMAIN}\r\n${end}`,
    `GET metrics HTTP/1.1\r\nHost: ${app}\r\n${end}`,
    `GET ../metrics HTTP/1.1\r\nHost: ${app}\r\n${end}`,
    `CONNECT prometheus:9090 HTTP/1.1\r\nHost: ${app}\r\n${end}`,
    `GET http:metrics HTTP/1.1\r\nHost: ${app}\r\n${end}`,
    `GET /v1/me#/../../metrics HTTP/1.1\r\nHost: ${app}\r\n${end}`,
    `GET /v1/me HTTP/1.1\r\nHost: ${app}\r\nContent-Length: 5\r\nContent-Length: 6\r\n${end}`,
    `GET /v1/me HTTP/1.1\r\nHost: ${app}\r\nTransfer-Encoding: chunked, identity\r\n${end}`,
  ];
  for (const request of refused) {
    const answer = await client.raw(app, request);
    t.regex(answer, /^HTTP\/1\.1 (400|404|405|501)|^$/, request);
  }
  t.is(Object.values(upstreams).flatMap(({ arrivals }) => arrivals).length, before);
});

test.serial('a length that contradicts the chunks starts no second request', async (t) => {
  const { client, upstreams } = t.context.edge;
  const app = `app.${DOMAIN}`;
  const smuggled = `0\r\n\r\nGET /metrics HTTP/1.1\r\nHost: ${app}\r\n\r\n`;
  await client.raw(
    app,
    `POST /v1/sites HTTP/1.1\r\nHost: ${app}\r\nContent-Length: ${smuggled.length}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n${smuggled}`,
  );
  t.true(upstreams.api!.arrivals.every(({ url }) => !url.startsWith('/metrics')));
});

test.serial('HTTP/2 is no way around', async (t) => {
  const { client, ports, upstreams } = t.context.edge;
  const session = connectHttp2(`https://app.${DOMAIN}:${ports.websecure}`, {
    ca: client.ca,
    lookup: (_, __, done) => {
      done(null, [{ address: '127.0.0.1', family: 4 }]);
    },
  });
  t.teardown(() => session.destroy());
  const status = (headers: Record<string, string>) =>
    new Promise<number>((resolve, reject) => {
      const stream = session.request(headers);
      stream.on('response', (response) => resolve(response[':status'] ?? 0)).on('error', reject);
      stream.resume().end();
    });
  t.is(await status({ ':path': '/v1/me', ':authority': `app.${DOMAIN}` }), 200);
  for (const path of [
    '/metrics',
    '//metrics',
    '/v1/../metrics',
    '/v1/%2e%2e/metrics',
    '/healthz',
    '/auth/backchannel-logout',
  ])
    t.is(await status({ ':path': path, ':authority': `app.${DOMAIN}` }), 404, path);
  // Two names in one request: only the one that routes arrives.
  await status({ ':path': '/v1/me', ':authority': `api.${DOMAIN}`, host: `grafana.${DOMAIN}` }).catch(() => 0);
  t.is(upstreams.grafana!.arrivals.filter(({ url }) => url === '/v1/me').length, 0);
  t.deepEqual(reachedInside(t.context.edge), []);
});
