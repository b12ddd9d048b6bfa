import type { TestFn } from 'ava';
import anyTest from 'ava';
import { startMariaDb, type MariaDb } from './mariadb.ts';
import { TestRunner } from './runner.ts';

export const ROOT_PASSWORD = 'RootSecret4710';
export const SITES = `/benches/bench-0001/sites`;

export interface World {
  database: MariaDb;
  runner: TestRunner;
}

/** One database server per test file, one runner with a bench of its own per test. */
export function serialTests(environment: Record<string, string> = {}): TestFn<World> {
  const test = anyTest as TestFn<World>;
  let database: MariaDb;
  test.before(async () => {
    database = await startMariaDb(ROOT_PASSWORD);
  });
  test.beforeEach(async (t) => {
    t.context = { database, runner: await new TestRunner(database).start(environment) };
  });
  test.afterEach.always(async (t) => {
    await t.context.runner.dispose();
    for (const { name } of await database.query<{ name: string }>(
      "select schema_name as name from information_schema.schemata where schema_name like '\\_%'",
    ))
      await database.query('drop database ??', [name]);
    for (const { user, host } of await database.query<{ user: string; host: string }>(
      "select User as user, Host as host from mysql.user where User like '\\_%'",
    ))
      await database.query('drop user ?@?', [user, host]);
  });
  test.after.always(async () => database.stop());
  return test;
}
