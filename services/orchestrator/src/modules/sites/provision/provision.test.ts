import { randomUUID } from 'node:crypto';
import test, { type ExecutionContext } from 'ava';
import type { TenantContext } from '#core/context.ts';
import { getOperation, retryOperation } from '#core/operations/service.ts';
import { jobHandlers, operations } from '#main/modules.ts';
import { unseal } from '#core/crypto/seal.ts';
import { createSite, getSite, revealSignInDetails } from '#modules/sites/service.ts';
import type { Site } from '#modules/sites/schemas.ts';
import { type Conduct, FakeAgent, type FakeSite } from '#test/support/fake-agent.ts';
import { createSitesOwner } from '#test/support/sites-world.ts';
import { type TestApp, atEndOfFile, createTestApp, eventually } from '#test/support/stack.ts';
import { startTestWorker } from '#test/support/worker.ts';

interface World {
  app: TestApp;
  agent: FakeAgent;
  ctx: TenantContext;
  /** Of the tenant's first site; how everything about it goes. */
  host: string;
  conduct: Conduct;
  create(): Promise<Site>;
}

const cleanUp = atEndOfFile(test);
let shared: Pick<World, 'agent' | 'app'>;
test.before(async () => {
  const agent = await FakeAgent.start(cleanUp);
  const app = await createTestApp(cleanUp, {
    ...agent.env,
    FRAPPE_AGENT_TIMEOUT_MS: '1000',
    WORKER_CONCURRENCY: '20',
    DATABASE_POOL_MAX: '60',
  });
  startTestWorker(app, { handlers: jobHandlers });
  shared = { agent, app };
});

/** A tenant of the test's own on the server, the worker and the agent that the file shares. */
async function startWorld(): Promise<World> {
  const slug = `p-${randomUUID().slice(0, 8)}`;
  const { ctx } = await createSitesOwner(shared.app, { slug });
  const host = `${slug}.sites.example.test`;
  return {
    ...shared,
    ctx,
    host,
    conduct: shared.agent.about(host),
    create: () => createSite(ctx, { apps: ['erpnext'] }),
  };
}

const operationOf = (ctx: TenantContext, site: Site) => getOperation(ctx, site.operationId ?? '');

async function end(ctx: TenantContext, site: Site, timeoutMs = 110_000) {
  return eventually(
    'the end of the operation',
    async () => {
      const operation = await operationOf(ctx, site);
      return (operation.state === 'succeeded' || operation.state === 'failed') && operation;
    },
    timeoutMs,
  );
}

const stepOf = async (ctx: TenantContext, site: Site, name: string) => {
  const step = (await operationOf(ctx, site)).steps.find((candidate) => candidate.name === name);
  if (!step) throw new Error(`no step ${name}`);
  return step;
};

const mailCount = async ({ app, ctx }: World) =>
  (await app.ctx.db('mails').where({ template: 'site_ready', tenant_id: ctx.tenantId })).length;

async function assertActive(t: ExecutionContext, world: World, site: Site): Promise<void> {
  const { app, ctx, agent } = world;
  const operation = await end(ctx, site);
  t.is(operation.state, 'succeeded', JSON.stringify(operation, null, 1));
  const ready = await getSite(ctx, site.id);
  t.is(ready.status, 'active');
  t.truthy(ready.readyAt);
  t.is(agent.sites.get(site.host)?.config['bastide_site_id'], site.id);
  t.is(await mailCount(world), 1);
  const row = await app.ctx.db('sites').where({ id: site.id }).first<{ busy_operation_id: string | null }>();
  t.is(row.busy_operation_id, null);
}

