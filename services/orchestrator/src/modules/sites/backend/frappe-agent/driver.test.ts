import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import test from 'ava';
import type { AppError } from '#core/errors.ts';
import { FakeAgent } from '#test/support/fake-agent.ts';
import { repositoryPath } from '#test/support/processes.ts';
import { type Bench, startBench } from '#test/support/sites-world.ts';
import { atEnd, atEndOfFile, eventually } from '#test/support/stack.ts';
import type { BackendJob, JobRef, SiteBackend, SiteSpec } from '../backend.ts';
import { createRedactor } from '../redact.ts';
import { createFrappeAgent } from './driver.ts';
import { presentJob } from './present-job.ts';
import { AgentJob } from './wire.ts';

const ROOT_PASSWORD = new URL(process.env['TEST_DATABASE_URL'] ?? 'mysql://root:x@h').password;
const cleanUp = atEndOfFile(test);
let bench: Bench;
let backend: SiteBackend;
test.before(async () => {
  bench = await startBench(cleanUp);
  backend = driver(bench.env['FRAPPE_AGENT_URL'] ?? '');
});

const driver = (url: string, options: { token?: string; timeoutMs?: number; bench?: string } = {}) =>
  createFrappeAgent({
    url,
    token: 'agent-test-token',
    bench: 'bench-0001',
    rootPassword: ROOT_PASSWORD,
    secrets: ['Adm1nSecret'],
    ...options,
  });

const spec = (host: string): SiteSpec => ({
  host,
  apps: ['erpnext'],
  adminPassword: 'Adm1nSecret',
  config: { bastide_site_id: 'sit_1', host_name: `http://${host}` },
  firstUser: { email: 'owner@example.test', firstName: 'Ada', lastName: '', password: 'Us3rSecret' },
  timeoutMs: 60_000,
});

const ended = (ref: JobRef): Promise<BackendJob> =>
  eventually(
    `the end of job ${ref.remoteId}`,
    async () => {
      const job = await backend.job(ref);
      return job && job.status !== 'pending' && job.status !== 'running' && job;
    },
    60_000,
  );

const failure = async (work: Promise<unknown>): Promise<AppError> => {
  try {
    await work;
  } catch (error) {
    return error as AppError;
  }
  throw new Error('it worked');
};

test.serial('a site is made, looked at, changed and taken away on a real bench-runner', async (t) => {
  const [host, op] = ['life.sites.example.test', randomUUID()];
  await backend.ping();
  t.is(await backend.inspect(host), undefined);
  t.is(await backend.findByOperation(op), undefined);

  const made = await ended(await backend.createSite(op, spec(host)));
  t.is(made.status, 'succeeded', made.failure ?? '');
  t.deepEqual(
    made.steps.map((step) => step.name),
    [
      'New Site',
      'Install Apps',
      'Update Site Configuration',
      'Enable Scheduler',
      'Create User',
      'Bench Setup NGINX',
      'Reload NGINX',
    ],
  );
  t.regex(made.steps[0]?.output ?? '', /Installing frappe/);
  t.is((await backend.findByOperation(op))?.remoteId, made.remoteId);
  t.is((await backend.inspect(host))?.siteId, 'sit_1');
  t.deepEqual(Object.keys((await backend.inspect(host)) ?? {}), ['siteId', 'usageMib'], 'db_password stays outside');
  t.deepEqual((await backend.listApps(host)).sort(), ['erpnext', 'frappe']);

  const installed = await ended(await backend.installApp(randomUUID(), host, 'crm'));
  t.is(installed.status, 'succeeded');
  const configured = await ended(
    await backend.setConfig(randomUUID(), host, { bastide_site_id: 'sit_2' }, ['host_name']),
  );
  t.is(configured.status, 'succeeded');
  t.is((await backend.inspect(host))?.siteId, 'sit_2');
  t.deepEqual(
    (await backend.jobs([made, installed])).map((job) => job.remoteId).sort(),
    [made.remoteId, installed.remoteId].sort(),
  );

  for (const op of [randomUUID(), randomUUID()])
    t.is((await ended(await backend.archiveSite(op, host, { force: true }))).status, 'succeeded', 'again is harmless');
  t.is(await backend.inspect(host), undefined);
});

test.serial('a site that cannot be made says why in one line', async (t) => {
  const job = await ended(
    await backend.createSite(randomUUID(), { ...spec('noapp.sites.example.test'), apps: ['no_such_app'] }),
  );
  t.is(job.status, 'failed');
  t.is(job.failure, 'Install Apps: App no_such_app not in apps.txt');
});

test.serial('an unknown job is none; the same UUID gives the same job', async (t) => {
  t.is(await backend.job({ remoteId: 987_654 }), undefined);
  const op = randomUUID();
  const first = await backend.archiveSite(op, 'nothing.sites.example.test', { force: true });
  t.deepEqual(await backend.archiveSite(op, 'nothing.sites.example.test', { force: true }), first);
});

test.serial('a running job can be ended', async (t) => {
  const { standIns } = bench.sandbox;
  standIns['sites']?.actions?.['bench_fault']?.({ hangAt: 'install-app:erpnext', times: 1 });
  const ref = await backend.createSite(randomUUID(), spec('hang.sites.example.test'));
  await eventually('Install Apps to hang', async () =>
    (await backend.job(ref))?.steps.some((step) => step.name === 'Install Apps'),
  );
  await backend.cancel(ref);
  t.is((await ended(ref)).status, 'failed');
  t.is(await backend.inspect('hang.sites.example.test'), undefined);
});

