import { setTimeout as sleep } from 'node:timers/promises';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { getOperation, retryOperation } from '#core/operations/service.ts';
import { jobHandlers, operations } from '#main/modules.ts';
import { createSite } from '#modules/sites/service.ts';
import { dropSiteDatabases, siteConfigs, startRunner } from '#test/support/full-stack.ts';
import { sandboxEnv, startTestSandbox } from '#test/support/matrix-world.ts';
import { createSitesOwner } from '#test/support/sites-world.ts';
import { TEST_ENV, atEnd, createTestApp, eventually } from '#test/support/stack.ts';
import { startTcpProxy } from '#test/support/tcp-proxy.ts';
import { startTestWorker } from '#test/support/worker.ts';

const KILLS = 8;
const SITES = 8;

test('a bench-runner killed while it makes sites: every site comes up, no database or folder is left over', async (t) => {
  t.timeout(5 * 60_000);
  const folder = mkdtempSync(join(tmpdir(), 'bastide-kill-bench-'));
  const benchDir = join(folder, 'bench');
  mkdirSync(join(benchDir, 'sites'), { recursive: true });
  atEnd(t)(async () => {
    await dropSiteDatabases(benchDir);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  const sandbox = await startTestSandbox(atEnd(t), join(benchDir, 'sites'));
  let runner = await startRunner(benchDir, folder, 30);
  atEnd(t)(() => runner.kill('SIGKILL'));
  // Each life of the runner has a port of its own; the address that the orchestrator knows stays.
  const target = { host: '127.0.0.1', port: runner.port };
  const proxy = await startTcpProxy(target);
  atEnd(t)(() => proxy.stop());
  const agentUrl = `http://127.0.0.1:${proxy.port}`;
  const app = await createTestApp(atEnd(t), { ...sandboxEnv(sandbox), FRAPPE_AGENT_URL: agentUrl });
  startTestWorker(app, { handlers: jobHandlers });

  const startedAt = Date.now();
  const owners = [];
  for (let i = 0; i < SITES; i += 1) {
    const owner = await createSitesOwner(app, { slug: `bench-kill-${i}` });
    owners.push({ ctx: owner.ctx, site: await createSite(owner.ctx, { apps: ['erpnext'] }) });
  }
  const wasMaking = async () => (await app.ctx.db('operations').where('state', 'running')).length > 0;
  let kills = 0;
  while (kills < KILLS && (await wasMaking())) {
    await sleep(300 + Math.random() * 4000);
    await runner.kill('SIGKILL');
    kills += 1;
    runner = await startRunner(benchDir, folder, 30);
    target.port = runner.port;
  }
  const byKind = new Map(operations.map((operation) => [operation.kind, operation]));
  let retries = 0;
  for (const { ctx, site } of owners)
    await eventually(
      `the site ${site.host}`,
      async () => {
        const { state, id } = await getOperation(ctx, site.operationId ?? '');
        if (state === 'failed') {
          retries += 1;
          await retryOperation(ctx, byKind, id);
        }
        return state === 'succeeded';
      },
      150_000,
    );

  const left = siteConfigs(benchDir);
  t.deepEqual(left.map(({ site }) => site).sort(), owners.map(({ site }) => site.host).sort());
  const answer = await fetch(`${agentUrl}/jobs/${Array.from({ length: 300 }, (_, i) => i + 1).join(',')}`, {
    headers: { authorization: `bearer ${TEST_ENV.FRAPPE_AGENT_TOKEN}` },
  });
  const made = new Set([...(await answer.text()).matchAll(/--db-name=(_[0-9a-f]{16})/g)].map(([, name]) => name));
  const [schemas] = (await app.ctx.db.raw('select schema_name as name from information_schema.schemata')) as [
    { name: string }[],
  ];
  const [users] = (await app.ctx.db.raw('select user as name from mysql.user')) as [{ name: string }[]];
  const wanted = left.map(({ dbName }) => dbName).sort();
  t.deepEqual(
    schemas
      .map(({ name }) => name)
      .filter((name) => made.has(name))
      .sort(),
    wanted,
  );
  t.deepEqual(
    users
      .map(({ name }) => name)
      .filter((name) => made.has(name))
      .sort(),
    wanted,
  );
  const rounds = await app.ctx.db('operations').pluck<number[]>('round');
  t.log(
    `${kills} kills of the runner, ${SITES} sites, ${made.size} databases ever made, rounds ${rounds.join(' ')}, ` +
      `${retries} retries by hand, ${((Date.now() - startedAt) / 1000).toFixed(0)} s`,
  );
});
