import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import test, { type ExecutionContext } from 'ava';
import { z } from 'zod';
import { CALLS_TABLE, type Call, slowJob } from '#test/support/crash-jobs.ts';
import { startPrivateRedis } from '#test/support/full-stack.ts';
import { startProcess } from '#test/support/processes.ts';
import { type TestApp, atEnd, createTestApp, eventually } from '#test/support/stack.ts';
import { startTestWorker } from '#test/support/worker.ts';
import { acquireLock, isLockHeld } from '../db/lock.ts';
import { withTransaction } from '../db/transaction.ts';
import { defineJob, defineSchedule, on } from './define.ts';
import { enqueue } from './enqueue.ts';
import { workerLock } from './recover.ts';
import { Unrecoverable } from './run.ts';

const job = defineJob({
  name: 'test.job',
  schema: z.object({ n: z.number() }),
  key: ({ n }) => String(n),
  attempts: 3,
});

interface OutboxRow {
  id: number;
  job: string;
  key: string;
  state: string;
  attempts: number;
  dispatches: number;
  crashes: number;
  error: string | null;
  worker: string | null;
}

const rows = (app: TestApp) => app.ctx.db<OutboxRow>('outbox').orderBy('id');
const rowOf = async (app: TestApp, key: string) => {
  const row = await app.ctx.db<OutboxRow>('outbox').where({ key }).first();
  if (!row) throw new Error(`no row ${key}`);
  return row;
};
const allDone = (app: TestApp, timeoutMs?: number) =>
  eventually('all jobs to be done', async () => (await rows(app).whereNot('state', 'done')).length === 0, timeoutMs);

const startCrashWorker = (app: TestApp) =>
  startProcess('test/support/crash-worker.ts', { ...app.env, LOG_LEVEL: 'info' }, (line) => line.includes('"started"'));

async function withCalls(t: ExecutionContext, env: Record<string, string> = {}) {
  const app = await createTestApp(atEnd(t), env);
  await app.ctx.db.raw(CALLS_TABLE);
  return app;
}

test('a job exists exactly when the change that caused it does, and once per key', async (t) => {
  const app = await createTestApp(atEnd(t));
  const runs: number[] = [];
  startTestWorker(app, { handlers: [on(job, (_ctx, { n }) => Promise.resolve(void runs.push(n)))] });
  await t.throwsAsync(
    withTransaction(app.ctx, async (ctx) => {
      await enqueue(ctx, job, { n: 1 });
      throw new Error('rolled back');
    }),
  );
  await Promise.all(Array.from({ length: 5 }, () => withTransaction(app.ctx, (ctx) => enqueue(ctx, job, { n: 2 }))));
  await allDone(app);
  await enqueue(app.ctx, job, { n: 2 });
  await sleep(400);
  t.deepEqual(runs, [2]);
  await t.throwsAsync(enqueue(app.ctx, job, { n: 'x' as unknown as number }), { name: 'ZodError' });
});

test('a failing job is tried with growing pauses, then waits for a person; some failures at once', async (t) => {
  const app = await createTestApp(atEnd(t));
  const at: number[] = [];
  startTestWorker(app, {
    handlers: [
      on(job, (_ctx, { n }) => {
        if (n === 2) throw new Unrecoverable('cannot be helped');
        at.push(Date.now());
        throw new Error('not yet');
      }),
    ],
  });
  await enqueue(app.ctx, job, { n: 1 });
  await enqueue(app.ctx, job, { n: 2 });
  const isFailed = async (key: string) => (await rowOf(app, key)).state === 'failed';
  await eventually('both to fail', async () => (await isFailed('test.job/1')) && (await isFailed('test.job/2')));
  t.is(at.length, 3);
  const [first = 0, second = 0, third = 0] = at;
  t.true(second - first > 750, `first pause ${second - first}`);
  t.true(third - second > 1550, `second pause ${third - second}`);
  t.like(await rowOf(app, 'test.job/1'), { attempts: 3, error: 'Error: not yet' });
  t.like(await rowOf(app, 'test.job/2'), { attempts: 1, error: 'Unrecoverable: cannot be helped' });
});

