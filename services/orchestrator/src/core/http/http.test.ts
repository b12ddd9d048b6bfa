import type { AddressInfo } from 'node:net';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import test from 'ava';
import { z } from 'zod';
import { withTransaction } from '../db/transaction.ts';
import { defineError } from '../errors.ts';
import { type TestApp, atEndOfFile, createTestApp } from '#test/support/stack.ts';
import type { Gatekeeper } from './gatekeeper.ts';
import { openApi } from './openapi.ts';
import { type Route, route } from './route.ts';
import { createHttpHandler } from './server.ts';

let app: TestApp;
let port: number;
const cleanUp = atEndOfFile(test);
const Teapot = defineError<{ size: number }>('test.teapot', 418, (d) => `Too small: ${d.size}`);
const counts = { created: 0, repeated: 0 };

const Thing = z.object({ id: z.string(), size: z.number() }).meta({ id: 'Thing' });

const routes: Route[] = [
  route({
    method: 'post',
    path: '/v1/things/:kind',
    access: 'tenant',
    scope: 'things:write',
    tag: 'Things',
    summary: 'Create a thing',
    params: z.object({ kind: z.enum(['cup', 'pot']) }),
    query: z.object({ loud: z.stringbool().default(false) }),
    body: z.object({ size: z.number().int().min(1), fail: z.boolean().optional() }),
    response: { status: 201, schema: Thing },
    errors: [Teapot],
    handle: (ctx, { body }) =>
      withTransaction(ctx, async (ctx) => {
        counts.created += 1;
        await ctx.db('inbox').insert({
          id: `inb_${ctx.requestId}`.slice(0, 40),
          source: 'test',
          event_key: ctx.requestId,
          event_type: 'x',
          body: '{}',
        });
        if (body.fail) throw Teapot({ size: body.size });
        return { id: ctx.requestId, size: body.size, secretColumn: 'must not leave' };
      }),
  }),
  route({
    method: 'post',
    path: '/v1/repeatable',
    access: 'tenant',
    scope: 'things:write',
    tag: 'Things',
    summary: 'Call the outside',
    idempotency: 'repeatable',
    response: { status: 201, schema: z.object({ n: z.number() }) },
    handle: () => Promise.resolve({ n: (counts.repeated += 1) }),
  }),
  route({
    method: 'get',
    path: '/v1/broken',
    access: 'public',
    tag: 'Things',
    summary: 'Fails',
    response: { status: 200, schema: z.object({}) },
    handle: () => Promise.reject(new Error('select * from secrets where password = hunter2')),
  }),
];

const gatekeeper: Gatekeeper = {
  authenticate: (_ctx, { authorization, sessionCookie }) =>
    Promise.resolve(
      authorization || sessionCookie
        ? {
            type: 'user',
            id: authorization || 'cookie-user',
            name: 'T',
            email: 't@example.test',
            roles: new Set(),
            scopes: new Set(authorization.includes('weak') ? [] : ['things:write']),
            ...(sessionCookie && { sessionId: 'ses_1' }),
          }
        : { type: 'anonymous' },
    ),
  enterTenant: (ctx) => Promise.resolve({ tenantId: 'ten_1', actor: ctx.actor }),
};

test.before(async () => {
  app = await createTestApp(cleanUp);
  const handler = createHttpHandler(app.ctx, { routes, gatekeeper, stopping: new AbortController().signal });
  const server = createServer(handler).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  port = (server.address() as AddressInfo).port;
  cleanUp(async () => {
    server.close();
    server.closeAllConnections();
    await Promise.resolve();
  });
});

interface Answer {
  status: number;
  headers: Headers;
  json: {
    error?: { code: string; message: string; requestId: string; details?: { issues: { path: string }[] } };
  } & Record<string, unknown>;
}

async function call(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: { authorization: 'Bearer strong', ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: response.status, headers: response.headers, json: (await response.json()) as Answer['json'] };
}