test('a site comes up: steps, progress, output, mail, usage, trace, first sign-in', async (t) => {
  const world = await startWorld();
  const { agent, ctx, app } = world;
  world.conduct.next = { looks: 2, output: 'Installing frappe...\n\rUpdating DocTypes : [==  ] 40%' };
  const site = await world.create();
  t.is(site.status, 'requested');
  const running = await eventually('progress', async () => {
    const step = await stepOf(ctx, site, 'create');
    return step.progress === 40 && step;
  });
  t.regex(running.output ?? '', /40%/);
  t.is((await getSite(ctx, site.id)).status, 'provisioning');
  await assertActive(t, world, site);
  t.is(agent.created(site.host).length, 1);
  const [job] = agent.created(site.host);
  t.deepEqual(job?.body['apps'], ['frappe', 'erpnext']);
  t.like(job?.body['create_user'], { first_name: 'Test', last_name: 'Person' });
  const row = await app.ctx.db('sites').where({ id: site.id }).first<{ usage_mib: string }>();
  t.is((JSON.parse(row.usage_mib) as { database: number }).database, 51);
  const gauge = await app.ctx
    .db('usage_events')
    .where({ metric: 'site_storage_gb' })
    .first<{ properties: string } | undefined>();
  t.is((JSON.parse(gauge?.properties ?? '') as { gb: number }).gb, 0.057);
  const actions = await app.ctx.db('audit_log').where({ subject: site.id }).orderBy('id').pluck<string[]>('action');
  t.deepEqual(actions, ['site.create', 'site.ready']);
  const details = await revealSignInDetails(ctx, site.id);
  t.is(details.password, job?.body['admin_password'] as string);
  t.regex(details.password, /^[A-Za-z0-9]{24}$/);
});

test('no password is in any table, whatever the bench prints', async (t) => {
  const world = await startWorld();
  const { app, ctx } = world;
  const site = await world.create();
  const sealed = await app.ctx.db('sites').where({ id: site.id }).first<{ admin_password_sealed: string }>();
  const password = unseal(app.config, `${site.id}/administrator`, sealed.admin_password_sealed);
  world.conduct.next = {
    looks: 1,
    output: `password of Administrator: ${password}\nmysql -uroot -prootpw --db-password x`,
  };
  world.conduct.misbehaviours.push({
    on: /^GET \/jobs/,
    how: 'status',
    body: { error: [`pw ${password} rootpw agent-test-token`] },
  });
  await assertActive(t, world, site);
  for (const table of ['operations', 'operation_steps', 'outbox', 'audit_log', 'sites', 'mails']) {
    const text = JSON.stringify(await app.ctx.db(table));
    for (const secret of [password, 'rootpw', 'agent-test-token', 'site-db-password'])
      t.false(text.includes(secret), `${secret} in ${table}`);
  }
  t.regex((await stepOf(ctx, site, 'create')).output ?? '', /password of Administrator: \*\*\*/);
});

test('a lost answer: the job that was made is adopted', async (t) => {
  const world = await startWorld();
  world.conduct.misbehaviours.push({ on: /^POST .*sites$/, how: 'lose_answer' });
  const site = await world.create();
  await assertActive(t, world, site);
  t.is(world.agent.created(site.host).length, 1);
});

test('a request that never arrived is sent again under its UUID, after two looks five seconds apart', async (t) => {
  const world = await startWorld();
  world.conduct.misbehaviours.push({ on: /^POST .*sites$/, how: 'lose_request' });
  const site = await world.create();
  await assertActive(t, world, site);
  const requests = world.agent.requestsAbout(site.host);
  const posts = requests.filter(({ line }) => /^POST .*sites$/.test(line));
  t.is(posts.length, 2);
  t.is(posts[0]?.op, posts[1]?.op);
  const between = requests.slice(requests.findIndex((request) => request === posts[0]) + 1);
  t.is(between.filter(({ line }) => line === `GET /agent-jobs/${posts[0]?.op}`).length, 2);
});

test('an answer that hangs and a burst of 500: one job, one site', async (t) => {
  const world = await startWorld();
  world.conduct.misbehaviours.push(
    { on: /^GET .*info$/, how: 'status', status: 500, times: 2 },
    { on: /^POST .*sites$/, how: 'hang' },
    { on: /^GET \/agent-jobs/, how: 'status', status: 502 },
    { on: /^GET \/jobs/, how: 'garbage' },
  );
  const site = await world.create();
  await assertActive(t, world, site);
  t.is(world.agent.created(site.host).length, 1);
});

