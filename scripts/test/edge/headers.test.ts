import { DOMAIN, Edge } from './support/edge.ts';
import type { Answer } from './support/client.ts';
import { edgeTest } from './support/test.ts';

const test = edgeTest({ settings: { TLS_MODE: 'file' } });

/** Every value of a header, so that a second copy is seen. */
const valuesOf = ({ rawHeaders }: Answer, name: string): string[] =>
  rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);

const SUBDOMAINS = 'max-age=31536000; includeSubDomains';

/** Host and path; HSTS, X-Frame-Options, Referrer-Policy as the browser gets them. */
const CLASSES: [string, string, string | undefined, string | undefined][] = [
  [`app.${DOMAIN}/`, SUBDOMAINS, 'DENY', 'strict-origin-when-cross-origin'],
  [`admin.${DOMAIN}/`, SUBDOMAINS, 'DENY', 'strict-origin-when-cross-origin'],
  [`${DOMAIN}/`, SUBDOMAINS, 'DENY', 'strict-origin-when-cross-origin'],
  [`cold-dm.${DOMAIN}/`, SUBDOMAINS, 'DENY', 'strict-origin-when-cross-origin'],
  [`app.${DOMAIN}/v1/me`, SUBDOMAINS, 'DENY', 'no-referrer'],
  [`llm.${DOMAIN}/v1/models`, SUBDOMAINS, 'DENY', 'no-referrer'],
  // Keycloak, Grafana and the sites decide themselves who may frame them.
  [`auth.${DOMAIN}/realms/cloud/account`, 'max-age=31536000', undefined, undefined],
  [`grafana.${DOMAIN}/`, 'max-age=31536000', undefined, 'same-origin'],
  [`acme.${DOMAIN}/`, 'max-age=31536000', undefined, undefined],
];

for (const [url, hsts, frame, referrer] of CLASSES)
  test(`${url} answers with its class of headers, each once`, async (t) => {
    const answer = await t.context.edge.client.get(url);
    t.deepEqual(valuesOf(answer, 'strict-transport-security'), [hsts]);
    t.deepEqual(valuesOf(answer, 'x-content-type-options'), ['nosniff']);
    t.deepEqual(valuesOf(answer, 'x-frame-options'), frame === undefined ? [] : [frame]);
    t.deepEqual(valuesOf(answer, 'referrer-policy'), referrer === undefined ? [] : [referrer]);
    for (const name of ['server', 'x-powered-by', 'x-runtime']) t.deepEqual(valuesOf(answer, name), [], name);
  });

test('what only operators use stays out of search engines', async (t) => {
  for (const name of ['admin', 'grafana', 'billing', 'postal'])
    t.is((await t.context.edge.client.get(`${name}.${DOMAIN}/`)).headers['x-robots-tag'], 'noindex, nofollow', name);
  t.is((await t.context.edge.client.get(`app.${DOMAIN}/`)).headers['x-robots-tag'], undefined);
});

test('redirections carry HSTS as well', async (t) => {
  t.is((await t.context.edge.client.get(`www.${DOMAIN}/`)).headers['strict-transport-security'], SUBDOMAINS);
});

test('a local installation never sends HSTS, not even what a service behind sends', async (t) => {
  const local = await Edge.start({ settings: { TLS_MODE: 'local' } });
  t.teardown(() => local.stop());
  for (const url of [
    `app.${DOMAIN}/`,
    `app.${DOMAIN}/v1/me`,
    `auth.${DOMAIN}/resources/x`,
    `grafana.${DOMAIN}/`,
    `acme.${DOMAIN}/`,
  ])
    t.deepEqual(valuesOf(await local.client.get(url), 'strict-transport-security'), [], url);
});

/** Headers by which a client could say who it is, where from, or which site it means. */
const SPOOFED: Record<string, string> = {
  'x-forwarded-for': '10.9.8.7',
  'x-forwarded-host': 'evil.example',
  'x-forwarded-proto': 'http',
  'x-forwarded-port': '1',
  'x-forwarded-prefix': '/evil',
  'x-forwarded-server': 'evil',
  'x-forwarded-uri': '/evil',
  'x-forwarded-method': 'DELETE',
  'x-real-ip': '10.9.8.7',
  forwarded: 'for=10.9.8.7;host=evil.example',
  'x-original-url': '/metrics',
  'x-rewrite-url': '/metrics',
  'x-http-method-override': 'DELETE',
  'x-frappe-site-name': 'other.edge.test',
  'x-webauth-user': 'admin',
  'x-auth-user': 'admin',
  'x-auth-tenant': 'ten_other',
};

for (const host of ['app', 'auth', 'acme', 'grafana', 'billing'])
  test(`nobody can speak for the edge to ${host}, in any spelling of a header`, async (t) => {
    const path = host === 'app' ? '/v1/me' : host === 'auth' ? '/resources/x' : '/';
    const aliases = Object.entries(SPOOFED).flatMap(([name, value]) => [
      [name, value],
      [name.replaceAll('-', '_'), value],
      [name.replaceAll('-', '.'), value],
      [name.replace('-', '_').toUpperCase(), value],
    ]);
    const headers = Object.fromEntries(aliases) as Record<string, string>;
    const { arrival } = await t.context.edge.client.get(`${host}.${DOMAIN}${path}`, { headers });
    t.truthy(arrival);
    for (const [name, value] of Object.entries(arrival?.headers ?? {})) {
      t.notRegex(name, /[_.]/);
      t.false(Object.values(SPOOFED).includes(String(value)), `${name}: ${String(value)}`);
    }
    t.is(arrival?.headers['x-forwarded-for'], '127.0.0.2');
    t.is(arrival?.headers['x-real-ip'], '127.0.0.2');
    t.is(arrival?.headers['x-forwarded-proto'], 'https');
  });

test('a header named by Connection is still what the edge says', async (t) => {
  const { arrival } = await t.context.edge.client.get(`app.${DOMAIN}/v1/me`, {
    headers: {
      connection: 'close, x-forwarded-for, x-real-ip, x-forwarded-proto, authorization',
      authorization: 'Bearer x',
    },
  });
  t.is(arrival?.headers['x-forwarded-for'], '127.0.0.2');
  t.is(arrival?.headers['x-forwarded-proto'], 'https');
});

test('the log knows neither query nor headers, so no token of a link', async (t) => {
  const edge = await Edge.start();
  t.teardown(() => edge.stop());
  await edge.client.get(`app.${DOMAIN}/auth/callback?code=topsecretcode`, {
    headers: { cookie: 'a=topsecretcookie', 'user-agent': 'probe/1' },
  });
  await edge.stopGently();
  const line = edge.output.split('\n').find((text) => text.includes('/auth/callback'));
  t.truthy(line);
  const entry = JSON.parse(line ?? '{}') as Record<string, unknown>;
  t.is(entry['RequestPath'], '/auth/callback');
  t.is(entry['request_User-Agent'], 'probe/1');
  t.is(entry['ClientHost'], '127.0.0.2');
  t.false(edge.output.includes('topsecret'));
});
