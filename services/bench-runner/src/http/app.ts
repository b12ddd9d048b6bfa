import Router from '@koa/router';
import Koa from 'koa';
import { z } from 'zod';
import { SiteName } from '../bench/names.ts';
import type { Services } from '../jobs/job-run.ts';
import type { Lanes } from '../jobs/lanes.ts';
import { authenticate } from './authenticate.ts';
import { notFound, errors } from './errors.ts';
import { addJobDoors } from './enqueue.ts';
import { addJobRoutes } from './job-routes.ts';
import { presentMetrics } from './metrics.ts';
import { addSiteRoutes } from './site-routes.ts';

export interface Doors extends Services {
  lanes: Lanes;
}

/** Frappe Agent's wire; a prefix `/agent`, as behind the agent's own nginx, is accepted and dropped. */
export function createApp(doors: Doors): Koa {
  const app = new Koa();
  const { log, config } = doors;
  const router = new Router();
  router.param('bench', (bench: string, _ctx, next: Koa.Next) => {
    if (bench !== config.bench.name) throw notFound(`Bench ${bench}`);
    return next();
  });
  router.param('site', (site: string, _ctx, next: Koa.Next) => {
    z.object({ site: SiteName }).parse({ site });
    return next();
  });
  addJobDoors(router, doors);
  addJobRoutes(router, doors);
  addSiteRoutes(router, doors);

  app.use(async (ctx, next) => {
    if (ctx.path.startsWith('/agent/')) ctx.path = ctx.path.slice('/agent'.length);
    const startedAt = performance.now();
    await next();
    log.debug(
      { method: ctx.method, path: ctx.path, status: ctx.status, ms: Math.round(performance.now() - startedAt) },
      'request',
    );
  });
  app.use(errors(log));
  app.use(async (ctx, next) => {
    if (ctx.path === '/healthz')
      ctx.body = { status: 'ok', bench: config.bench.name, running: doors.store.running().length };
    else if (ctx.path === '/metrics') {
      ctx.type = 'text/plain; version=0.0.4';
      ctx.body = presentMetrics(doors.store);
    } else await next();
  });
  app.use(authenticate(config.token));
  app.use(router.routes());
  return app;
}