test('answers what the schema says and strips the rest', async (t) => {
  const { status, json, headers } = await call(
    'POST',
    '/v1/things/cup',
    { size: 3 },
    { 'x-request-id': 'req-abcdefgh' },
  );
  t.is(status, 201);
  t.deepEqual(json, { id: 'req-abcdefgh', size: 3 });
  t.is(headers.get('x-request-id'), 'req-abcdefgh');
  t.is(headers.get('cache-control'), 'no-store');
  t.truthy(headers.get('content-security-policy'));
});

const addressRoute = route({
  method: 'get',
  path: '/v1/address',
  access: 'public',
  tag: 'Things',
  summary: 'Who asks',
  response: { status: 200, schema: z.object({ ip: z.string() }) },
  handle: (ctx) => Promise.resolve({ ip: ctx.ip ?? '' }),
});

test('believes as many proxies as there are, and never what a client wrote before them', async (t) => {
  const told = async (hops: number, forwardedFor: string | undefined) => {
    const parts = { routes: [addressRoute], gatekeeper, stopping: new AbortController().signal };
    const server = createServer(createHttpHandler({ ...app.ctx, config: { ...app.config, TRUST_PROXY: hops } }, parts));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const headers = forwardedFor === undefined ? undefined : { 'x-forwarded-for': forwardedFor };
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/address`;
    const { ip } = (await (await fetch(url, { ...(headers && { headers }) })).json()) as { ip: string };
    server.close();
    server.closeAllConnections();
    return ip;
  };
  t.is(await told(0, '203.0.113.9'), '127.0.0.1');
  t.is(await told(1, '203.0.113.9'), '203.0.113.9');
  t.is(await told(1, '198.51.100.1, 203.0.113.9'), '203.0.113.9', 'the first was written by the client');
  t.is(await told(2, '198.51.100.1, 203.0.113.9, 192.0.2.7'), '203.0.113.9', 'the last is the CDN');
  t.is(await told(1, undefined), '127.0.0.1', 'a neighbour on the internal network');
});

test('names every wrong field of params, query and body', async (t) => {
  const body = await call('POST', '/v1/things/cup', { size: 0.5 });
  t.is(body.status, 400);
  t.is(body.json.error?.code, 'request.invalid');
  t.is(body.json.error?.details?.issues[0]?.path, 'body.size');
  t.is((await call('POST', '/v1/things/hat', { size: 1 })).json.error?.details?.issues[0]?.path, 'params.kind');
  t.is(
    (await call('POST', '/v1/things/cup?loud=maybe', { size: 1 })).json.error?.details?.issues[0]?.path,
    'query.loud',
  );
  t.is((await call('POST', '/v1/things/cup', '{"size":')).json.error?.code, 'request.invalid_json');
});

test('refuses a body over a megabyte without reading it to the end', async (t) => {
  const answer = await call('POST', '/v1/things/cup', `{"size":${'1'.repeat(1_100_000)}}`);
  t.is(answer.status, 413);
  t.is(answer.json.error?.code, 'request.too_large');
});

test('asks for credentials, scope and the CSRF header', async (t) => {
  t.is((await call('POST', '/v1/things/cup', { size: 1 }, { authorization: '' })).status, 401);
  const weak = await call('POST', '/v1/things/cup', { size: 1 }, { authorization: 'Bearer weak' });
  t.is(weak.status, 403);
  t.is(weak.json.error?.code, 'auth.forbidden');
  const cookie = { authorization: '', cookie: `${app.config.SESSION_COOKIE_NAME}=x` };
  t.is((await call('POST', '/v1/things/cup', { size: 1 }, cookie)).json.error?.code, 'auth.csrf_header_missing');
  t.is((await call('POST', '/v1/things/cup', { size: 1 }, { ...cookie, 'x-csrf': '1' })).status, 201);
});

test('says what is wrong with a path or a method', async (t) => {
  t.is((await call('GET', '/v1/nothing')).json.error?.code, 'route.not_found');
  t.is((await call('DELETE', '/v1/things/cup')).json.error?.code, 'route.method_not_allowed');
});

test('a path that is no path is the client’s mistake, not a surprise', async (t) => {
  for (const path of ['/v1/things/%E0%A4%A', '/%E0%A4%A']) {
    const { status } = await call('GET', path);
    t.true(status >= 400 && status < 500, `${path} answered ${status}`);
  }
});

test('nobody is made to wait for the body of somebody who is not let in', async (t) => {
  const answer = await new Promise<string>((resolve) => {
    const socket = connect(port, '127.0.0.1', () =>
      socket.write('POST /v1/things/cup HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{'),
    );
    socket.once('data', (data) => {
      resolve(data.toString());
      socket.destroy();
    });
  });
  t.true(answer.startsWith('HTTP/1.1 401'));
});

test('a surprise is a 500 with a request id and nothing of its inside', async (t) => {
  const { status, json } = await call('GET', '/v1/broken');
  t.is(status, 500);
  t.is(json.error?.code, 'service.internal_error');
  t.false(JSON.stringify(json).includes('hunter2'));
  t.truthy(json.error?.requestId);
});

test('does the work once for one Idempotency-Key, also when both requests come at the same moment', async (t) => {
  const before = counts.created;
  const key = { 'idempotency-key': 'intent-1' };
  const answers = await Promise.all([1, 2, 3].map(() => call('POST', '/v1/things/pot', { size: 7 }, key)));
  t.deepEqual(new Set(answers.map((a) => a.json['id'])).size, 1);
  t.is(answers.filter((a) => a.headers.get('idempotent-replayed') === 'true').length, 2);
  const rows = await app.ctx.db('inbox').whereIn(
    'event_key',
    answers.map((a) => String(a.json['id'])),
  );
  t.is(rows.length, 1);
  t.true(counts.created > before);
  const other = await call('POST', '/v1/things/pot', { size: 8 }, key);
  t.is(other.status, 422);
  t.is(other.json.error?.code, 'idempotency.key_reused');
  const someoneElse = await call('POST', '/v1/things/pot', { size: 7 }, { ...key, authorization: 'Bearer other' });
  t.not(someoneElse.json['id'], answers[0]?.json['id']);
});

test('a failed request keeps nothing, so its key may be tried again', async (t) => {
  const key = { 'idempotency-key': 'intent-2', 'x-request-id': 'req-failing-one' };
  t.is((await call('POST', '/v1/things/pot', { size: 1, fail: true }, key)).status, 418);
  t.is((await app.ctx.db('inbox').where({ event_key: 'req-failing-one' })).length, 0);
  t.is((await app.ctx.db('idempotency_keys').where({ key: 'intent-2' })).length, 0);
});

test('a repeatable route answers the same again', async (t) => {
  const first = await call('POST', '/v1/repeatable', {}, { 'idempotency-key': 'intent-3' });
  const second = await call('POST', '/v1/repeatable', {}, { 'idempotency-key': 'intent-3' });
  t.deepEqual(second.json, first.json);
  t.is((await call('POST', '/v1/repeatable', {}, { 'idempotency-key': 'no spaces please' })).status, 400);
});

test('survives a client that says something else than HTTP or leaves in the middle', async (t) => {
  const speak = (text: string) =>
    new Promise<void>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(text));
      socket.on('close', () => resolve()).on('error', () => resolve());
      setTimeout(() => socket.destroy(), 100);
    });
  await speak('EHLO bastide\r\n\r\n');
  await speak('POST /v1/things/cup HTTP/1.1\r\nhost: x\r\nauthorization: Bearer s\r\ncontent-length: 100\r\n\r\n{"si');
  t.is((await call('POST', '/v1/things/cup', { size: 1 })).status, 201);
});

test('the OpenAPI description follows from the routes', (t) => {
  const document = openApi(routes, { title: 'T', version: '1', description: '' }) as {
    openapi: string;
    paths: Record<
      string,
      Record<string, { responses: Record<string, unknown>; parameters: { name: string; in: string }[] }>
    >;
    components: { schemas: Record<string, unknown> };
  };
  t.is(document.openapi, '3.1.0');
  const operation = document.paths['/v1/things/{kind}']?.['post'];
  t.deepEqual(Object.keys(operation?.responses ?? {}), ['201', '400', '401', '403', '404', '418']);
  t.deepEqual(
    operation?.parameters.map((p) => `${p.in} ${p.name}`),
    ['path kind', 'query loud', 'header x-tenant-id', 'header Idempotency-Key'],
  );
  t.true('Thing' in document.components.schemas);
});
