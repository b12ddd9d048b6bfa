import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { createSite } from '#modules/sites/service.ts';
import type { Site } from '#modules/sites/schemas.ts';
import { type RunningProcess, startOrchestrator } from '#test/support/processes.ts';
import { type Bench, createSitesOwner, startBench } from '#test/support/sites-world.ts';
import { type TestApp, atEnd, createTestApp, eventually } from '#test/support/stack.ts';
import { TEST_ENV } from '#test/support/stack.ts';

// test/kills/main-job.test.ts kills fifty times; here two workers share the work, and databases are counted.
const KILLS = 20;
const TENANTS = 10;

test('two workers killed at random: every tenant ends with one site, one database, one operation, one mail', async (t) => {
  t.timeout(8 * 60_000);
  const bench = await startBench(atEnd(t));
  const app = await createTestApp(atEnd(t), bench.env);
  const startedAt = Date.now();
  const created: Site[] = [];
  const killer = killAtRandom(t, app);
  // New tenants come in all the time, so that each kill meets other steps.
  for (let i = 0; i < TENANTS; i += 1) {
    const owner = await createSitesOwner(app, { slug: `kill-${i}` });
    created.push(await createSite(owner.ctx, { apps: ['erpnext'] }));
    await Promise.race([
      killer.done,
      eventually('the next kills', () => Promise.resolve(killer.kills() >= (i * KILLS) / TENANTS), 60_000),
    ]);
  }
  await killer.done;
  await eventually('every site to be active', async () => (await countActive(app)) === TENANTS, 120_000);
  await eventually('every mail to be sent', async () => (await sentMails(app)) === TENANTS, 30_000);

  for (const site of created) await assertExactlyOne(t, { app, bench, site });
  t.is(bench.sites().length, TENANTS, 'no folder of a site that is none');
  const { made, left } = await databases(app, bench);
  t.deepEqual(
    left.sort(),
    bench
      .sites()
      .map(({ dbName }) => dbName)
      .sort(),
    'no database of a site that is none',
  );
  await eventually('the last jobs to end', async () => (await openJobs(app)).length === 0).catch(async () =>
    t.deepEqual(await openJobs(app), []),
  );
  t.deepEqual(await app.ctx.db('outbox').where({ state: 'failed' }), []);
  await report(t, app, { pauses: killer.pauses, made: made.length, startedAt });
});

/** Two workers, each killed and started again by itself: sometimes both are away, sometimes one takes over at once. */
function killAtRandom(t: ExecutionContext, app: TestApp) {
  const pauses: number[] = [];
  const slot = async () => {
    let worker: RunningProcess = await startOrchestrator('worker', app.env);
    atEnd(t)(() => worker.kill('SIGKILL'));
    while (pauses.length < KILLS) {
      const pauseMs = Math.round(20 + Math.random() ** 2 * 1800);
      await sleep(pauseMs);
      await worker.kill('SIGKILL');
      pauses.push(pauseMs);
      worker = await startOrchestrator('worker', app.env);
    }
  };
  return { done: Promise.all([slot(), slot()]), pauses, kills: () => pauses.length };
}

async function assertExactlyOne(t: ExecutionContext, { app, bench, site }: { app: TestApp; bench: Bench; site: Site }) {
  const operations = await app.ctx.db('operations').where({ subject_id: site.id });
  t.is(operations.length, 1);
  t.like(operations[0], { state: 'succeeded', round: 1 }, `${site.host} needed another round`);
  t.is(bench.sites().filter((found) => found.site === site.host).length, 1);
  const mails = bench.sandbox.mails.list().filter((mail) => mail.text.includes(site.host));
  t.is(new Set(mails.map((mail) => mail.headers['message-id'])).size, 1, `${mails.length} mails about ${site.host}`);
  const trace = await app.ctx.db('audit_log').where({ subject: site.id, action: 'site.ready' });
  t.is(trace.length, 1);
}

/** Databases that the bench was ever told to make, and those of them that are still there. */
async function databases(app: TestApp, bench: Bench): Promise<{ made: string[]; left: string[] }> {
  const made = new Set<string>();
  const ids = Array.from({ length: 400 }, (_, index) => index + 1).join(',');
  const response = await fetch(`${bench.env['FRAPPE_AGENT_URL']}/jobs/${ids}`, {
    headers: { authorization: `bearer ${TEST_ENV.FRAPPE_AGENT_TOKEN}` },
  });
  for (const [, name] of (await response.text()).matchAll(/--db-name=(_[0-9a-f]{16})/g)) if (name) made.add(name);
  const [rows] = (await app.ctx.db.raw('select schema_name as name from information_schema.schemata')) as [
    { name: string }[],
  ];
  return { made: [...made], left: rows.map(({ name }) => name).filter((name) => made.has(name)) };
}

const openJobs = ({ ctx }: TestApp): Promise<unknown[]> => ctx.db('outbox').whereIn('state', ['sent', 'running']);
const countActive = async ({ ctx }: TestApp) => (await ctx.db('sites').where({ status: 'active' })).length;
const sentMails = async ({ ctx }: TestApp) =>
  (await ctx.db('mails').where({ template: 'site_ready', state: 'sent' })).length;

async function report(
  t: ExecutionContext,
  { ctx }: TestApp,
  run: { pauses: number[]; made: number; startedAt: number },
) {
  const recovered = await ctx.db('outbox').sum({ crashes: 'crashes' }).first<{ crashes: string }>();
  const dispatches = await ctx
    .db('outbox')
    .count({ rows: '*' })
    .sum({ dispatches: 'dispatches' })
    .first<Record<string, string>>();
  t.log(
    `${run.pauses.length} kills (${Math.min(...run.pauses)}–${Math.max(...run.pauses)} ms after a start), ${TENANTS} tenants, ` +
      `${run.made} databases ever made, ${recovered.crashes} jobs taken over from dead workers, ` +
      `${dispatches['rows']} jobs in ${dispatches['dispatches']} dispatches, ${((Date.now() - run.startedAt) / 1000).toFixed(0)} s`,
  );
}
