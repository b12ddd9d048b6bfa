import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { type TestApp, atEndOfFile, createTestApp, createTestDatabase } from '#test/support/stack.ts';
import { connectDatabase } from './connect.ts';
import { LockBusy, acquireLock, isLockHeld, withLock } from './lock.ts';
import { migrate, migrationNames } from './migrate.ts';
import { afterCommit, withTransaction } from './transaction.ts';

const cleanUp = atEndOfFile(test);
let app: TestApp;
test.before(async () => {
  app = await createTestApp(cleanUp);
});

test('two starts at once migrate once, and a later start finds nothing to do', async (t) => {
  const database = await createTestDatabase();
  const pools = [1, 2, 3].map(() => connectDatabase({ DATABASE_URL: database.url, DATABASE_POOL_MAX: 5 }));
  t.teardown(async () => {
    for (const pool of pools) await pool.destroy();
    await database.drop();
  });
  const applied = await Promise.all(pools.map((pool) => migrate(pool, app.ctx.log)));
  t.deepEqual(applied.map((names) => names.length).sort(), [0, 0, migrationNames().length]);
});

test('a migration that was killed in the middle starts over', async (t) => {
  const database = await createTestDatabase();
  const pool = connectDatabase({ DATABASE_URL: database.url, DATABASE_POOL_MAX: 5 });
  t.teardown(async () => {
    await pool.destroy();
    await database.drop();
  });
  await migrate(pool, app.ctx.log);
  // Tables are there, but the record that the migration ended is not.
  await pool('migrations').delete();
  t.is((await migrate(pool, app.ctx.log)).length, migrationNames().length);
});

test('speaks UTC, utf8mb4 and strict mode', async (t) => {
  const [rows] = (await app.ctx.db.raw(
    'select @@session.time_zone tz, @@session.sql_mode mode, @@character_set_client cs',
  )) as [{ tz: string; mode: string; cs: string }[]];
  t.is(rows[0]?.tz, '+00:00');
  t.is(rows[0]?.cs, 'utf8mb4');
  t.true(rows[0]?.mode.includes('STRICT_ALL_TABLES'));
});

test('a transaction joins the one that is open, and hooks run only after its commit', async (t) => {
  const seen: string[] = [];
  const insert = (name: string) =>
    withTransaction(app.ctx, async (ctx) => {
      await ctx.db('schedules').insert({ name, next_run_at: new Date() });
      afterCommit(ctx, () => seen.push(name));
    });
  await insert('kept');
  await t.throwsAsync(
    withTransaction(app.ctx, async (ctx) => {
      await withTransaction(ctx, async (inner) => {
        await inner.db('schedules').insert({ name: 'lost', next_run_at: new Date() });
        afterCommit(inner, () => seen.push('lost'));
      });
      throw new Error('no');
    }),
  );
  t.deepEqual(seen, ['kept']);
  t.deepEqual(await app.ctx.db('schedules').whereIn('name', ['kept', 'lost']).pluck('name'), ['kept']);
});

test('a deadlock is not the caller’s problem', async (t) => {
  await app.ctx.db('schedules').insert([
    { name: 'a', next_run_at: new Date() },
    { name: 'b', next_run_at: new Date() },
  ]);
  const touch = (first: string, second: string) =>
    withTransaction(app.ctx, async (ctx) => {
      await ctx.db('schedules').where({ name: first }).update({ last_run_at: new Date() });
      await sleep(100);
      await ctx.db('schedules').where({ name: second }).update({ last_run_at: new Date() });
    });
  await t.notThrowsAsync(Promise.all([touch('a', 'b'), touch('b', 'a')]));
});

test('a named lock is held by one, and is free when its connection dies', async (t) => {
  const database = await createTestDatabase();
  const [dying, living] = [1, 2].map(() => connectDatabase({ DATABASE_URL: database.url, DATABASE_POOL_MAX: 5 }));
  if (!dying || !living) return t.fail();
  t.teardown(async () => {
    await living.destroy();
    await dying.destroy();
    await database.drop();
  });
  const release = await acquireLock(dying, 'thing', 0);
  t.true(await isLockHeld(living, 'thing'));
  t.is(await acquireLock(living, 'thing', 0), undefined);
  await t.throwsAsync(
    withLock(living, 'thing', 0, () => Promise.resolve()),
    { message: LockBusy({ name: 'thing' }).message },
  );
  const [others] = (await living.raw(
    'select id from information_schema.processlist where db = database() and id <> connection_id()',
  )) as [{ id: number }[]];
  for (const { id } of others) await living.raw('kill ?', [id]);
  t.is(await withLock(living, 'thing', 2, () => Promise.resolve('mine')), 'mine');
  t.false(await isLockHeld(living, 'thing'));
  // Letting go of a lock that is lost already is no error.
  await t.notThrowsAsync(async () => release?.());
});
