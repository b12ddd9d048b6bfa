import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import anyTest, { type TestFn } from 'ava';
import { Client, type Job, type Step } from './support/client.ts';
import { startMariaDb } from './support/mariadb.ts';
import { TestRunner, TOKEN, ADMIN_PASSWORD, USER_PASSWORD } from './support/runner.ts';

/**
 * The wire itself, told from outside only: with AGENT_URL (and AGENT_TOKEN, AGENT_BENCH, AGENT_DB_ROOT_PASSWORD,
 * AGENT_APPS) it is asked of a real Frappe Agent, otherwise of this runner.
 */
interface Target {
  client: Client;
  url: string;
  token: string;
  bench: string;
  rootPassword: string;
  apps: string[];
  stop(): Promise<void>;
}

const test: TestFn = anyTest;
const golden = JSON.parse(readFileSync(new URL('fixtures/new-site-success.json', import.meta.url), 'utf8')) as Job;
let target: Target;
let sites = '';

async function ownRunner(): Promise<Target> {
  const database = await startMariaDb('RootSecret4710');
  const runner = await new TestRunner(database).start();
  const { client, url } = runner;
  const stop = async () => {
    await runner.dispose();
    await database.stop();
  };
  return {
    client,
    url,
    token: TOKEN,
    bench: 'bench-0001',
    rootPassword: database.rootPassword,
    apps: ['frappe', 'erpnext'],
    stop,
  };
}

function realAgent(url: string): Target {
  const token = process.env['AGENT_TOKEN'] ?? '';
  return {
    client: new Client(() => url, token),
    url,
    token,
    bench: process.env['AGENT_BENCH'] ?? 'bench-0001',
    rootPassword: process.env['AGENT_DB_ROOT_PASSWORD'] ?? '',
    apps: (process.env['AGENT_APPS'] ?? 'frappe,erpnext').split(','),
    stop: () => Promise.resolve(),
  };
}

test.before(async () => {
  const url = process.env['AGENT_URL'];
  target = url === undefined ? await ownRunner() : realAgent(url.replace(/\/$/, ''));
  sites = `/benches/${target.bench}/sites`;
});
test.after.always(async () => target?.stop());

const name = (): string => `t${randomUUID().slice(0, 8)}.example.test`;
const request = (site: string, more: object = {}) => ({
  name: site,
  config: { host_name: `http://${site}` },
  apps: target.apps,
  mariadb_root_password: target.rootPassword,
  admin_password: ADMIN_PASSWORD,
  ...more,
});
const archive = (site: string) =>
  target.client.run(`${sites}/${site}/archive`, { mariadb_root_password: target.rootPassword });

/** Keys and types, without values. */
function shape(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shape);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value)
        .sort(([a], [b]) => a.localeCompare(b))
        .map(([key, inner]) => [key, shape(inner)]),
    );
  return typeof value;
}

const TIME = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/;
const outline = (steps: Step[]) => steps.map(({ name: step, status }) => [step, status]);

test.serial('refuses a request without the token, or with another', async (t) => {
  for (const authorization of ['', 'bearer wrong', `token ${target.token}`, 'bearer', 'basic !!!']) {
    const answer = await target.client.get('/ping', { headers: { authorization } });
    t.is(answer.status, 401, authorization);
    t.deepEqual(answer.body, { message: 'Unauthenticated' });
    t.is(answer.headers.get('www-authenticate'), 'Basic');
  }
});

test.serial('takes the token as bearer in any case, and as password of basic', async (t) => {
  const basic = Buffer.from(`anything:${target.token}`).toString('base64');
  for (const authorization of [`bearer ${target.token}`, `Bearer ${target.token}`, `basic ${basic}`]) {
    const answer = await target.client.get('/ping', { headers: { authorization } });
    t.deepEqual([answer.status, answer.body], [200, { message: 'pong' }]);
  }
});

test.serial('words errors as an array of lines: 404 for unknown bench and site, 500 for the rest', async (t) => {
  const cases: [string, string, number][] = [
    ['GET', '/benches/bench-none/sites', 404],
    ['GET', `${sites}/nobody.example.test/info`, 404],
    ['POST', `${sites}/nobody.example.test/migrate`, 404],
    ['GET', '/no/such/address', 500],
    ['PUT', '/ping', 500],
    ['GET', '/jobs/99999999', 500],
  ];
  for (const [method, path, status] of cases) {
    const answer = await target.client.request<{ error: string[] }>(method, path, method === 'GET' ? {} : { body: {} });
    t.is(answer.status, status, path);
    t.true(answer.body.error.length > 0 && answer.body.error.every((line) => typeof line === 'string'), path);
  }
});

