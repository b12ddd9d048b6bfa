import test from 'ava';
import { z } from 'zod';
import { LiveListener } from '../live/listen.ts';
import { withTransaction } from '../db/transaction.ts';
import { atEnd, createTestApp, eventually } from '#test/support/stack.ts';
import { defineJob, on } from './define.ts';
import { enqueue } from './enqueue.ts';
import { JobWorker } from './worker.ts';

const job = defineJob({
  name: 'test.stress',
  schema: z.object({ n: z.number() }),
  key: ({ n }) => String(n),
  attempts: 3,
});

test('every job runs once under load, and none needs to be recovered', async (t) => {
  t.timeout(60_000);
  const app = await createTestApp(atEnd(t));
  const live = LiveListener.start(app.ctx.redis, app.config.REDIS_PREFIX, app.ctx.log);
  const runs = new Map<number, number>();
  const worker = new JobWorker(app.ctx, {
    live,
    schedules: [],
    handlers: [
      on(job, async (ctx, { n }) => {
        await ctx.db.raw('select 1');
        runs.set(n, (runs.get(n) ?? 0) + 1);
      }),
    ],
  });
  worker.start();
  t.teardown(async () => {
    await worker.stop();
    await live.stop();
  });
  const JOBS = 2000;
  const startedAt = Date.now();
  for (let n = 0; n < JOBS; n += 20)
    await Promise.all(
      Array.from({ length: 20 }, (_, i) => withTransaction(app.ctx, (ctx) => enqueue(ctx, job, { n: n + i }))),
    );
  await eventually(
    'all jobs',
    async () => {
      const open = await app.ctx.db('outbox').whereNot('state', 'done').pluck<number[]>('id');
      return open.length === 0;
    },
    50_000,
  );
  t.is(runs.size, JOBS);
  t.true([...runs.values()].every((count) => count === 1));
  const recovered = await app.ctx.metrics.recoveredJobs.get();
  t.deepEqual(recovered.values, []);
  t.log(`${JOBS} jobs in ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
});