test('a delayed job waits', async (t) => {
  const app = await createTestApp(atEnd(t));
  let ranAt = 0;
  startTestWorker(app, { handlers: [on(job, () => Promise.resolve(void (ranAt = Date.now())))] });
  const startedAt = Date.now();
  await enqueue(app.ctx, job, { n: 1 }, { delayMs: 1200 });
  await allDone(app);
  t.true(ranAt - startedAt >= 1150, `${ranAt - startedAt} ms`);
});

test('each handler of a job is retried alone', async (t) => {
  const app = await createTestApp(atEnd(t));
  const runs: string[] = [];
  const handler = (as: string, work: () => void) =>
    on(
      job,
      () => {
        runs.push(as);
        work();
        return Promise.resolve();
      },
      { as },
    );
  startTestWorker(app, {
    handlers: [
      handler('sites', () => undefined),
      handler('llm', () => {
        if (runs.filter((as) => as === 'llm').length < 3) throw new Error('not yet');
      }),
      handler('mail', () => undefined),
    ],
  });
  await enqueue(app.ctx, job, { n: 1 });
  await allDone(app);
  t.deepEqual(runs.sort(), ['llm', 'llm', 'llm', 'mail', 'sites']);
  t.deepEqual(
    (await rows(app)).map((row) => row.key),
    ['test.job/1', 'test.job/1#sites', 'test.job/1#llm', 'test.job/1#mail'],
  );
});

test('a killed worker’s job is taken over within seconds; a living one’s is left alone', async (t) => {
  const app = await withCalls(t);
  const victim = await startCrashWorker(app);
  const { pid } = victim.child;
  await enqueue(app.ctx, slowJob, { n: 1, ms: 15_000 });
  const calls = () => app.ctx.db<Call>('calls').orderBy('id');
  await eventually('the job to start', async () => (await calls()).length === 1);
  const other = await startCrashWorker(app);
  t.teardown(() => other.kill('SIGKILL'));
  await sleep(1500);
  t.is((await calls()).filter(({ what }) => what === 'job/1').length, 1, 'two workers alive, one run');
  const killedAt = Date.now();
  await victim.kill('SIGKILL');
  await eventually('the second run', async () =>
    (await calls()).some(({ what, pid: by }) => what === 'job/1' && by !== pid),
  );
  const takenOverMs = Date.now() - killedAt;
  t.true(takenOverMs < 8000, `${takenOverMs} ms`);
  t.log(`taken over ${takenOverMs} ms after the kill`);
  t.is((await rowOf(app, 'test.slow/1')).crashes, 1);
});

test('a job that keeps killing its workers is given up and waits for a person', async (t) => {
  const app = await createTestApp(atEnd(t));
  await enqueue(app.ctx, job, { n: 1 });
  const orphan = { state: 'running', worker: 'wrk_DEAD', crashes: 199, started_at: new Date(0) } as const;
  await app.ctx.db('outbox').update(orphan);
  let runs = 0;
  startTestWorker(app, { handlers: [on(job, () => Promise.resolve(void (runs += 1)))] });
  const row = await eventually('the job to be given up', async () => {
    const current = await rowOf(app, 'test.job/1');
    return current.state === 'failed' && current;
  });
  t.regex(row.error ?? '', /died 200 times/);
  t.is(runs, 0);
});

test('a worker that stops lets its jobs end first', async (t) => {
  const app = await withCalls(t);
  const worker = await startCrashWorker(app);
  await enqueue(app.ctx, slowJob, { n: 1, ms: 1500 });
  await eventually('the job to start', async () => (await app.ctx.db('calls')).length === 1);
  await worker.kill('SIGTERM');
  t.is(worker.child.exitCode, 0);
  t.like(await rowOf(app, 'test.slow/1'), { state: 'done', crashes: 0 });
});

test('a run that was given up for dead writes nothing over its successor', async (t) => {
  const app = await createTestApp(atEnd(t));
  let release = () => undefined as void;
  const running = new Promise<void>((resolve) => (release = resolve));
  let isStarted = false;
  const handler = on(job, async () => {
    isStarted = true;
    await running;
  });
  startTestWorker(app, { handlers: [handler] });
  await enqueue(app.ctx, job, { n: 1 });
  await eventually('the start', () => Promise.resolve(isStarted));
  const letGo = await acquireLock(app.ctx.db, workerLock('wrk_successor'), 1);
  await app.ctx.db('outbox').where({ key: 'test.job/1' }).update({ worker: 'wrk_successor', dispatches: 2 });
  release();
  await sleep(500);
  t.like(await rowOf(app, 'test.job/1'), { state: 'running', worker: 'wrk_successor' });
  await letGo?.();
  await allDone(app);
});

