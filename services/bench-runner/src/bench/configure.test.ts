import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { configureBench, readSettings, SettingsError } from './configure.ts';

function makeBench(t: ExecutionContext) {
  const dir = mkdtempSync(path.join(tmpdir(), 'bastide-bench-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  for (const folder of ['sites', 'apps/erpnext', 'apps/frappe']) mkdirSync(path.join(dir, folder), { recursive: true });
  writeFileSync(path.join(dir, 'cache'), 'c/p\n');
  writeFileSync(path.join(dir, 'queue'), 'q:p');
  const env = {
    BENCH_DIR: dir,
    BENCH_REDIS_CACHE_PASSWORD_FILE: path.join(dir, 'cache'),
    BENCH_REDIS_QUEUE_PASSWORD_FILE: path.join(dir, 'queue'),
    BENCH_REDIS_QUEUE_USER: 'frappe',
  };
  const config = path.join(dir, 'sites/common_site_config.json');
  return { dir, env, config, read: () => JSON.parse(readFileSync(config, 'utf8')) as Record<string, unknown> };
}
const settingsOf = (env: Record<string, string>) => readSettings(env, (file) => readFileSync(file, 'utf8'));

test('writes where the stores are, with the passwords of the secret files', async (t) => {
  const { dir, env, config, read } = makeBench(t);
  await configureBench(settingsOf(env));
  t.like(read(), {
    db_host: 'mariadb',
    db_port: 3306,
    redis_cache: 'redis://:c%2Fp@valkey-cache:6379',
    redis_queue: 'redis://frappe:q%3Ap@valkey-queue:6379/1',
    redis_socketio: 'redis://frappe:q%3Ap@valkey-queue:6379/1',
    socketio_port: 9000,
  });
  t.is(readFileSync(path.join(dir, 'sites/apps.txt'), 'utf8'), 'frappe\nerpnext\n');
  t.is(statSync(config).mode & 0o007, 0, 'others may not read the passwords');
});

test('the second run changes nothing, not even the files’ times', async (t) => {
  const { env, config } = makeBench(t);
  t.true((await configureBench(settingsOf(env))).length > 0);
  const { mtimeMs } = statSync(config);
  t.deepEqual(await configureBench(settingsOf(env)), []);
  t.is(statSync(config).mtimeMs, mtimeMs);
});

test('changes only what differs and keeps the keys that somebody else wrote', async (t) => {
  const { env, config, read } = makeBench(t);
  writeFileSync(config, '{"db_host": "mariadb", "db_port": 3306, "maintenance_mode": 1}');
  const changed = await configureBench(settingsOf(env));
  t.false(changed.includes('db_host'));
  t.like(read(), { maintenance_mode: 1, socketio_port: 9000 });
});

test('a file that cannot be understood is left as it is', async (t) => {
  const { env, config } = makeBench(t);
  writeFileSync(config, '{"db_host": ');
  await t.throwsAsync(configureBench(settingsOf(env)), { instanceOf: SettingsError, message: /repair or remove/ });
  t.is(readFileSync(config, 'utf8'), '{"db_host": ');
});

test('names every wrong setting at once', (t) => {
  const error = t.throws(
    () => settingsOf({ BENCH_DIR: '/nowhere', BENCH_REDIS_QUEUE: 'valkey', BENCH_REDIS_QUEUE_PASSWORD_FILE: '/no' }),
    { instanceOf: SettingsError },
  );
  for (const name of [
    'BENCH_DIR',
    'BENCH_REDIS_QUEUE ',
    'BENCH_REDIS_QUEUE_PASSWORD_FILE',
    'BENCH_REDIS_CACHE_PASSWORD',
  ])
    t.true(error.message.includes(name), name);
});
