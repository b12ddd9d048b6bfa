import type { JobHandler, Schedule } from '#core/jobs/define.ts';
import { JobWorker } from '#core/jobs/worker.ts';
import { LiveListener } from '#core/live/listen.ts';
import type { App } from '#core/process/app.ts';

interface Parts {
  handlers: readonly JobHandler[];
  schedules?: readonly Schedule[];
}

/** A worker in the test's own process; stops with the app. */
export function startTestWorker({ ctx, lifecycle }: App, { handlers, schedules = [] }: Parts): JobWorker {
  const live = LiveListener.start(ctx.redis, ctx.config.REDIS_PREFIX, ctx.log);
  const worker = new JobWorker(ctx, { handlers, schedules, live });
  worker.start();
  lifecycle.on('drain', 'test worker', async () => {
    await worker.stop();
    await live.stop();
  });
  return worker;
}