test('the real agent’s record of a new site is read: order, output, no password', (t) => {
  const recorded: unknown = JSON.parse(
    readFileSync(repositoryPath('services/bench-runner/test/fixtures/new-site-success.json'), 'utf8'),
  );
  const job = presentJob(AgentJob.parse(recorded), createRedactor(['KX4locWe6n52VvpC']));
  t.is(job.status, 'succeeded');
  t.is(job.steps.length, 7);
  t.regex(job.steps[0]?.output ?? '', /^Installing frappe\.\.\.\nUpdating DocTypes for frappe +: \[=+\] 100%$/);
  t.is(job.steps[1]?.output, 'Installing erpnext...');
  t.false(/adminpw|KX4locWe6n52VvpC|proot/.test(JSON.stringify(job)));
});

test('the wire: bearer token, UUID, a JSON body with everything but GET, the path of the URL kept', async (t) => {
  const agent = await FakeAgent.start(atEnd(t));
  const behindPrefix = driver(`${agent.url}/agent`);
  await failure(behindPrefix.ping());
  t.is(agent.requests[0]?.line, 'GET /agent/ping');
  await driver(agent.url).archiveSite('11111111-2222-4333-8444-555555555555', 'a.test', { force: true });
  const [, archive] = agent.requests;
  t.is(archive?.line, 'POST /benches/bench-0001/sites/a.test/archive');
  t.is(archive?.op, '11111111-2222-4333-8444-555555555555');
  t.is(archive?.authorization, 'bearer agent-test-token');
  t.is(archive?.contentType, 'application/json');
  t.deepEqual(JSON.parse(archive?.rawBody ?? ''), { mariadb_root_password: ROOT_PASSWORD, force: true });
  await driver(agent.url).cancel({ remoteId: agent.jobs[0]?.id ?? 0 });
  t.is(agent.requests.at(-1)?.rawBody, '{}');
});

const TROUBLE = [
  { how: 'lose_request', code: 'sites.backend_unavailable', says: /connection failed/ },
  { how: 'lose_answer', code: 'sites.backend_unavailable', says: /connection failed/ },
  { how: 'hang', code: 'sites.backend_unavailable', says: /no answer within 0\.3 s/ },
  { how: 'garbage', code: 'sites.backend_unavailable', says: /makes no sense/ },
  { how: 'status', status: 500, code: 'sites.backend_unavailable', says: /it answered 500: Boom/ },
  { how: 'status', status: 503, code: 'sites.backend_unavailable', says: /503/ },
  { how: 'status', status: 429, code: 'sites.backend_unavailable', says: /429/ },
  { how: 'status', status: 401, code: 'sites.backend_denied', says: /FRAPPE_AGENT_TOKEN/ },
  { how: 'status', status: 404, code: 'sites.backend_not_found', says: /bench bench-0001.*FRAPPE_BENCH/ },
  { how: 'status', status: 400, code: 'sites.backend_refused', says: /refused the request \(400\): Boom/ },
] as const;
for (const { code, says, ...trouble } of TROUBLE)
  test(`${trouble.how}${'status' in trouble ? ` ${trouble.status}` : ''} becomes ${code}`, async (t) => {
    const agent = await FakeAgent.start(atEnd(t));
    agent.about('a.test').misbehaviours.push({ on: /^POST/, ...trouble });
    const error = await failure(driver(agent.url, { timeoutMs: 300 }).createSite(randomUUID(), spec('a.test')));
    t.is(error.code, code);
    t.regex(error.message, says);
  });

test('nobody listening is an outage, and a missing bench is not a missing site', async (t) => {
  t.is((await failure(driver('http://127.0.0.1:1').ping())).code, 'sites.backend_unavailable');
  const wrongBench = driver(bench.env['FRAPPE_AGENT_URL'] ?? '', { bench: 'bench-0009' });
  t.is((await failure(wrongBench.inspect('a.sites.example.test'))).code, 'sites.backend_not_found');
  const wrongToken = driver(bench.env['FRAPPE_AGENT_URL'] ?? '', { token: 'another-token-of-16' });
  t.is((await failure(wrongToken.ping())).code, 'sites.backend_denied');
});

test('a traceback that quotes passwords is told without them', async (t) => {
  const agent = await FakeAgent.start(atEnd(t));
  const lines = [
    'Traceback',
    `Command 'bench new-site --admin-password Adm1nSecret -p${ROOT_PASSWORD} mysql://u:pw@h' failed`,
  ];
  agent.about('a.test').misbehaviours.push({ on: /^POST/, how: 'status', status: 500, body: { error: lines } });
  const { message } = await failure(driver(agent.url).createSite(randomUUID(), spec('a.test')));
  t.regex(message, /Command 'bench new-site/);
  t.false(message.includes('Adm1nSecret') || message.includes(ROOT_PASSWORD) || message.includes(':pw@'), message);
});

test('secrets of every shape are kept out of text', (t) => {
  const redact = createRedactor(['s3cr3t/+', 'abc']);
  for (const text of [
    'mysql -uroot -ps3cr3t/+ -e "x"',
    'https://u:s3cr3t%2F%2B@host',
    '--admin-password other --x',
    '--db-root-password="with space"',
    '{\'db_password\': \'zzz\', "encryption_key": "qqq"}',
    "create user x identified by 'yyy'",
    'access_token=ttt',
  ])
    t.false(/s3cr3t|other|with space|zzz|qqq|yyy|ttt/.test(redact(text)), redact(text));
  t.is(redact('Updating DocTypes for frappe : 40% -p 3306'), 'Updating DocTypes for frappe : 40% -p 3306');
});
