import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { z } from 'zod';
import { CALLS_TABLE, type Call, slowOperation } from '#test/support/crash-jobs.ts';
import { startProcess } from '#test/support/processes.ts';
import { type TestApp, atEnd, atEndOfFile, createTestApp, eventually } from '#test/support/stack.ts';
import { startTestWorker } from '#test/support/worker.ts';
import { type TenantContext, withTenant } from '../context.ts';
import { newId } from '../ids.ts';
import { on } from '../jobs/define.ts';
import { operationsHandler } from './advance.ts';
import { type AnyOperation, type Operation, StepFailed, anyOperation, defineOperation } from './define.ts';
import { getOperation, retryOperation } from './service.ts';
import { type OperationRow, advanceOperation, startOperation } from './store.ts';
import { sweepOperations } from './sweep.ts';

interface Result {
  a: number;
  b: number;
}
type TestOperation = Operation<z.ZodObject, Result>;
type Steps = TestOperation['steps'];

interface World {
  app: TestApp;
  ctx: TenantContext;
  trail: string[];
  definition: TestOperation;
  byKind: ReadonlyMap<string, AnyOperation>;
  start(key?: string): Promise<string>;
  end(id: string, timeoutMs?: number): ReturnType<typeof getOperation>;
}

const cleanUp = atEndOfFile(test);
let app: TestApp;
/** Grows with every test: the one worker of this file knows them all. */
const definitions: AnyOperation[] = [];
test.before(async () => {
  app = await createTestApp(cleanUp);
  const handler = on(advanceOperation, (ctx, data) => operationsHandler(definitions).run(ctx, data));
  startTestWorker(app, { handlers: [handler] });
});

/** An operation of these steps, which leave their trail. */
function world(steps: (trail: string[]) => Steps, hooks: Partial<TestOperation> = {}): World {
  const trail: string[] = [];
  const definition = defineOperation<Result>()({
    kind: `test.saga${definitions.length}`,
    input: z.object({}),
    steps: steps(trail),
    onSucceeded: () => Promise.resolve(void trail.push('succeeded')),
    onFailed: () => Promise.resolve(void trail.push('failed')),
    onRetried: () => Promise.resolve(void trail.push('retried')),
    ...hooks,
  });
  definitions.push(anyOperation(definition));
  const ctx = withTenant(app.ctx, newId('tenant'));
  return {
    app,
    ctx,
    trail,
    definition,
    byKind: new Map(definitions.map((one) => [one.kind, one])),
    start: (key = newId('request')) => startOperation(ctx, definition, { key, subjectId: 'sit_1', input: {} }),
    end: (id, timeoutMs) =>
      eventually(
        'the end of the operation',
        async () => {
          const operation = await getOperation(ctx, id);
          return (operation.state === 'succeeded' || operation.state === 'failed') && operation;
        },
        timeoutMs,
      ),
  };
}

const done = (trail: string[], name: string): Steps[number] => ({
  name,
  run: () => Promise.resolve((trail.push(name), { done: true })),
  undo: () => Promise.resolve(void trail.push(`undo ${name}`)),
});

const readRow = async ({ app }: World, id: string) => {
  const row = await app.ctx.db<OperationRow>('operations').where({ id }).first();
  if (!row) throw new Error('no operation');
  return row;
};

test('steps run in order, hand on what they found, and the end is committed with its hook', async (t) => {
  let hookRuns = 0;
  const w = world(
    (trail) => [
      {
        name: 'one',
        run: () => Promise.resolve((trail.push('one'), { done: true, result: { a: 1 }, output: 'found 1' })),
      },
      {
        name: 'two',
        run: (_ctx, { result }) =>
          Promise.resolve((trail.push(`two sees ${result.a}`), { done: true, result: { b: 2 } })),
      },
    ],
    {
      onSucceeded: async (ctx, { result }) => {
        await ctx
          .db('inbox')
          .insert({ id: `x${hookRuns}`, source: 's', event_key: `${hookRuns}`, event_type: 'e', body: '' });
        hookRuns += 1;
        if (hookRuns === 1) throw new Error('the transaction must not be kept');
        t.deepEqual(result, { a: 1, b: 2 });
      },
    },
  );
  const operation = await w.end(await w.start());
  t.is(operation.state, 'succeeded');
  t.deepEqual(
    operation.steps.map(({ name, state, output }) => [name, state, output]),
    [
      ['one', 'succeeded', 'found 1'],
      ['two', 'succeeded', null],
    ],
  );
  t.deepEqual(await w.app.ctx.db('inbox').pluck('id'), ['x1'], 'the hook that failed left nothing');
});