test.serial('refuses a body that lacks what the job needs', async (t) => {
  const answer = await target.client.post<{ error: string[] }>(sites, { name: name() });
  t.true(answer.status === 400 || answer.status === 500);
  t.true(Array.isArray(answer.body.error));
});

test.serial('runs a ping job', async (t) => {
  const job = await target.client.run('/ping_job');
  t.is(job.status, 'Success');
  t.deepEqual(outline(job.steps), [['Ping Step', 'Success']]);
});

test.serial('makes a site as the golden record shows it, and tells how far it is', async (t) => {
  const site = name();
  const agentJobId = randomUUID();
  const user = { email: 'a@b.example', first_name: 'A', last_name: 'B', password: USER_PASSWORD };
  const id = await target.client.enqueue(sites, request(site, { create_user: user }), agentJobId);
  const running = await target.client.until(id, (job) =>
    job.steps.some((step) => step.commands.some((command) => /\d+%/.test(command.output))),
  );
  t.is(running.status, 'Running');
  t.is(running.end, null);
  t.is(running.duration, null);
  t.is(running.data['function'], 'new_site');

  const job = await target.client.until(id, undefined, 20 * 60_000);
  t.is(job.status, 'Success', JSON.stringify(job.data));
  t.is(job.agent_job_id, agentJobId);
  t.deepEqual(shape({ ...job, steps: [] }), shape({ ...golden, steps: [] }));
  t.deepEqual(outline(job.steps), outline(golden.steps));
  for (const [index, expected] of golden.steps.entries()) {
    const step = job.steps[index];
    t.deepEqual(shape({ ...step, data: {}, commands: [] }), shape({ ...expected, data: {}, commands: [] }));
    // Nothing is set up per site in a front that goes by host name.
    if (!expected.name.endsWith('NGINX') && target.apps.join() === 'frappe,erpnext')
      t.deepEqual(shape(step?.data), shape(expected.data), expected.name);
  }
  for (const time of [job.enqueue, job.start, job.end]) t.regex(time ?? '', TIME);
  t.regex(job.duration ?? '', /^\d\d:\d\d:\d\d\.\d{6}$/);
  const found = await target.client.get<Job[]>(`/agent-jobs/${agentJobId}`);
  t.deepEqual(
    found.body.map((one) => one.id),
    [id],
  );

  const { body: info } = await target.client.get<{ data: { config: { host_name: string }; usage: object } }>(
    `${sites}/${site}/info`,
  );
  t.is(info.data.config.host_name, `http://${site}`);
  t.deepEqual(Object.keys(info.data.usage).sort(), ['backups', 'database', 'private', 'public']);
  const { body: apps } = await target.client.get<{ data: string[] }>(`${sites}/${site}/apps?format=json`);
  t.deepEqual(apps.data, target.apps);
  const { body: list } = await target.client.get<Record<string, { name: string }>>(sites);
  t.deepEqual(list[site], { name: site });
  t.is((await archive(site)).status, 'Success');
});

test.serial('fails a site that exists already, and leaves that site as it was', async (t) => {
  const site = name();
  t.is((await target.client.run(sites, request(site, { apps: ['frappe'] }))).status, 'Success');
  const again = await target.client.run(sites, request(site, { apps: ['frappe'] }));
  t.is(again.status, 'Failure');
  t.deepEqual(outline(again.steps), [['New Site', 'Failure']]);
  t.regex(String(again.data['output']), /already exists/);
  t.is(again.data['returncode'], 1);
  t.is((await target.client.get(`${sites}/${site}/info`)).status, 200);
  t.is((await archive(site)).status, 'Success');
});

test.serial('fails with the failing command as the data of the job and of its last step', async (t) => {
  const site = name();
  const job = await target.client.run(sites, request(site, { apps: ['frappe', 'nosuchapp'] }));
  t.is(job.status, 'Failure');
  t.deepEqual(outline(job.steps), [
    ['New Site', 'Success'],
    ['Install Apps', 'Failure'],
  ]);
  t.deepEqual(job.data, job.steps[1]?.data ?? null);
  const keys = ['command', 'directory', 'duration', 'end', 'output', 'returncode', 'start', 'status', 'traceback'];
  t.deepEqual(Object.keys(job.data).sort(), keys);
  await target.client.run(`${sites}/${site}/archive`, { mariadb_root_password: target.rootPassword, force: true });
});

