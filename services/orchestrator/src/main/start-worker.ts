import { LiveListener } from '#core/live/listen.ts';
import { JobWorker } from '#core/jobs/worker.ts';
import type { App } from '#core/process/app.ts';
import { listen } from '#core/process/listen.ts';
import { serveTargets } from '#modules/admin/targets/service.ts';
import { catalogue } from '#modules/catalogue/service.ts';
import { jobHandlers, schedules, workerLoops } from './modules.ts';

/** Relay, jobs, operations, schedules. Resolves to the port of its health and metrics. */
export async function startWorker({ ctx, lifecycle }: App): Promise<number> {
  // A catalogue that cannot be read stops the start, with all of its problems.
  catalogue(ctx);
  const live = LiveListener.start(ctx.redis, ctx.config.REDIS_PREFIX, ctx.log);
  lifecycle.on('close', 'live', () => live.stop());
  const worker = new JobWorker(ctx, { handlers: jobHandlers, schedules, live });
  worker.start();
  lifecycle.on('drain', 'jobs', () => worker.stop());
  for (const workerLoop of workerLoops) {
    const running = workerLoop.start(ctx);
    lifecycle.on('drain', workerLoop.name, () => running.stop());
  }
  return listen(ctx, lifecycle, {
    port: ctx.config.WORKER_PORT,
    handler: (request, response) => serveTargets(ctx, request, response),
    problem: () => worker.problem(),
  });
}
