import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Answer, Route } from './fake-routes.ts';
import { createWorld, type World } from './fake-world.ts';
import { routes } from './fake-routes.ts';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain',
};

// What production sends, so that the tests fail on anything that it would refuse.
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

export interface FakeApi {
  url: string;
  world: World;
  /** Every unsafe request, with what the dashboard must send along. */
  unsafeRequests: { method: string; path: string; csrf: unknown; idempotencyKey: unknown; tenantId: unknown }[];
  stop: () => Promise<void>;
}

/** The built dashboard and just enough of an API to look at its pages; the truth is tested against the real one. */
export async function startFakeApi(dist: string): Promise<FakeApi> {
  const unsafeRequests: FakeApi['unsafeRequests'] = [];
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const world = createWorld(url);

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const address = new URL(request.url ?? '/', url);
    const method = request.method ?? 'GET';
    if (method !== 'GET' && !address.pathname.startsWith('/gateway/'))
      unsafeRequests.push({
        method,
        path: address.pathname,
        csrf: request.headers['x-csrf'],
        idempotencyKey: request.headers['idempotency-key'],
        tenantId: request.headers['x-tenant-id'],
      });
    const found = match(method, address.pathname);
    if (!found) return serveFile(dist, address.pathname, response);
    const body = await readJson(request);
    const answer = await found.route.answer({ world, params: found.params, body, address, response });
    if (answer) send(response, answer);
  }

  return {
    url,
    world,
    unsafeRequests,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function match(method: string, pathname: string): { route: Route; params: Record<string, string> } | undefined {
  for (const route of routes) {
    if (route.method !== method) continue;
    const pattern = new RegExp(`^${route.path.replace(/:(\w+)/g, '(?<$1>[^/]+)')}$`);
    const found = pattern.exec(pathname);
    if (found) return { route, params: { ...found.groups } };
  }
  return undefined;
}

async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return chunks.length === 0 ? {} : (JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>);
}

function send(response: ServerResponse, { status = 200, json, location, cookie }: Answer): void {
  if (cookie !== undefined) response.setHeader('set-cookie', cookie);
  if (location !== undefined) response.setHeader('location', location);
  response.setHeader('x-request-id', 'req_01JD9Z7Q4M');
  if (json === undefined) return void response.writeHead(status).end();
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
}

async function serveFile(dist: string, pathname: string, response: ServerResponse): Promise<void> {
  const asked = path.join(dist, path.normalize(pathname));
  const file = path.extname(asked) === '' ? path.join(dist, 'index.html') : asked;
  const content = await readFile(file).catch(() => undefined);
  if (!content) return void response.writeHead(404).end();
  response
    .writeHead(200, {
      'content-type': TYPES[path.extname(file)] ?? 'application/octet-stream',
      'content-security-policy': CSP,
    })
    .end(content);
}
