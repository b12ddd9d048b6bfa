import type { RequestListener } from 'node:http';
import cors from '@koa/cors';
import Router from '@koa/router';
import Koa from 'koa';
import helmet from 'koa-helmet';
import type { Context } from '../context.ts';
import { MethodNotAllowed, RouteNotFound } from '../errors.ts';
import type { Gatekeeper } from './gatekeeper.ts';
import { requestMiddleware } from './request.ts';
import type { Route } from './route.ts';
import { serveRoute } from './serve-route.ts';

export interface HttpParts {
  routes: readonly Route[];
  gatekeeper: Gatekeeper;
  /** Fires when the process begins to stop: open event streams end. */
  stopping: AbortSignal;
  /** Origins that may call with a bearer token from a browser; never with cookies. */
  corsOrigins?: readonly string[];
  /** After the routes: static files. */
  fallback?: Koa.Middleware[];
}

/** The request handler of the API: guards, routes, then whatever `fallback` serves. */
export function createHttpHandler(app: Context, parts: HttpParts): RequestListener {
  const hops = app.config.TRUST_PROXY;
  // Each proxy adds at the end whom it heard from: what stands before our own proxies' entries was written by the client.
  const koa = new Koa({ proxy: hops > 0, maxIpsCount: hops });
  koa.silent = true;
  koa.use(requestMiddleware(app));
  koa.use(
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          'default-src': ["'self'"],
          'connect-src': ["'self'", new URL(app.config.GATEWAY_PUBLIC_URL).origin],
          'img-src': ["'self'", 'data:'],
          'style-src': ["'self'"],
          'style-src-attr': ["'unsafe-inline'"],
          'font-src': ["'self'"],
          'object-src': ["'none'"],
          'base-uri': ["'none'"],
          'form-action': ["'self'"],
          'frame-ancestors': ["'none'"],
        },
      },
      strictTransportSecurity: app.config.PUBLIC_URL.startsWith('https:')
        ? { maxAge: 31_536_000, includeSubDomains: true }
        : false,
      crossOriginOpenerPolicy: app.config.PUBLIC_URL.startsWith('https:') ? { policy: 'same-origin' } : false,
      originAgentCluster: app.config.PUBLIC_URL.startsWith('https:'),
    }),
  );
  if (parts.corsOrigins?.length)
    koa.use(cors({ origin: (c) => (parts.corsOrigins?.includes(c.get('origin')) ? c.get('origin') : '') }));
  const router = new Router();
  for (const route of parts.routes) router[route.method](route.path, serveRoute(parts, route));
  koa.use(router.routes());
  for (const middleware of parts.fallback ?? []) koa.use(middleware);
  koa.use((c) => {
    const { method, path } = c;
    if (router.stack.some((layer) => layer.match(path))) throw MethodNotAllowed({ method, path });
    throw RouteNotFound({ method, path });
  });
  const handle = koa.callback();
  return (request, response) => void handle(request, response);
}