test('a token that was rotated is waited for, with a message that says what to do', async (t) => {
  const world = await startWorld();
  world.conduct.token = 'rotated-token-0001';
  const site = await world.create();
  const waiting = await eventually('the complaint', async () => {
    const step = await stepOf(world.ctx, site, 'reserve');
    return step.error !== null && step;
  });
  t.regex(waiting.error ?? '', /FRAPPE_AGENT_TOKEN/);
  world.conduct.token = 'agent-test-token';
  await assertActive(t, world, site);
});

test('a failed job is taken away by force, and the next round runs under another UUID', async (t) => {
  const world = await startWorld();
  world.conduct.next = { outcome: 'Failure', times: 1 };
  const site = await world.create();
  await assertActive(t, world, site);
  const [first, second] = world.agent.created(site.host);
  t.not(first?.op, second?.op);
  t.is(world.agent.archived(site.host).length, 1);
  t.is(world.agent.archived(site.host)[0]?.body['force'], true);
  t.true((world.agent.archived(site.host)[0]?.id ?? 0) < (second?.id ?? 0), 'archived before the second try');
});

test('three rounds that fail wait for a person, whose retry starts with new UUIDs', async (t) => {
  t.timeout(90_000);
  const world = await startWorld();
  const { ctx, agent } = world;
  world.conduct.next = { outcome: 'Failure', why: 'ERROR 2002 database is away', times: 3 };
  const site = await world.create();
  const failed = await end(ctx, site);
  t.is(failed.state, 'failed');
  t.is(failed.error?.code, 'sites.create_failed');
  t.regex(failed.error?.message ?? '', /database is away/);
  t.is((await getSite(ctx, site.id)).status, 'failed');
  t.is(agent.archived(site.host).length, 3);
  t.is(await mailCount(world), 0);
  const byKind = new Map(operations.map((operation) => [operation.kind, operation]));
  await retryOperation(ctx, byKind, site.operationId ?? '');
  t.is((await getSite(ctx, site.id)).status, 'provisioning');
  await assertActive(t, world, site);
  t.is(new Set(agent.created(site.host).map((job) => job.op)).size, 4);
});

test('what asking again cannot change fails at once: an app that the bench lacks, a request it refuses', async (t) => {
  const world = await startWorld();
  world.conduct.next = { outcome: 'Failure', why: 'App erpnext not in apps.txt', times: 1 };
  const withoutApp = await world.create();
  t.is((await end(world.ctx, withoutApp)).error?.code, 'sites.app_unavailable');
  const second = world.host.replace('.', '-2.');
  world.agent.about(second).misbehaviours.push({ on: /^POST .*sites$/, how: 'status', status: 400 });
  const refused = await world.create();
  t.is(refused.host, second);
  t.is((await end(world.ctx, refused)).error?.code, 'sites.backend_refused');
});

test('somebody else’s site of that name stays untouched', async (t) => {
  const world = await startWorld();
  const { agent, ctx } = world;
  const foreign: FakeSite = { config: {}, apps: ['frappe'] };
  agent.sites.set(world.host, foreign);
  const site = await world.create();
  const failed = await end(ctx, site);
  t.is(failed.error?.code, 'sites.name_taken');
  t.is(agent.sites.get(site.host), foreign);
  t.is(agent.created(site.host).length, 0);
});

test('a site that somebody makes between our look and our request is not taken away either', async (t) => {
  const world = await startWorld();
  const { agent, ctx } = world;
  world.conduct.misbehaviours.push({ on: /^POST .*sites$/, how: 'lose_answer' });
  world.conduct.next = { looks: 3 };
  const site = await world.create();
  await eventually('the request', () => Promise.resolve(agent.created(site.host).length === 1));
  const foreign: FakeSite = { config: {}, apps: ['frappe'] };
  agent.sites.set(site.host, foreign);
  const failed = await end(ctx, site);
  t.is(failed.error?.code, 'sites.name_taken');
  t.is(agent.sites.get(site.host), foreign);
  t.is(agent.archived(site.host).length, 0);
});

test('a site that is there and is ours is taken as it is', async (t) => {
  const world = await startWorld();
  const { agent, ctx } = world;
  world.conduct.misbehaviours.push({ on: /info$/, how: 'lose_request', times: 3 });
  const site = await world.create();
  agent.sites.set(site.host, { config: { bastide_site_id: site.id }, apps: ['frappe', 'erpnext'] });
  await assertActive(t, world, site);
  t.is(agent.created(site.host).length, 0);
  t.regex((await stepOf(ctx, site, 'reserve')).output ?? '', /is this site/);
});

