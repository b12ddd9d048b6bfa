import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import test from 'ava';
import { createConnection } from 'mysql2/promise';
import { startMariaDb, type MariaDb } from '../../../bench-runner/test/support/mariadb.ts';
import { Clock } from '../kernel/clock.ts';
import { Faults } from '../kernel/faults.ts';
import { listen, type Listening } from '../kernel/listen.ts';
import { RequestLog } from '../kernel/request-log.ts';
import type { StandIn } from '../kernel/stand-in.ts';
import { createSites } from './sites.ts';

const BENCH = fileURLToPath(new URL('../../bin/bench', import.meta.url));
const SITE = 'acme.example.test';
const dir = mkdtempSync(path.join(os.tmpdir(), 'sandbox-bench-'));
const sitesDir = path.join(dir, 'sites');
let database: MariaDb;
let standIn: StandIn;
let front: Listening;

const bench = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(BENCH, args, {
    cwd: dir,
    encoding: 'utf8',
    env: { PATH: `${path.dirname(process.execPath)}:${process.env['PATH']}`, FAKE_BENCH_STEP_MS: '1' },
  });
  return { status, output: stdout + stderr };
};
const newSite = (site: string, ...more: string[]) =>
  bench(
    'new-site',
    site,
    '--mariadb-user-host-login-scope=%',
    '--db-root-password',
    'root-pw-1',
    '--admin-password',
    'x',
    ...more,
  );
const dropSite = (site: string) =>
  bench('drop-site', site, '--db-root-password', 'root-pw-1', '--no-backup', '--force');
const get = (site: string, address = '/') => {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
  request(`${front.url}${address}`, { headers: { host: `${site}:8080` } }, (response) => {
    let text = '';
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => (text += chunk));
    response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
  })
    .on('error', reject)
    .end();
  return promise;
};

test.before(async () => {
  database = await startMariaDb('root-pw-1');
  mkdirSync(sitesDir);
  writeFileSync(
    path.join(sitesDir, 'common_site_config.json'),
    JSON.stringify({ db_host: database.host, db_port: database.port }),
  );
  standIn = createSites({ clock: new Clock(), faults: new Faults(), log: new RequestLog() }, { sitesDir });
  front = await listen('sites', 0);
  front.server.on('request', standIn.handler);
});
test.afterEach.always(() => standIn.reset());
test.after.always(async () => {
  await front.close();
  await database.stop();
  rmSync(dir, { recursive: true, force: true });
});

test.serial('answers by the host name from the site’s own database', async (t) => {
  const made = newSite(SITE, '--install-app', 'erpnext');
  t.is(made.status, 0, made.output);
  t.regex(made.output, /Updating DocTypes for erpnext +: \[=+\] 100%/);
  t.deepEqual(await get(SITE, '/api/method/ping'), { status: 200, text: '{"message":"pong"}' });
  const page = await get(SITE);
  t.is(page.status, 200);
  for (const text of [`<h1>${SITE}</h1>`, '<li>frappe</li>', '<li>erpnext</li>']) t.true(page.text.includes(text));
  t.is((await get('other.example.test')).status, 404);
  t.is((await get('../sites')).status, 404);
  t.is((await get('common_site_config.json')).status, 404);
  t.like(standIn.state(), { sites: [{ site: SITE, isInMaintenance: false }] });
});

test.serial('shows whose session a login link opens', async (t) => {
  const sid = /sid=(\w+)/.exec(bench('--site', SITE, 'browse', '--user', 'Administrator').output)?.[1];
  t.regex((await get(SITE, `/app?sid=${sid}`)).text, /Signed in as <strong>Administrator<\/strong>/);
  t.notRegex((await get(SITE, '/app?sid=nonsense')).text, /Signed in/);
});

test.serial('answers 503 in maintenance', async (t) => {
  bench('--site', SITE, 'set-maintenance-mode', 'on');
  t.is((await get(SITE, '/api/method/ping')).status, 503);
  bench('--site', SITE, 'set-maintenance-mode', 'off');
  t.is((await get(SITE)).status, 200);
});

test.serial('bench refuses what the real one refuses', (t) => {
  t.deepEqual(newSite(SITE), { status: 1, output: `Site ${SITE} already exists\n` });
  const wrong = bench('new-site', 'b.example.test', '--db-root-password=no', '--admin-password=x');
  t.is(wrong.status, 1);
  t.regex(wrong.output, /1045.*Access denied/);
  writeFileSync(path.join(sitesDir, 'apps.txt'), 'frappe\nerpnext\n');
  t.deepEqual(bench('--site', SITE, 'install-app', 'hrms'), { status: 1, output: 'App hrms not in apps.txt\n' });
  t.is(bench('--site', 'nobody.example.test', 'migrate').status, 1);
  t.is(bench('fly').status, 1);
});

test.serial('fails and slows down where it is told to, as often as it is told to', (t) => {
  standIn.actions?.['bench_fault']?.({ failAt: 'migrate', times: 1 });
  const failed = bench('--site', SITE, 'migrate');
  t.deepEqual([failed.status, failed.output], [1, 'Error: injected failure at migrate\n']);
  t.is(bench('--site', SITE, 'migrate').status, 0);
  t.throws(() => standIn.actions?.['bench_fault']?.({ times: 'often' }));
});

test.serial('a backup can be read back', async (t) => {
  const target = path.join(dir, 'backup');
  const { output } = bench('--site', SITE, 'backup', '--with-files', '--backup-path', target);
  const file = /Database: (\S+)/.exec(output)?.[1] ?? '';
  const sql = gunzipSync(readFileSync(file)).toString();
  await database.query('create database restored');
  const db = await createConnection({
    host: database.host,
    port: database.port,
    user: 'root',
    password: 'root-pw-1',
    database: 'restored',
    multipleStatements: true,
  });
  await db.query(sql);
  await db.end();
  t.is((await database.query('select 1 from restored.`tabInstalled Application`')).length, 2);
});

test.serial('drops a site with its database and user, but not when the database is gone', async (t) => {
  const { db_name: name } = JSON.parse(readFileSync(path.join(sitesDir, SITE, 'site_config.json'), 'utf8')) as {
    db_name: string;
  };
  const dropped = dropSite(SITE);
  t.is(dropped.status, 0, dropped.output);
  t.deepEqual(await database.query('select 1 from mysql.user where User = ?', [name]), []);
  t.is((await get(SITE)).status, 404);

  newSite('gone.example.test', '--db-name', '_0123456789abcdef');
  await database.query('drop database _0123456789abcdef');
  t.is((await get('gone.example.test', '/api/method/ping')).status, 500);
  t.is(dropSite('gone.example.test').status, 1);
});
