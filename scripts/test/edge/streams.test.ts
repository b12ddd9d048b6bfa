import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { DOMAIN } from './support/edge.ts';
import { edgeTest } from './support/test.ts';

// 600 s of docker-compose.yml, made short enough to be outlived here.
const test = edgeTest({ readTimeout: '3s' });

for (const [what, url] of [
  ['an event stream of the API', `app.${DOMAIN}/v1/operations/op_1/events?echo=sse`],
  ['an answer of the gateway, token by token', `llm.${DOMAIN}/v1/chat/completions?echo=sse`],
  ['chunks that are not declared as a stream', `llm.${DOMAIN}/v1/completions?echo=chunks`],
  ['an event stream of a site', `acme.${DOMAIN}/api/method/events?echo=sse`],
] as const)
  test(`${what} comes at once and outlives the time for reading a request`, async (t) => {
    const { client, upstreams } = t.context.edge;
    const startedAt = Date.now();
    const response = await client.open(url, { headers: { 'accept-encoding': 'gzip, br' } });
    response.setEncoding('utf8');
    const [first] = (await once(response, 'data')) as [string];
    t.is(first, 'data: first\n\n');
    t.true(Date.now() - startedAt < 1000);
    t.is(response.headers['content-encoding'], undefined);
    await sleep(4500);
    const service = url.startsWith('llm')
      ? upstreams.gateway
      : url.startsWith('app')
        ? upstreams.api
        : upstreams['bench-nginx'];
    const rest = once(response, 'data');
    service!.finish(url.slice(url.indexOf('/')));
    t.deepEqual(await rest, ['data: last\n\n']);
  });

test('a WebSocket to a site carries bytes both ways, and outlives the time for reading a request', async (t) => {
  const { client, upstreams } = t.context.edge;
  const socket = await client.socket(`acme.${DOMAIN}`);
  t.teardown(() => socket.destroy());
  socket.setEncoding('utf8');
  socket.write(
    `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: acme.${DOMAIN}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
  );
  const [handshake] = (await once(socket, 'data')) as [string];
  t.regex(handshake, /^HTTP\/1\.1 101 /);
  await sleep(4500);
  socket.write('hello');
  t.deepEqual(await once(socket, 'data'), ['hello']);
  t.is(
    upstreams['bench-nginx']!.arrivals.find(({ url }) => url.startsWith('/socket.io'))?.headers.upgrade,
    'websocket',
  );
});

test('a hundred megabytes pass to a site without being held at the edge', async (t) => {
  const { edge } = t.context;
  const chunk = Buffer.alloc(1 << 20, 'x');
  const before = await residentBytes(edge.pid);
  function* body() {
    for (let count = 0; count < 100; count++) yield chunk;
  }
  const answer = await edge.client.get(`acme.${DOMAIN}/api/method/upload_file`, {
    method: 'POST',
    body: Readable.from(body()),
    headers: { 'content-type': 'application/octet-stream' },
  });
  t.is(answer.status, 200);
  t.is(answer.arrival?.bodyBytes, 100 << 20);
  t.true((await residentBytes(edge.pid)) - before < 30 << 20);
});

test('a webhook over two megabytes is refused before it is passed on', async (t) => {
  const { client, upstreams } = t.context.edge;
  const answer = await client.get(`api.${DOMAIN}/webhooks/stripe?large`, {
    method: 'POST',
    body: 'x'.repeat((2 << 20) + 1),
  });
  t.is(answer.status, 413);
  t.false(upstreams.api!.arrivals.some(({ url }) => url.includes('large')));
  const fits = await client.get(`api.${DOMAIN}/webhooks/stripe`, { method: 'POST', body: 'x'.repeat(1_500_000) });
  t.is(fits.arrival?.bodyBytes, 1_500_000);
});

for (const [what, url, service] of [
  ['the gateway', `llm.${DOMAIN}/v1/responses?echo=sse`, 'gateway'],
  ['the API', `app.${DOMAIN}/v1/operations/op_2/events?echo=sse`, 'api'],
] as const)
  test(`when a client leaves, ${what} learns it`, async (t) => {
    const { edge } = t.context;
    const upstream = edge.upstreams[service]!;
    const before = upstream.aborted;
    const response = await edge.client.open(url, { method: 'POST', body: '{}' });
    await once(response, 'data');
    response.destroy();
    await edge.until('the upstream to see it', () => Promise.resolve(upstream.aborted > before), 5000);
    t.pass();
  });

test('pages are compressed, the API’s answers are not', async (t) => {
  const { client } = t.context.edge;
  const headers = { 'accept-encoding': 'gzip' };
  t.is((await client.open(`app.${DOMAIN}/?padding=5000`, { headers })).headers['content-encoding'], 'gzip');
  t.is((await client.open(`app.${DOMAIN}/v1/me?padding=5000`, { headers })).headers['content-encoding'], undefined);
});

test('a POST to a service that dies in the middle is not sent again', async (t) => {
  const { client, upstreams } = t.context.edge;
  const answer = await client.get(`api.${DOMAIN}/v1/sites?echo=die`, { method: 'POST', body: '{}' });
  t.is(answer.status, 502);
  t.is(upstreams.api!.arrivals.filter(({ url }) => url.includes('die')).length, 1);
});

async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024;
}
