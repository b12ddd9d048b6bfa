import { randomInt, randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestRunner } from './support/runner.ts';
import { ROOT_PASSWORD, serialTests, SITES } from './support/world.ts';

const test = serialTests();
const SITE = 'acme.example.test';
const KILLS = 10;

const benchProcesses = (runner: TestRunner): string[] =>
  readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`PWD=${runner.dir}/bench`);
    } catch {
      return false;
    }
  });

const archive = (runner: TestRunner, body: object = {}) =>
  runner.client.run(`${SITES}/${SITE}/archive`, { mariadb_root_password: ROOT_PASSWORD, ...body });

test.serial('makes exactly one site however often the runner is killed while making it', async (t) => {
  t.timeout(180_000);
  const { runner } = t.context;
  const undisturbed = await runner.client.run(SITES, runner.newSiteRequest(SITE));
  const durationMs = Date.parse(`${undisturbed.end}Z`) - Date.parse(`${undisturbed.enqueue}Z`);
  await archive(runner);
  const outcomes = new Map<string, number>();
  for (let round = 0; round < KILLS; round += 1) {
    const killed = await runner.client.enqueue(SITES, runner.newSiteRequest(SITE), randomUUID());
    // The first rounds fall early in the job, the last ones about its end.
    await sleep(((round + Math.random()) / KILLS) * durationMs * 1.1);
    await runner.end('SIGKILL');
    if (round % 3 === 0) {
      await runner.start();
      await sleep(randomInt(250));
      await runner.end('SIGKILL');
    }
    await runner.start();
    t.deepEqual(benchProcesses(runner).length, 0, 'a child outlived the runner');
    const settled = await runner.client.until(killed);
    outcomes.set(settled.status, (outcomes.get(settled.status) ?? 0) + 1);
    if (settled.status === 'Failure') {
      t.regex(String(settled.data['traceback']), /bench runner restarted/);
      t.deepEqual(await runner.remains(), { folders: [], databases: [], users: [], unfinished: [] });
      const again = await runner.client.until(
        await runner.client.enqueue(SITES, runner.newSiteRequest(SITE), randomUUID()),
      );
      t.is(again.status, 'Success', JSON.stringify(again.data));
    }
    const { folders, databases, users, unfinished } = await runner.remains();
    t.deepEqual([folders, unfinished], [[SITE], []]);
    t.deepEqual(databases, [String(runner.siteConfig(SITE)['db_name'])]);
    t.deepEqual(users, databases);
    t.is((await archive(runner)).status, 'Success');
    t.deepEqual(await runner.remains(), { folders: [], databases: [], users: [], unfinished: [] });
  }
  t.log(Object.fromEntries(outcomes));
});

test.serial('takes a killed archive up again and ends it', async (t) => {
  t.timeout(120_000);
  const { runner } = t.context;
  for (const hangAt of ['drop-site', 'drop-site:directory']) {
    await runner.client.run(SITES, runner.newSiteRequest(SITE, { apps: ['frappe'] }));
    runner.setFault({ hangAt, times: 1 });
    const body = { mariadb_root_password: ROOT_PASSWORD };
    const id = await runner.client.enqueue(`${SITES}/${SITE}/archive`, body);
    await runner.hangs();
    await runner.end('SIGKILL');
    await runner.start();
    const job = await runner.client.until(id);
    t.is(job.status, 'Success', JSON.stringify(job.data));
    t.deepEqual(await runner.remains(), { folders: [], databases: [], users: [], unfinished: [] });
  }
});

test.serial('runs what was waiting when the runner was killed, and still tells of what had ended', async (t) => {
  const { runner } = t.context;
  const ended = await runner.client.run('/ping_job');
  runner.setFault({ hangAt: 'new-site:database', times: 1 });
  const [running, waiting] = [
    await runner.client.enqueue(SITES, runner.newSiteRequest('one.example.test', { apps: ['frappe'] })),
    await runner.client.enqueue(SITES, runner.newSiteRequest('two.example.test', { apps: ['frappe'] })),
  ];
  await runner.hangs();
  t.is((await runner.client.job(waiting)).status, 'Pending');
  await runner.end('SIGKILL');
  await runner.start();
  t.is((await runner.client.until(waiting)).status, 'Success');
  t.is((await runner.client.job(running)).status, 'Failure');
  t.deepEqual(await runner.client.job(ended.id), ended);
});