test('a backend that forgot the job: the finished site is adopted, half a one is made anew', async (t) => {
  const finished = await startWorld();
  finished.conduct.next = { looks: 1000 };
  const site = await finished.create();
  await eventually('the job', () => Promise.resolve(finished.agent.created(site.host).length === 1));
  finished.agent.sites.set(site.host, { config: { bastide_site_id: site.id }, apps: ['frappe', 'erpnext'] });
  finished.agent.forgetJobs(site.host);
  await assertActive(t, finished, site);
  t.is(finished.agent.created(site.host).length, 0);

  const half = await startWorld();
  half.conduct.next = { looks: 1000, times: 1 };
  const other = await half.create();
  await eventually('the job', () => Promise.resolve(half.agent.created(other.host).length === 1));
  half.agent.sites.set(other.host, { config: {}, apps: ['frappe'] });
  half.agent.forgetJobs(other.host);
  await assertActive(t, half, other);
  t.is(half.agent.archived(other.host).length, 1);
  t.is(half.agent.created(other.host).length, 1);
});

test('a job that runs past its deadline is ended, taken away and tried again', async (t) => {
  const world = await startWorld();
  const { agent, app } = world;
  world.conduct.next = { outcome: 'never', times: 1 };
  const site = await world.create();
  await eventually('it to be seen running', async () => {
    const row = await app.ctx.db('operations').where({ id: site.operationId }).first<{ result: string }>();
    return row.result.includes('runningSince');
  });
  // Twenty minutes pass.
  await app.ctx.db.raw(`update operations set result = json_set(result, '$.runningSince', ?) where id = ?`, [
    new Date(Date.now() - 21 * 60_000).toISOString(),
    site.operationId,
  ]);
  await assertActive(t, world, site);
  t.is(agent.requestsAbout(site.host).filter(({ line }) => line.endsWith('/cancel')).length, 1);
  t.is(agent.archived(site.host).length, 1);
});

test('a site that does not answer through the edge is not called ready', async (t) => {
  const world = await startWorld();
  world.conduct.isEdgeUp = false;
  const site = await world.create();
  const waiting = await eventually('the step verify', async () => {
    const step = await stepOf(world.ctx, site, 'verify');
    return step.output !== null && step;
  });
  t.regex(waiting.output ?? '', /Waiting for .*: it answers 502/);
  t.is((await getSite(world.ctx, site.id)).status, 'provisioning');
  t.is(await mailCount(world), 0);
  world.conduct.isEdgeUp = true;
  await assertActive(t, world, site);
});

test('taking away is tried until it works, under a new UUID each time', async (t) => {
  const world = await startWorld();
  const { agent } = world;
  world.conduct.next = { outcome: 'Failure', times: 1 };
  world.conduct.misbehaviours.push(
    { on: /archive$/, how: 'lose_answer' },
    { on: /^GET \/agent-jobs/, how: 'status', status: 500 },
  );
  const site = await world.create();
  await eventually('the first archive job', () => Promise.resolve(agent.archived(site.host).length > 0));
  await assertActive(t, world, site);
  t.is(new Set(agent.archived(site.host).map((job) => job.op)).size, agent.archived(site.host).length);
});

test('one operation at a time may change a site', async (t) => {
  const world = await startWorld();
  world.conduct.next = { outcome: 'Failure', why: 'App erpnext not in apps.txt', times: 1 };
  const site = await world.create();
  await end(world.ctx, site);
  await world.app.ctx
    .db('sites')
    .where({ id: site.id })
    .update({ busy_operation_id: `op_${randomUUID().slice(0, 8)}` });
  const byKind = new Map(operations.map((operation) => [operation.kind, operation]));
  const error = await t.throwsAsync(retryOperation(world.ctx, byKind, site.operationId ?? ''));
  t.like(error, { code: 'site.busy', status: 409 });
  t.is((await operationOf(world.ctx, site)).state, 'failed');
});
