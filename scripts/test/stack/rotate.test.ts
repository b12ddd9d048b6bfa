/** scripts/rotate-secret.sh on real MariaDB, PostgreSQL, Valkey and restic: the new value opens, the old one does not. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import test from 'ava';
import { Stores } from './backup-stack.ts';

const stores = new Stores();
test.before('databases', () => stores.start());
test.after.always('nothing is left', () => stores.remove());

const secret = (name: string) => readFileSync(stores.path('secrets', name), 'utf8');
const rotate = (...args: string[]) => stores.script('scripts/rotate-secret.sh', ...args);
/** Over the network, as the applications do. */
const mariadbTakes = async (user: string, password: string) =>
  (
    await stores.composeRun(
      'exec',
      '-T',
      '-e',
      `MYSQL_PWD=${password}`,
      'backup',
      'mariadb',
      '--no-defaults',
      '--ssl=0',
      '--host=mariadb',
      `--user=${user}`,
      '--execute=select 1',
    )
  ).code === 0;
const postgresTakes = async (user: string, password: string, database: string) =>
  (
    await stores.composeRun(
      'exec',
      '-T',
      '-e',
      `PGPASSWORD=${password}`,
      'backup',
      'psql',
      '--host=postgres',
      `--username=${user}`,
      `--dbname=${database}`,
      '--command=select 1',
    )
  ).code === 0;
const valkeyTakes = async (password: string) =>
  (
    await stores.compose('exec', '-T', '-e', `REDISCLI_AUTH=${password}`, 'valkey-queue', 'valkey-cli', 'ping')
  ).includes('PONG');
const startedAt = async (service: string) =>
  (await stores.compose('ps', '--format', '{{.CreatedAt}} {{.ID}}', service)) +
  (await stores.script('-c', `docker inspect --format '{{.State.StartedAt}}' $(docker compose ps -q ${service})`))
    .output;

test.serial('a dry run and the list change nothing', async (t) => {
  const before = secret('database_password');
  const { code, output } = await rotate('database_password', '--dry-run');
  t.is(code, 0, output);
  t.regex(output, /restart/);
  t.is((await rotate('--list')).code, 0);
  t.is(secret('database_password'), before);
});

test.serial(
  'the password of a database user, and the address that holds it, without a restart of the database',
  async (t) => {
    const before = secret('database_password');
    const since = await startedAt('mariadb');
    const { code, output } = await rotate('database_password');
    t.is(code, 0, output);
    const now = secret('database_password');
    t.not(now, before);
    t.true(secret('database_url').includes(now));
    t.true(await mariadbTakes('bastide', now));
    t.false(await mariadbTakes('bastide', before));
    t.is(await startedAt('mariadb'), since);
    t.false(output.includes(now) || output.includes(before));
    t.false(existsSync(stores.path('secrets/.rotating')));
  },
);

test.serial("the database's own administrator, a user of both databases, and Lago's", async (t) => {
  for (const name of ['mariadb_root_password', 'backup_db_password', 'postgres_password', 'lago_db_password']) {
    const before = secret(name);
    const { code, output } = await rotate(name);
    t.is(code, 0, output);
    t.not(secret(name), before);
  }
  t.is((await stores.mariadb('select 1')).trim(), '1');
  t.true(await mariadbTakes('backup', secret('backup_db_password')));
  t.true(await postgresTakes('backup', secret('backup_db_password'), 'bastide_backup'));
  t.true(await postgresTakes('lago', secret('lago_db_password'), 'lago'));
  await stores.healthy('mariadb', 'postgres', 'backup');
});

test.serial('the queue', async (t) => {
  const before = secret('valkey_queue_password');
  const { code, output } = await rotate('valkey_queue_password');
  t.is(code, 0, output);
  t.true(await valkeyTakes(secret('valkey_queue_password')));
  t.false(await valkeyTakes(before));
});

test.serial('the password of the backups: old ones open with the new one, and no longer with the old', async (t) => {
  t.is((await stores.backup('run')).code, 0);
  const before = secret('backup_repository_password');
  const { code, output } = await rotate('backup_repository_password');
  t.is(code, 0, output);
  const verified = await stores.backup('verify');
  t.is(verified.code, 0, verified.output);
  const old = await stores.composeRun(
    'exec',
    '-T',
    '-e',
    `RESTIC_PASSWORD=${before}`,
    'backup',
    'restic',
    '--repo',
    '/repository',
    'cat',
    'config',
  );
  t.is(old.code, 12, old.output);
});

test.serial('killed at any moment and said again, it ends with one value everywhere', async (t) => {
  const before = secret('keycloak_db_password');
  for (const afterMs of [400, 900, 1500, 2500]) {
    const child = spawn(stores.path('scripts', 'rotate-secret.sh'), ['keycloak_db_password'], {
      cwd: stores.folder,
      detached: true,
      stdio: 'ignore',
    });
    const ended = once(child, 'exit');
    await sleep(afterMs);
    if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    await ended;
    // The file and the server agree at every moment, or the server still takes what was before.
    const taken = [before, secret('keycloak_db_password')].filter(Boolean);
    t.true((await Promise.all(taken.map((one) => mariadbTakes('keycloak', one)))).includes(true));
  }
  const { code, output } = await rotate('keycloak_db_password');
  t.is(code, 0, output);
  t.true(await mariadbTakes('keycloak', secret('keycloak_db_password')));
  t.false(await mariadbTakes('keycloak', before));
});

test.serial(
  'what cannot be changed is refused with what it would take, and what others issue is taken from a file',
  async (t) => {
    for (const name of [
      'encryption_key',
      'lago_encryption_primary_key',
      'database_url',
      'stripe_secret_key',
      'nonsense',
    ]) {
      const { code, output } = await rotate(name);
      t.is(code, 20, output);
      t.regex(output, /WHY {3}\S/);
    }
    writeFileSync(stores.path('new'), 'sk_test_from_stripe\n');
    const { code, output } = await rotate('stripe_secret_key', '--from', stores.path('new'));
    t.is(code, 0, output);
    t.is(secret('stripe_secret_key'), 'sk_test_from_stripe');
  },
);