test.serial('knows a finished site when only the record of it was lost', async (t) => {
  const { runner } = t.context;
  const job = await runner.client.run(SITES, runner.newSiteRequest(SITE));
  await runner.end('SIGTERM');
  const db = new DatabaseSync(path.join(runner.dir, 'data', 'jobs.sqlite3'));
  db.exec(`update jobs set status = 'Running', ended_at = null where id = ${job.id}`);
  db.close();
  await runner.start();
  t.is((await runner.client.until(job.id)).status, 'Success');
  t.is((await runner.client.get(`${SITES}/${SITE}/info`)).status, 200);
});

test.serial('gives up on a job that is never survived', async (t) => {
  const { runner } = t.context;
  await runner.client.run(SITES, runner.newSiteRequest(SITE, { apps: ['frappe'] }));
  runner.setFault({ hangAt: 'drop-site', times: 1 });
  const id = await runner.client.enqueue(`${SITES}/${SITE}/archive`, { mariadb_root_password: ROOT_PASSWORD });
  for (let life = 0; life < 3; life += 1) {
    await runner.hangs();
    await runner.end('SIGKILL');
    runner.setFault({ hangAt: 'drop-site', times: 1 });
    await runner.start();
  }
  t.is((await runner.client.until(id)).status, 'Failure');
  runner.setFault({});
  t.is((await archive(runner)).status, 'Success');
});

test.serial('a stop by SIGTERM is put in order like a kill', async (t) => {
  const { runner } = t.context;
  runner.setFault({ hangAt: 'install-app:erpnext', times: 1 });
  const id = await runner.client.enqueue(SITES, runner.newSiteRequest(SITE));
  await runner.hangs();
  await runner.end('SIGTERM');
  t.is(benchProcesses(runner).length, 0);
  await runner.start();
  t.is((await runner.client.until(id)).status, 'Failure');
  t.deepEqual(await runner.remains(), { folders: [], databases: [], users: [], unfinished: [] });
});

test.serial('fails other kinds after a kill without touching the site', async (t) => {
  const { runner } = t.context;
  await runner.client.run(SITES, runner.newSiteRequest(SITE, { apps: ['frappe'] }));
  for (const [tail, hangAt, body] of [
    ['migrate', 'migrate:frappe', {}],
    ['apps', 'install-app:erpnext', { name: 'erpnext' }],
    ['backup', 'backup:database', {}],
  ] as const) {
    runner.setFault({ hangAt, times: 1 });
    const id = await runner.client.enqueue(`${SITES}/${SITE}/${tail}`, body);
    await runner.hangs();
    await runner.end('SIGKILL');
    await runner.start();
    const job = await runner.client.until(id);
    t.is(job.status, 'Failure');
    t.regex(String(job.data['traceback']), /restarted/);
    t.is(job.steps.at(-1)?.status, 'Failure');
  }
  t.deepEqual(readdirSync(path.join(runner.sitesDir, SITE, 'private/backups')), []);
  t.is((await runner.client.run(`${SITES}/${SITE}/migrate`)).status, 'Success');
  t.is((await runner.client.run(`${SITES}/${SITE}/apps`, { name: 'erpnext' })).status, 'Success');
});