test('one operation per kind and key, also when asked at once; another tenant’s key is not joined', async (t) => {
  const w = world((trail) => [done(trail, 'one')]);
  const ids = await Promise.all(Array.from({ length: 5 }, () => w.start('same')));
  t.is(new Set(ids).size, 1);
  await w.end(ids[0] ?? '');
  t.deepEqual(w.trail, ['one', 'succeeded']);
  const other = withTenant(w.app.ctx, newId('tenant'));
  await t.throwsAsync(startOperation(other, w.definition, { key: 'same', subjectId: null, input: {} }), {
    message: /belongs to another tenant/,
  });
  await t.throwsAsync(getOperation(other, ids[0] ?? ''), { code: 'entity.not_found' });
});

test('a step that is not there yet is looked at again, and shows its progress meanwhile', async (t) => {
  let looks = 0;
  const w = world(() => [
    {
      name: 'poll',
      attempts: 2,
      run: (_ctx, { attempt }) => {
        looks += 1;
        // Every other look fails: only failures in a row would turn the operation back.
        if (looks % 2 === 0) throw new Error('scattered');
        t.true(attempt <= 2);
        return Promise.resolve(
          looks > 6 ? { done: true } : { again: 300, progress: looks * 10, output: `${looks} lines` },
        );
      },
    },
  ]);
  const id = await w.start();
  const seen = await eventually('progress', async () => {
    const [step] = (await getOperation(w.ctx, id)).steps;
    return step?.progress === 30 && step;
  });
  t.like(seen, { state: 'running', output: '3 lines' });
  t.is((await w.end(id)).state, 'succeeded');
});

test('a step that keeps failing is taken back together with those before it, last first; later ones never ran', async (t) => {
  const w = world((trail) => [
    done(trail, 'one'),
    { name: 'no undo', run: () => Promise.resolve({ done: true }) },
    {
      ...done(trail, 'two'),
      attempts: 2,
      run: () => {
        trail.push('two');
        throw new Error('inner: password of root is hunter2');
      },
    },
    done(trail, 'three'),
  ]);
  const operation = await w.end(await w.start());
  t.deepEqual(w.trail, ['one', 'two', 'two', 'undo two', 'undo one', 'failed']);
  t.deepEqual(
    operation.steps.map(({ state }) => state),
    ['undone', 'undone', 'failed', 'pending'],
  );
  t.is(operation.error?.code, 'service.internal_error');
  t.false(JSON.stringify(operation).includes('hunter2'), 'the inside of an unknown error is for the log');
});

test('a failure that cannot be mended turns back at once, with its reason', async (t) => {
  const w = world((trail) => [
    done(trail, 'one'),
    { name: 'two', run: () => Promise.reject(new StepFailed('site.name_taken', 'The name is taken.')) },
  ]);
  const operation = await w.end(await w.start());
  t.deepEqual(w.trail, ['one', 'undo one', 'failed']);
  t.deepEqual(operation.error, { code: 'site.name_taken', message: 'The name is taken.' });
});

test('a step past its deadline fails', async (t) => {
  const w = world((trail) => [{ ...done(trail, 'wait'), deadlineMs: 700, run: () => Promise.resolve({ again: 100 }) }]);
  const startedAt = Date.now();
  const operation = await w.end(await w.start());
  t.is(operation.error?.code, 'operation.deadline_exceeded');
  t.true(Date.now() - startedAt >= 650);
  t.deepEqual(w.trail, ['undo wait', 'failed']);
});

