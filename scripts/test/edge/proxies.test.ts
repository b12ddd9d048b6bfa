import { DOMAIN } from './support/edge.ts';
import { edgeTest } from './support/test.ts';

// A load balancer in front: two addresses of ours are it.
const test = edgeTest({ settings: { TRUSTED_PROXY_CIDRS: '127.0.0.64/31', ADMIN_ALLOWED_CIDRS: '198.51.100.0/24' } });

const PROXY = '127.0.0.64';

test('a trusted proxy may say where a request comes from; what the client claimed before it counts for nothing', async (t) => {
  const { client } = t.context.edge;
  const claim = (address: string) => ({ from: PROXY, headers: { 'x-forwarded-for': address } });
  t.is((await client.get(`admin.${DOMAIN}/`, claim('198.51.100.7'))).status, 200);
  t.is((await client.get(`admin.${DOMAIN}/`, claim('203.0.113.9'))).status, 403);
  // The right-most address that is no proxy is the client; the ones to its left are its own words.
  t.is((await client.get(`admin.${DOMAIN}/`, claim('198.51.100.7, 203.0.113.9'))).status, 403);
  t.is((await client.get(`admin.${DOMAIN}/`, claim('203.0.113.9, 198.51.100.7, 127.0.0.65'))).status, 200);
});

test('whoever is not the proxy cannot use its words', async (t) => {
  const { client } = t.context.edge;
  const headers = { 'x-forwarded-for': '198.51.100.7', 'x-forwarded-proto': 'http' };
  t.is((await client.get(`admin.${DOMAIN}/`, { from: '127.0.0.66', headers })).status, 403);
  const { arrival } = await client.get(`app.${DOMAIN}/v1/me`, { from: '127.0.0.66', headers });
  t.is(arrival?.headers['x-forwarded-for'], '127.0.0.66');
  t.is(arrival?.headers['x-forwarded-proto'], 'https');
});

test('rates count the clients behind a proxy one by one', async (t) => {
  const { client } = t.context.edge;
  const ask = (address: string) =>
    client.get(`auth.${DOMAIN}/realms/cloud/login-actions/registration`, {
      method: 'POST',
      from: PROXY,
      headers: { 'x-forwarded-for': address },
    });
  const first = await Promise.all(Array.from({ length: 12 }, () => ask('203.0.113.20')));
  t.is(first.filter(({ status }) => status === 429).length, 2);
  t.is((await ask('203.0.113.21')).status, 200);
});

test('the service behind learns the whole way', async (t) => {
  const { arrival } = await t.context.edge.client.get(`app.${DOMAIN}/v1/me`, {
    from: PROXY,
    headers: { 'x-forwarded-for': '203.0.113.30' },
  });
  t.is(arrival?.headers['x-forwarded-for'], `203.0.113.30, ${PROXY}`);
});