test.serial('never takes a site for finished that was not, not even without its job database', async (t) => {
  const { runner } = t.context;
  runner.setFault({ hangAt: 'install-app:erpnext', times: 1 });
  await runner.client.enqueue(SITES, runner.newSiteRequest(SITE));
  await runner.hangs();
  t.deepEqual((await runner.client.get(SITES)).body, {});
  t.is((await runner.client.get(`${SITES}/${SITE}/info`)).status, 404);
  await runner.end('SIGKILL');
  for (const pid of benchProcesses(runner)) process.kill(Number(pid), 'SIGKILL');
  rmSync(path.join(runner.dir, 'data'), { recursive: true });
  await runner.start();
  t.is((await runner.client.get(`${SITES}/${SITE}/info`)).status, 404);
  t.is((await runner.client.run(SITES, runner.newSiteRequest(SITE))).status, 'Success');
  const { databases, users } = await runner.remains();
  t.deepEqual([databases.length, users.length], [1, 1]);
});

test.serial('removes the remains with the next request when it could not at once', async (t) => {
  const { runner } = t.context;
  runner.setFault({ hangAt: 'install-app:erpnext', times: 1 });
  const id = await runner.client.enqueue(SITES, runner.newSiteRequest(SITE));
  await runner.hangs();
  await runner.end('SIGKILL');
  // Under another token the request, and with it the root password, cannot be read.
  const other = 'another-token-that-is-long';
  await runner.start({ BENCH_RUNNER_TOKEN: other });
  await sleep(500);
  await runner.end('SIGTERM');
  await runner.start();
  const job = await runner.client.until(id);
  t.is(job.status, 'Failure');
  t.regex(String(job.data['traceback']), /could not be removed/);
  t.deepEqual((await runner.remains()).unfinished, [`${SITE}.json`]);
  t.is((await runner.client.get(`${SITES}/${SITE}/info`)).status, 404);
  t.is((await archive(runner)).status, 'Success');
  t.deepEqual(await runner.remains(), { folders: [], databases: [], users: [], unfinished: [] });
});

test.serial('archives a site whose database is gone', async (t) => {
  const { runner, database } = t.context;
  await runner.client.run(SITES, runner.newSiteRequest(SITE, { apps: ['frappe'] }));
  await database.query('drop database ??', [runner.siteConfig(SITE)['db_name']]);
  const job = await archive(runner);
  t.is(job.status, 'Success', JSON.stringify(job.data));
  t.deepEqual(await runner.remains(), { folders: [], databases: [], users: [], unfinished: [] });
});

test.serial('archives by force what bench fails to drop, and only by force', async (t) => {
  const { runner } = t.context;
  await runner.client.run(SITES, runner.newSiteRequest(SITE, { apps: ['frappe'] }));
  runner.setFault({ failAt: 'drop-site', times: 2 });
  t.is((await archive(runner)).status, 'Failure');
  t.is((await runner.client.get(`${SITES}/${SITE}/info`)).status, 200);
  t.is((await archive(runner, { force: true })).status, 'Success');
  t.deepEqual(await runner.remains(), { folders: [], databases: [], users: [], unfinished: [] });
});

test.serial('does not drop a database that another site uses too', async (t) => {
  const { runner } = t.context;
  await runner.client.run(SITES, runner.newSiteRequest(SITE, { apps: ['frappe'] }));
  await runner.client.run(SITES, runner.newSiteRequest('evil.example.test', { apps: ['frappe'] }));
  const victim = runner.siteConfig(SITE);
  const file = path.join(runner.sitesDir, 'evil.example.test', 'site_config.json');
  writeFileSync(file, JSON.stringify({ ...runner.siteConfig('evil.example.test'), db_name: victim['db_name'] }));
  const body = { mariadb_root_password: ROOT_PASSWORD, force: true };
  t.is((await runner.client.run(`${SITES}/evil.example.test/archive`, body)).status, 'Failure');
  t.is((await runner.client.get(`${SITES}/${SITE}/info`)).status, 200);
});

test.serial('a second runner on the same folder does not start', async (t) => {
  t.timeout(60_000);
  const { runner } = t.context;
  const first = runner.url;
  await t.throwsAsync(runner.start(), { message: /ended with 1[\s\S]*locked/ });
  t.is((await fetch(`${first}/healthz`)).status, 200);
});
