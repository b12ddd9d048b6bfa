import { randomUUID } from 'node:crypto';
import type { Job } from './support/client.ts';
import { serialTests, SITES } from './support/world.ts';

const test = serialTests();
const SITE = 'acme.example.test';

test.serial('answers the same agent job id with the first job', async (t) => {
  const { runner } = t.context;
  const { client } = runner;
  const id = randomUUID();
  const posts = await Promise.all(
    Array.from({ length: 5 }, () => client.enqueue(SITES, runner.newSiteRequest(SITE), id)),
  );
  t.is(new Set(posts).size, 1);
  const job = await client.until(posts[0] ?? 0);
  t.is(job.status, 'Success');
  t.is(await client.enqueue(SITES, runner.newSiteRequest(SITE), id), job.id);
  const other = await client.enqueue(`${SITES}/gone.example.test/config`, { config: {}, remove: [] }, id);
  t.is(other, job.id);
});

test.serial('runs one heavy job at a time, in the order they came', async (t) => {
  const { client } = t.context.runner;
  const names = ['a', 'b', 'c'].map((letter) => `${letter}.example.test`);
  const ids = await Promise.all(
    names.map((name) => client.enqueue(SITES, t.context.runner.newSiteRequest(name, { apps: ['frappe'] }))),
  );
  const jobs: Job[] = [];
  for (const id of ids) jobs.push(await client.until(id));
  jobs.sort((a, b) => a.id - b.id);
  t.true(jobs.every((job) => job.status === 'Success'));
  for (const [index, job] of jobs.entries()) if (index > 0) t.true((job.start ?? '') >= (jobs[index - 1]?.end ?? ''));
  t.is((await t.context.runner.remains()).databases.length, 3);
});

test.serial('makes one site of two parallel requests for one name', async (t) => {
  const { client } = t.context.runner;
  const ids = await Promise.all(
    [1, 2].map(() => client.enqueue(SITES, t.context.runner.newSiteRequest(SITE, { apps: ['frappe'] }), randomUUID())),
  );
  const statuses = await Promise.all(ids.map(async (id) => (await client.until(id)).status));
  t.deepEqual(statuses.sort(), ['Failure', 'Success']);
  const { folders, databases } = await t.context.runner.remains();
  t.deepEqual([folders, databases.length], [[SITE], 1]);
});

test.serial('a short job does not wait for a heavy one', async (t) => {
  const { runner } = t.context;
  await runner.client.run(SITES, runner.newSiteRequest(SITE, { apps: ['frappe'] }));
  runner.setFault({ hangAt: 'new-site:database', times: 1 });
  const heavy = await runner.client.enqueue(SITES, runner.newSiteRequest('slow.example.test'));
  await runner.hangs();
  const config = { config: { maintenance_mode: 1 }, remove: {} };
  t.is((await runner.client.run(`${SITES}/${SITE}/config`, config)).status, 'Success');
  t.is((await runner.client.run('/ping_job')).status, 'Success');
  t.is((await runner.client.job(heavy)).status, 'Running');
  t.is(runner.siteConfig(SITE)['maintenance_mode'], 1);
});

test.serial('cancel ends a running creation, its processes and its remains, and the name is free again', async (t) => {
  const { runner } = t.context;
  runner.setFault({ hangAt: 'install-app:erpnext', times: 1 });
  const id = await runner.client.enqueue(SITES, runner.newSiteRequest(SITE));
  await runner.hangs();
  t.is((await runner.client.post<Job>(`/jobs/${id}/cancel`)).body.id, id);
  const job = await runner.client.until(id);
  t.is(job.status, 'Failure');
  t.deepEqual(job.data, { traceback: 'The job was cancelled.' });
  t.deepEqual(await runner.remains(), { folders: [], databases: [], users: [], unfinished: [] });
  t.is((await runner.client.run(SITES, runner.newSiteRequest(SITE))).status, 'Success');
  t.is((await runner.client.post<Job>(`/jobs/${id}/cancel`)).body.status, 'Failure');
});

test.serial('deactivate waits until the site’s own queue is empty', async (t) => {
  const { runner } = t.context;
  await runner.client.run(SITES, runner.newSiteRequest(SITE, { apps: ['frappe'] }));
  runner.setFault({ failAt: 'ready-for-migration', times: 1 });
  const job = await runner.client.run(`${SITES}/${SITE}/deactivate`);
  t.is(job.status, 'Success');
  t.deepEqual(
    job.steps.map((step) => [step.name, step.commands.map((command) => command.status)]),
    [
      ['Enable Maintenance Mode', ['Success']],
      ['Wait for Enqueued Jobs', ['Failure', 'Success']],
    ],
  );
  t.is(runner.siteConfig(SITE)['maintenance_mode'], 1);
});

test.serial('cancel ends a waiting job before it begins', async (t) => {
  const { runner } = t.context;
  runner.setFault({ hangAt: 'new-site', times: 1 });
  const running = await runner.client.enqueue(SITES, runner.newSiteRequest('one.example.test'));
  const waiting = await runner.client.enqueue(SITES, runner.newSiteRequest('two.example.test'));
  const { body } = await runner.client.post<Job>(`/jobs/${waiting}/cancel`);
  t.deepEqual([body.status, body.steps], ['Failure', []]);
  await runner.client.post(`/jobs/${running}/cancel`);
  t.is((await runner.client.until(running)).status, 'Failure');
  t.deepEqual((await runner.remains()).folders, []);
});

test.serial('ends a job at its deadline', async (t) => {
  const { runner } = t.context;
  runner.setFault({ hangAt: 'new-site:frappe', times: 1 });
  const job = await runner.client.run(SITES, runner.newSiteRequest(SITE, { agent_job_timeout: 1 }));
  t.is(job.status, 'Failure');
  t.regex(String(job.data['traceback']), /timeout of 1 seconds/);
  t.deepEqual(await runner.remains(), { folders: [], databases: [], users: [], unfinished: [] });
});

for (const failAt of [
  'new-site',
  'new-site:database',
  'new-site:frappe',
  'install-app:erpnext',
  'scheduler',
  'add-system-manager',
])
  test.serial(`leaves nothing of a creation that failed at ${failAt}`, async (t) => {
    const { runner } = t.context;
    runner.setFault({ failAt, times: 1 });
    const user = { email: 'a@b.example', first_name: 'A', last_name: 'B', password: 'UserSecret4712' };
    const job = await runner.client.run(SITES, runner.newSiteRequest(SITE, { create_user: user }));
    t.is(job.status, 'Failure');
    t.is(job.steps.at(-1)?.status, 'Failure');
    t.regex(String(job.data['output']), /injected failure/);
    t.deepEqual(await runner.remains(), { folders: [], databases: [], users: [], unfinished: [] });
  });

test.serial('says so when the root password is wrong', async (t) => {
  const { runner } = t.context;
  const job = await runner.client.run(SITES, runner.newSiteRequest(SITE, { mariadb_root_password: 'NotTheOne99' }));
  t.is(job.status, 'Failure');
  t.regex(String(job.data['output']), /1045.*Access denied/);
  t.is((await runner.client.run(SITES, runner.newSiteRequest(SITE))).status, 'Success');
  t.deepEqual((await runner.remains()).unfinished, []);
});
