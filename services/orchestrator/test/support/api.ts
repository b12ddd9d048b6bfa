import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openApiPath } from '#core/http/openapi.ts';
import { createHttpHandler } from '#core/http/server.ts';
import type { Route } from '#core/http/route.ts';
import { LiveListener } from '#core/live/listen.ts';
import type { App } from '#core/process/app.ts';
import { allRoutes, createGatekeeper } from '#main/modules.ts';
import { openApiRoute } from '#main/openapi.ts';
import type { Caller, MatrixRequest } from './matrix.ts';

export interface Answer {
  status: number;
  /** Parsed when it is JSON, else the text. */
  body: unknown;
  headers: Headers;
}

export interface TestApi {
  url: string;
  /** `path` as declared (`/v1/sites/:siteId`) with `params`, or as it is. Redirects are not followed. */
  request(method: string, path: string, caller: Caller | null, request?: MatrixRequest): Promise<Answer>;
  stop(): Promise<void>;
}

/** The API over real HTTP on a free port; stops with the app. */
export async function startTestApi(app: App, routes?: readonly Route[]): Promise<TestApi> {
  const { ctx, lifecycle } = app;
  const live = LiveListener.start(ctx.redis, ctx.config.REDIS_PREFIX, ctx.log);
  const handler = createHttpHandler(ctx, {
    routes: routes ?? withDescription(allRoutes(live)),
    gatekeeper: createGatekeeper(ctx),
    stopping: lifecycle.stopping,
  });
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const stop = async () => {
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
    await live.stop();
  };
  lifecycle.on('drain', 'test api', stop);
  return { url, stop, request: (method, path, caller, request) => call(url, { method, path, caller, ...request }) };
}

const withDescription = (routes: readonly Route[]): Route[] => [...routes, openApiRoute(routes)];

interface Call extends MatrixRequest {
  method: string;
  path: string;
  caller: Caller | null;
}

async function call(base: string, { method, path, caller, params = {}, query = {}, body, headers }: Call) {
  const filled = Object.entries(params).reduce(
    (filled, [name, value]) => filled.replaceAll(`{${name}}`, encodeURIComponent(value)),
    openApiPath(path),
  );
  const search = new URLSearchParams(query).toString();
  const response = await fetch(`${base}${filled}${search && `?${search}`}`, {
    method: method.toUpperCase(),
    redirect: 'manual',
    headers: { ...caller?.headers, ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') ?? false;
  return { status: response.status, headers: response.headers, body: isJson ? (JSON.parse(text) as unknown) : text };
}
