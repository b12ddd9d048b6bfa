import { JobWorker } from '#core/jobs/worker.ts';
import { LiveListener } from '#core/live/listen.ts';
import { run } from '#main/run.ts';
import { crashHandlers } from './crash-jobs.ts';

/** A worker process to be killed. */
await run('worker', ({ ctx, lifecycle }) => {
  const live = LiveListener.start(ctx.redis, ctx.config.REDIS_PREFIX, ctx.log);
  const worker = new JobWorker(ctx, { handlers: crashHandlers, schedules: [], live });
  worker.start();
  lifecycle.on('drain', 'jobs', () => worker.stop());
  lifecycle.on('close', 'live', () => live.stop());
  return Promise.resolve(0);
});
