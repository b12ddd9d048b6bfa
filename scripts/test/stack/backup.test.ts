/** The backup container of the real compose file on real MariaDB and PostgreSQL: what it takes, it gives back. */
import { readFileSync, renameSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { Stores } from './backup-stack.ts';

const stores = new Stores();
test.before('databases with data in them', async () => {
  await stores.start();
  await stores.mariadb(`create database shop; use shop; create table shop.orders (id int primary key auto_increment, note varchar(80), doc blob);
    insert into shop.orders (note, doc) select concat('order ', seq), unhex(md5(seq)) from seq_1_to_40000`);
  await stores.postgres(
    'lago',
    `create table invoices as select g as id, md5(g::text) as v from generate_series(1, 20000) g; alter table invoices owner to lago`,
  );
  await files(`mkdir -p /w/erp.stores.test/private/files /w/erp.stores.test/logs && echo '{"encryption_key":"k"}' >/w/erp.stores.test/site_config.json
    echo invoice >/w/erp.stores.test/private/files/a.pdf && echo noise >/w/erp.stores.test/logs/web.log
    chown -R 1000:1000 /w && chmod 600 /w/erp.stores.test/site_config.json`);
});
test.after.always('nothing is left', () => stores.remove());

/** In the volume of the benches, as the benches see it. */
const files = (script: string) =>
  stores.compose(
    '--profile',
    'restore',
    'run',
    '--rm',
    '-T',
    '--no-deps',
    '--volume',
    `${stores.project}_bench-sites:/w`,
    '--entrypoint',
    'bash',
    'restore',
    '-ec',
    script,
  );

async function fingerprint(): Promise<Record<string, string>> {
  return {
    mariadb: await stores.mariadb('checksum table shop.orders; select count(*), max(id) from shop.orders'),
    postgres: await stores.postgres(
      'lago',
      "select count(*), md5(string_agg(id || v, ',' order by id)), (select tableowner from pg_tables where tablename = 'invoices') from invoices",
    ),
    sites: await files(
      `cd /w && find . -type f ! -path '*/logs/*' -exec sha256sum {} + -exec stat -c '%n %a %u:%g' {} + | sort`,
    ),
    queue: await stores.compose(
      'exec',
      '-T',
      'valkey-queue',
      'sh',
      '-c',
      'REDISCLI_AUTH=$(cat /run/secrets/valkey_queue_password) valkey-cli get job',
    ),
  };
}

const runs = async (): Promise<{ run: string; pin: string }[]> =>
  JSON.parse((await stores.compose('exec', '-T', 'backup', 'backup', 'list', '--json')).trim()) as {
    run: string;
    pin: string;
  }[];
const metrics = () => stores.compose('exec', '-T', 'backup', 'cat', '/var/lib/backup-metrics/backup.prom');
const idOf = (text: string) => /^[0-9a-f-]{36}$/m.exec(text.replaceAll('\r', ''))?.[0] ?? '';

async function destroy(): Promise<void> {
  await stores.mariadb('drop database shop');
  await stores.postgres('lago', 'drop table invoices');
  await files(
    'rm -rf /w/erp.stores.test/private && echo {} >/w/erp.stores.test/site_config.json && echo stray >/w/stray',
  );
}

test.serial('everything comes back equal: databases, sites, queue, configuration', async (t) => {
  await stores.compose(
    'exec',
    '-T',
    'valkey-queue',
    'sh',
    '-c',
    'REDISCLI_AUTH=$(cat /run/secrets/valkey_queue_password) valkey-cli set job 42',
  );
  await sleep(1500);
  const before = await fingerprint();
  const from = Date.now();
  const taken = await stores.backup('run', '--reason', 'test');
  t.is(taken.code, 0, taken.output);
  t.log(`backup in ${((Date.now() - from) / 1000).toFixed(1)} s`);
  const run = idOf(taken.output);
  const verified = await stores.backup('verify', run);
  t.is(verified.code, 0, verified.output);

  await destroy();
  await stores.compose('stop', 'mariadb', 'valkey-queue');
  const since = Date.now();
  const restored = await stores.restore(run, '--into', 'all');
  t.is(restored.code, 0, restored.output);
  t.log(`restored in ${((Date.now() - since) / 1000).toFixed(1)} s`);
  await stores.compose('start', 'mariadb', 'valkey-queue');
  await stores.healthy('mariadb', 'valkey-queue');

  t.deepEqual(await fingerprint(), before);
  t.is((await stores.mariadb(`select count(*) from bastide_backup.runs where id = '${run}'`)).trim(), '1');
  t.is((await stores.postgres('bastide_backup', `select count(*) from runs where id = '${run}'`)).trim(), '1');
  for (const file of ['.env', 'secrets/encryption_key', 'secrets/database_url']) {
    t.deepEqual(readFileSync(stores.path('backups/restored', file)), readFileSync(stores.path(file)));
    t.is(statSync(stores.path('backups/restored', file)).mode, statSync(stores.path(file)).mode);
  }
});

test.serial('it refuses to change the files of a database that runs', async (t) => {
  const { code, output } = await stores.restore('latest', '--into', 'mariadb');
  t.is(code, 70, output);
  t.regex(output, /MariaDB is running/);
});

test.serial('killed in the middle it leaves nothing that counts, and the next one works', async (t) => {
  const before = (await runs()).length;
  let killed = 0;
  for (const afterMs of [1500, 3000, 5000, 7000]) {
    const running = stores.backup('run');
    await sleep(afterMs);
    await stores.compose('kill', '--signal', 'SIGKILL', 'backup');
    if ((await running).code !== 0) killed += 1;
    await stores.compose('start', 'backup');
    await stores.healthy('backup');
  }
  t.true(killed >= 2);
  const whole = await runs();
  t.is(whole.length, before + 4 - killed);
  const next = await stores.backup('run');
  t.is(next.code, 0, next.output);
  const check = await stores.backup('check', '100%');
  t.is(check.code, 0, check.output);
});

test.serial('a restore that was killed is said again and ends well', async (t) => {
  const before = await fingerprint();
  const run = idOf((await stores.backup('run')).output);
  await destroy();
  await stores.compose('stop', 'mariadb');
  for (const afterMs of [1500, 4000]) {
    const running = stores.restore(run, '--into', 'mariadb');
    await sleep(afterMs);
    await stores.script(
      '-c',
      `docker ps -q --filter label=com.docker.compose.project=${stores.project} --filter label=com.docker.compose.service=restore | xargs -r docker kill`,
    );
    await running;
  }
  const restored = await stores.restore(run, '--into', 'all');
  t.is(restored.code, 0, restored.output);
  await stores.compose('start', 'mariadb');
  await stores.healthy('mariadb');
  const after = await fingerprint();
  t.is(after.mariadb, before.mariadb);
  t.is(after.postgres, before.postgres);
  t.is(after.sites, before.sites);
});

test.serial('a database that does not answer is a failure that is told and measured', async (t) => {
  const { code, output } = await stores.composeRun(
    'exec',
    '-T',
    '-e',
    'MARIADB_PORT=1',
    '-e',
    'BACKUP_WAIT_TRIES=1',
    'backup',
    'backup',
    'run',
  );
  t.is(code, 60, output);
  for (const word of ['WHAT', 'WHY', 'FIX', 'LOG', 'CODE']) t.true(output.includes(word));
  const told = await metrics();
  t.regex(told, /^backup_last_run_ok 0$/m);
  t.regex(told, /^backup_last_failure_timestamp_seconds\{part="run"\} \d+$/m);
  t.regex(told, /^backup_last_success_timestamp_seconds\{part="mariadb"\} \d+$/m);
});

test.serial('a repository that is gone is not silently begun anew', async (t) => {
  const place = stores.path('backups/repository');
  renameSync(`${place}/config`, `${place}/config.away`);
  const { code, output } = await stores.backup('run');
  renameSync(`${place}/config.away`, `${place}/config`);
  t.is(code, 60, output);
  t.false(output.includes('making the local repository'));
});

test.serial('old runs go, pinned ones stay, and a second place has them too', async (t) => {
  const pinned = idOf((await stores.backup('run', '--pin', 'upgrade-test')).output);
  const keep = ['HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY'].flatMap((one) => ['-e', `BACKUP_KEEP_${one}=1`]);
  const offsite = ['-e', 'BACKUP_OFFSITE_REPOSITORY=/var/lib/backup/offsite'];
  const taken = await stores.composeRun('exec', '-T', ...keep, ...offsite, 'backup', 'backup', 'run');
  t.is(taken.code, 0, taken.output);
  const last = idOf(taken.output);
  t.deepEqual((await runs()).map(({ run }) => run).sort(), [last, pinned].sort());
  const there = await stores.compose(
    'exec',
    '-T',
    ...offsite,
    'backup',
    'backup',
    'list',
    '--json',
    '--repository',
    'offsite',
  );
  t.true((JSON.parse(there) as { run: string }[]).some(({ run }) => run === last));
  t.regex(await metrics(), /^backup_last_success_timestamp_seconds\{part="offsite"\} \d+$/m);
});

test.serial('a time that was missed is caught up with, once', async (t) => {
  const newest = async () => (await runs())[0]?.run;
  const before = await newest();
  await stores.script('-c', "sed -i 's/^BACKUP_SCHEDULE=.*/BACKUP_SCHEDULE=hourly/' .env");
  // As if the last one had been long ago.
  const longAgo = 'echo 1000000000 >/var/lib/backup/last-success; echo 1000000000 >/var/lib/backup/last-attempt';
  await stores.compose('exec', '-T', 'backup', 'sh', '-c', longAgo);
  await stores.compose('up', '--detach', '--no-deps', '--no-build', 'backup');
  for (let tries = 0; (await newest()) === before && tries < 60; tries += 1) await sleep(1000);
  const caughtUp = await newest();
  t.not(caughtUp, before);
  await stores.healthy('backup');
  for (let tries = 0; (await metrics()).includes('backup_running 1') && tries < 60; tries += 1) await sleep(1000);
  await stores.compose('restart', 'backup');
  await sleep(8000);
  t.is(await newest(), caughtUp);
  t.true((await metrics()).includes('backup_running 0'));
});