test('undo is tried until it works, may wait, and keeps what it has found out', async (t) => {
  const keys = new Set<string>();
  const w = world((trail) => [
    {
      name: 'one',
      run: () => Promise.reject(new StepFailed('test.no', 'No.')),
      undo: (_ctx, { result, key }) => {
        keys.add(key());
        trail.push(`undo a=${result.a ?? 0}`);
        if (trail.length === 1) throw new Error('not now');
        return Promise.resolve(result.a === 2 ? undefined : { again: 50, result: { a: (result.a ?? 0) + 1 } });
      },
    },
  ]);
  const id = await w.start();
  await eventually('the trouble to be visible', async () => {
    const { state, steps } = await getOperation(w.ctx, id);
    return state === 'failing' && steps[0]?.error?.startsWith('undo: ');
  });
  t.is((await w.end(id)).state, 'failed');
  t.deepEqual(w.trail, ['undo a=0', 'undo a=0', 'undo a=1', 'undo a=2', 'failed']);
  t.is(keys.size, 1);
});

test('a rule may start another round by itself: new keys, a clean slate, an end', async (t) => {
  const seen: { key: string; round: number; a: number | undefined }[] = [];
  const w = world(
    (trail) => [
      {
        ...done(trail, 'one'),
        run: (_ctx, { key, round, result }) => {
          seen.push({ key: key(), round, a: result.a });
          if (round < 3) throw new StepFailed('test.flaky', 'Flaky.');
          return Promise.resolve({ done: true });
        },
      },
    ],
    { startsOver: ({ code, round }) => (code === 'test.flaky' && round < 3 ? 50 : undefined) },
  );
  const operation = await w.end(await w.start());
  t.is(operation.state, 'succeeded');
  t.is(operation.error, null);
  t.deepEqual(
    seen.map(({ round }) => round),
    [1, 2, 3],
  );
  t.is(new Set(seen.map(({ key }) => key)).size, 3);
  t.deepEqual(w.trail, ['undo one', 'undo one', 'succeeded']);
});

test('a person’s retry starts a new round under new keys, once, and only of what has failed', async (t) => {
  const keys: string[] = [];
  const w = world((trail) => [
    {
      ...done(trail, 'one'),
      run: (_ctx, { key }) => {
        keys.push(key());
        if (keys.length === 1) throw new StepFailed('test.no', 'No.');
        return Promise.resolve({ done: true });
      },
    },
  ]);
  const id = await w.start();
  await w.end(id);
  const retries = await Promise.allSettled([1, 2, 3].map(async () => retryOperation(w.ctx, w.byKind, id)));
  t.is(retries.filter(({ status }) => status === 'fulfilled').length, 1);
  t.is((await w.end(id)).state, 'succeeded');
  t.not(keys[0], keys[1]);
  await t.throwsAsync(retryOperation(w.ctx, w.byKind, id), { code: 'operation.not_failed' });
  t.deepEqual(w.trail, ['undo one', 'failed', 'retried', 'succeeded']);
});

