import { createHttpHandler } from '#core/http/server.ts';
import { LiveListener } from '#core/live/listen.ts';
import type { App } from '#core/process/app.ts';
import { listen } from '#core/process/listen.ts';
import { catalogue } from '#modules/catalogue/service.ts';
import { allRoutes, createGatekeeper } from './modules.ts';
import { openApiRoute } from './openapi.ts';
import { serveDashboard } from './serve-dashboard.ts';

/** Resolves to the port it listens on. */
export async function startApi({ ctx, lifecycle }: App): Promise<number> {
  // A catalogue that cannot be read stops the start, with all of its problems.
  catalogue(ctx);
  const { config } = ctx;
  const live = LiveListener.start(ctx.redis, config.REDIS_PREFIX, ctx.log);
  lifecycle.on('close', 'live', () => live.stop());
  const routes = allRoutes(live);
  const handler = createHttpHandler(ctx, {
    routes: [...routes, openApiRoute(routes)],
    gatekeeper: createGatekeeper(ctx),
    stopping: lifecycle.stopping,
    fallback: config.DASHBOARD_DIR === undefined ? [] : serveDashboard(config.DASHBOARD_DIR),
  });
  return listen(ctx, lifecycle, { port: config.API_PORT, handler });
}