test('no worker takes work before its lock says that it is alive', async (t) => {
  const app = await createTestApp(atEnd(t));
  const seen: boolean[] = [];
  await enqueue(app.ctx, job, { n: 1 });
  const worker = startTestWorker(app, {
    handlers: [on(job, async (ctx) => void seen.push(await isLockHeld(ctx.db, workerLock(worker.id))))],
  });
  await allDone(app);
  t.deepEqual(seen, [true]);
});

test('a dispatch that the queue lost is sent again', async (t) => {
  const app = await createTestApp(atEnd(t));
  let runs = 0;
  await enqueue(app.ctx, job, { n: 1 });
  await app.ctx
    .db('outbox')
    .update({ state: 'sent', dispatches: 1, sent_at: app.ctx.db.raw('now(3) - interval 30 second') });
  // As if this Redis had been up all the time: its loss must be found by the age of the dispatch alone.
  await app.ctx.redis.set(`${app.config.REDIS_PREFIX}:epoch`, 'x');
  startTestWorker(app, { handlers: [on(job, () => Promise.resolve(void (runs += 1)))] });
  await allDone(app);
  t.is(runs, 1);
});

test('Redis wiped again and again while jobs flow: each job has run, none twice', async (t) => {
  t.timeout(90_000);
  const redis = await startPrivateRedis(atEnd(t));
  const app = await createTestApp(atEnd(t), { REDIS_URL: redis.url });
  const runs = new Map<number, number>();
  const handler = on(job, async (_ctx, { n }) => {
    runs.set(n, (runs.get(n) ?? 0) + 1);
    await sleep(20);
  });
  startTestWorker(app, { handlers: [handler] });
  const wiper = new Redis(redis.url);
  wiper.on('error', () => undefined);
  t.teardown(() => wiper.disconnect());
  const JOBS = 400;
  for (let n = 0; n < JOBS; n += 1) {
    await enqueue(app.ctx, job, { n });
    if (n % 50 === 25) await wiper.flushall();
  }
  await redis.wipe(500);
  await enqueue(app.ctx, job, { n: JOBS });
  await allDone(app, 60_000);
  t.is(runs.size, JOBS + 1);
  t.deepEqual(
    [...runs.values()].filter((count) => count !== 1),
    [],
  );
  const recovered = await rows(app).where('dispatches', '>', 1);
  t.log(`${recovered.length} of ${JOBS + 1} dispatches were lost and sent again`);
});

test('a job is kept while Redis is away, and runs when it is back', async (t) => {
  t.timeout(60_000);
  const redis = await startPrivateRedis(atEnd(t));
  const app = await createTestApp(atEnd(t), { REDIS_URL: redis.url });
  let runs = 0;
  startTestWorker(app, { handlers: [on(job, () => Promise.resolve(void (runs += 1)))] });
  await enqueue(app.ctx, job, { n: 0 });
  await allDone(app);
  const back = redis.wipe(1500);
  await sleep(200);
  await enqueue(app.ctx, job, { n: 1 });
  t.is(runs, 1);
  await back;
  await allDone(app, 30_000);
  t.is(runs, 2);
});

test('a schedule runs once per slot with three workers, and a failure ends neither it nor the others', async (t) => {
  const app = await createTestApp(atEnd(t));
  const runs: number[] = [];
  let failures = 0;
  const schedules = [
    defineSchedule({
      name: 'test.failing',
      everyMs: () => 1000,
      run: () => {
        failures += 1;
        throw new Error('no');
      },
    }),
    defineSchedule({ name: 'test.tick', everyMs: () => 2000, run: () => Promise.resolve(void runs.push(Date.now())) }),
  ];
  for (let i = 0; i < 3; i += 1) startTestWorker(app, { handlers: [], schedules });
  await eventually('three slots', () => Promise.resolve(runs.length >= 3));
  const gaps = runs.slice(1).map((at, i) => at - (runs[i] ?? 0));
  t.true(
    gaps.every((gap) => gap > 1500),
    `gaps ${gaps.join(' ')}`,
  );
  t.true(failures >= 3);
});