test('the key of a step is the same at every try and another in every step and suffix', async (t) => {
  const keys: string[][] = [];
  const step = (name: string): Steps[number] => ({
    name,
    run: (_ctx, { key, attempt }) => {
      keys.push([key(), key(), key('x')]);
      if (attempt === 1) throw new Error('once');
      return Promise.resolve({ done: true });
    },
  });
  const w = world(() => [step('one'), step('two')]);
  await w.end(await w.start());
  const [first, again, other] = keys;
  t.deepEqual(first, again);
  t.is(first?.[0], first?.[1]);
  t.is(new Set([...(first ?? []), ...(other ?? [])]).size, 4);
  t.regex(first?.[0] ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test('a worker whose lock was lost cannot write over what its successor has done', async (t) => {
  let isHeld = true;
  const w = world((trail) => [
    {
      name: 'one',
      run: async (ctx, { id, save }) => {
        trail.push('one');
        // Somebody else takes the operation over while this step is still busy.
        if (isHeld) await ctx.db('operations').where({ id }).update({ tick: 7, result: '{"b":5}' });
        isHeld = false;
        await save({ a: 1 });
        return { done: true };
      },
    },
  ]);
  const id = await w.start();
  await eventually('the job to end', async () => {
    const rows = await w.app.ctx.db('outbox').where('key', 'like', `%${id}%`).whereNot('state', 'done');
    return rows.length === 0 && !isHeld;
  });
  t.like(await readRow(w, id), { state: 'running', tick: 7, result: '{"b":5}', step_index: 0 });
  t.deepEqual(w.trail, ['one']);
});

test('two workers with the same job: the step runs in one of them', async (t) => {
  let running = 0;
  let most = 0;
  const w = world(() => [
    {
      name: 'one',
      run: async () => {
        running += 1;
        most = Math.max(most, running);
        await sleep(400);
        running -= 1;
        return { done: true };
      },
    },
  ]);
  const second = operationsHandler([anyOperation(w.definition)]);
  const id = await w.start();
  await Promise.all([
    second.run(w.app.ctx, { operationId: id, tick: 0 }),
    second.run(w.app.ctx, { operationId: id, tick: 0 }),
  ]);
  t.is((await w.end(id)).state, 'succeeded');
  t.is(most, 1);
  t.deepEqual(w.trail, ['succeeded']);
});

test('the database’s own absence is no failure of the step; an outside’s is', async (t) => {
  const lost = Object.assign(new Error('Connection lost'), { code: 'PROTOCOL_CONNECTION_LOST', fatal: true });
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  const errors = [lost, refused];
  const attempts: number[] = [];
  const w = world(() => [
    {
      name: 'one',
      run: (_ctx, { attempt }) => {
        attempts.push(attempt);
        const error = errors.shift();
        return error ? Promise.reject(error) : Promise.resolve({ done: true });
      },
    },
  ]);
  t.is((await w.end(await w.start())).state, 'succeeded');
  t.deepEqual(attempts, [1, 1, 2]);
});

test('an operation whose job is gone is set going again', async (t) => {
  const w = world((trail) => [done(trail, 'one')]);
  const id = await w.ctx.db.transaction(async (trx) => {
    const id = await startOperation({ ...w.ctx, db: trx, commitHooks: [] }, w.definition, {
      key: 'gone',
      subjectId: null,
      input: {},
    });
    await trx('outbox').where('key', 'like', `%${id}%`).delete();
    return id;
  });
  await sweepOperations.run(w.app.ctx);
  t.is((await readRow(w, id)).tick, 0, 'a fresh one is not touched');
  await w.app.ctx
    .db('operations')
    .where({ id })
    .update({ updated_at: w.app.ctx.db.raw('now(3) - interval 1 minute') });
  await sweepOperations.run(w.app.ctx);
  t.is((await w.end(id)).state, 'succeeded');
});

test('killed in the middle of every step, an operation resumes there with the same keys and what it had saved', async (t) => {
  t.timeout(90_000);
  const app = await createTestApp(atEnd(t));
  await app.ctx.db.raw(CALLS_TABLE);
  const ctx = withTenant(app.ctx, newId('tenant'));
  const start = async () => {
    const worker = await startProcess('test/support/crash-worker.ts', { ...app.env, LOG_LEVEL: 'info' }, (line) =>
      line.includes('"started"'),
    );
    t.teardown(() => worker.kill('SIGKILL'));
    return worker;
  };
  const calls = (what: string) => app.ctx.db<Call>('calls').where('what', 'like', `%/${what}`).orderBy('id');
  let worker = await start();
  const id = await startOperation(ctx, slowOperation, { key: 'k', subjectId: null, input: { ms: 1500 } });
  for (const what of ['one', 'two/1', 'two/2', 'three']) {
    await eventually(`the call ${what}`, async () => (await calls(what)).length > 0);
    await worker.kill('SIGKILL');
    worker = await start();
  }
  await eventually('the end', async () => (await getOperation(ctx, id)).state === 'succeeded', 30_000);
  t.is((await calls('succeeded')).length, 1);
  const ones = await calls('one');
  t.is(ones.length, 2);
  t.is(new Set(ones.map((call) => call.key)).size, 1);
  const twos = await app.ctx.db<Call>('calls').where('what', 'like', '%/two/%').orderBy('id');
  t.deepEqual(
    twos.map((call) => call.what),
    [`${id}/two/1`, `${id}/two/2`, `${id}/two/3`],
    'what was saved has survived',
  );
  t.is(new Set(twos.map((call) => call.key)).size, 1);
});