test.serial('lives through config, apps, maintenance, backup, migrate and archive', async (t) => {
  const site = name();
  const at = (tail: string) => `${sites}/${site}/${tail}`;
  t.is((await target.client.run(sites, request(site, { apps: ['frappe'] }))).status, 'Success');

  const config = await target.client.run(at('config'), { config: { quota: 7, gone: 1 }, remove: {} });
  t.deepEqual(outline(config.steps), [['Update Site Configuration', 'Success']]);
  await target.client.run(at('config'), { config: { maintenance_mode: 1 }, remove: ['gone'] });
  const { body } = await target.client.get<{ data: { config: Record<string, unknown> } }>(at('info'));
  t.like(body.data.config, { quota: 7, maintenance_mode: 1 });
  t.false('gone' in body.data.config);

  const active = await target.client.run(at('activate'));
  t.deepEqual(outline(active.steps), [
    ['Disable Maintenance Mode', 'Success'],
    ['Build Search Index', 'Success'],
  ]);
  const backup = await target.client.run(at('backup'), { with_files: true });
  const { backups, offsite } = backup.data as {
    backups: Record<string, { file: string; size: number }>;
    offsite: object;
  };
  t.deepEqual(Object.keys(backups).sort(), ['database', 'private', 'public', 'site_config']);
  t.true(Object.values(backups).every((file) => file.size > 0 && file.file.length > 0));
  t.deepEqual(offsite, {});
  const migrated = await target.client.run(at('migrate'));
  t.deepEqual(outline(migrated.steps), [
    ['Migrate Site', 'Success'],
    ['Disable Maintenance Mode', 'Success'],
  ]);
  const sid = await target.client.post<{ sid: string }>(at('sid'), { user: 'Administrator' });
  t.regex(sid.body.sid, /^[0-9a-f]{20,}$/);

  const archived = await archive(site);
  t.deepEqual(outline(archived.steps), [
    ['Archive Site', 'Success'],
    ['Bench Setup NGINX', 'Success'],
  ]);
  const again = await archive(site);
  t.deepEqual([again.status, again.steps], ['Success', []]);
});

test.serial('installs an app and takes it away', async (t) => {
  const [, app] = target.apps;
  if (app === undefined) return t.pass('only one app to test with');
  const site = name();
  await target.client.run(sites, request(site, { apps: ['frappe'] }));
  const list = async () => (await target.client.get<{ data: string[] }>(`${sites}/${site}/apps?format=json`)).body.data;
  const installed = await target.client.run(`${sites}/${site}/apps`, { name: app });
  t.deepEqual([installed.name, installed.status], ['Install App on Site', 'Success']);
  t.deepEqual(await list(), ['frappe', app]);
  const removed = await target.client.run(`${sites}/${site}/apps/${app}`, {}, 'DELETE');
  t.deepEqual([removed.name, removed.status], ['Uninstall App on Site', 'Success']);
  t.deepEqual(await list(), ['frappe']);
  t.regex((await target.client.get<{ data: string }>(`${sites}/${site}/apps`)).body.data, /^frappe /);
  await archive(site);
});

test.serial('answers many ids in order without the unknown, one id alone as an object, words as nothing', async (t) => {
  const first = await target.client.enqueue('/ping_job', {}, randomUUID());
  const second = await target.client.enqueue('/ping_job', {}, randomUUID());
  await target.client.until(second);
  const { body: both } = await target.client.get<Job[]>(`/jobs/${second},99999999,${first}`);
  t.deepEqual(
    both.map((job) => job.id),
    [first, second],
  );
  t.is((await target.client.get<Job>(`/jobs/${first}`)).body.id, first);
  t.deepEqual((await target.client.get('/jobs/abc')).body, []);
  t.deepEqual((await target.client.get(`/agent-jobs/${randomUUID()}`)).body, []);
  const { body: latest } = await target.client.get<Job[]>('/jobs');
  t.deepEqual(Object.keys(latest[0] ?? {}).sort(), ['agent_job_id', 'end', 'id', 'name', 'start', 'status']);
  const { body: succeeded } = await target.client.get<Job[]>('/jobs/status/Success');
  t.is(succeeded.find((job) => job.id === first)?.name, both[0]?.name);
});
