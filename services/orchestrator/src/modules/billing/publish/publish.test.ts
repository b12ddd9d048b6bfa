import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Sandbox } from '@bastide/sandbox';
import { withTenant } from '#core/context.ts';
import { grant } from '#modules/catalogue/service.ts';
import { applyCatalogue, describeChange, planCatalogue } from './service.ts';
import { sandboxEnv, startTestSandbox } from '#test/support/matrix-world.ts';
import { repositoryPath } from '#test/support/processes.ts';
import { type TestApp, atEnd, createTestApp } from '#test/support/stack.ts';

interface Plan {
  code: string;
  amount_cents: number;
  charges: { code: string; properties: unknown }[];
}

const FILE = readFileSync(repositoryPath('services/orchestrator/catalogue.yaml'), 'utf8');

async function start(t: ExecutionContext) {
  const cleanUp = atEnd(t);
  const folder = mkdtempSync(join(tmpdir(), 'bastide-catalogue-'));
  cleanUp(() => Promise.resolve(rmSync(folder, { recursive: true })));
  const sandbox = await startTestSandbox(cleanUp);
  const app = await createTestApp(cleanUp, sandboxEnv(sandbox));
  let file = '';
  let version = 0;
  /** A file of its own each time: a process reads its catalogue once. */
  const write = (text: string) => {
    version += 1;
    file = join(folder, `catalogue-${version}.yaml`);
    writeFileSync(file, text);
  };
  write(FILE);
  return {
    app,
    sandbox,
    write,
    run: (command: 'plan' | 'apply') => runHere(app, file, command),
    runCommand: (command: string) => runCommand({ ...app.env, CATALOGUE_FILE: file }, command),
  };
}

async function runHere(app: TestApp, file: string, command: 'plan' | 'apply') {
  const ctx = { ...app.ctx, config: { ...app.config, CATALOGUE_FILE: file } };
  const { changes, refusals } =
    command === 'plan' ? await planCatalogue(ctx) : await applyCatalogue(ctx, () => undefined);
  return { changes: changes.map(describeChange), refusals, output: refusals.join('\n') };
}

/** As an operator runs it. */
function runCommand(env: Record<string, string>, command: string): Promise<{ code: number; output: string }> {
  const cwd = repositoryPath('services/orchestrator');
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['src/main/catalogue.ts', command],
      { cwd, env: { PATH: process.env['PATH'], ...env } },
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr }),
    );
  });
}

async function lago<T>(sandbox: Sandbox, path: string, init: { method?: string; body?: unknown } = {}): Promise<T> {
  const answer = await fetch(`${sandbox.urls.lago}/api/v1${path}`, {
    method: init.method ?? 'GET',
    headers: { authorization: 'Bearer lago-test-key', 'content-type': 'application/json' },
    ...(init.body !== undefined && { body: JSON.stringify(init.body) }),
  });
  return (await answer.json()) as T;
}
const plan = async (sandbox: Sandbox, code: string) => (await lago<{ plan: Plan }>(sandbox, `/plans/${code}`)).plan;
const writes = (sandbox: Sandbox) =>
  sandbox.world.log.list({ standIn: 'lago' }).filter(({ method }) => method !== 'GET').length;

const agrees = { changes: [], refusals: [], output: '' };

test('the command: plan shows what is missing and changes nothing, apply makes it, then there is nothing to do', async (t) => {
  const { sandbox, runCommand, write } = await start(t);
  const dry = await runCommand('plan');
  t.is(dry.code, 2, dry.output);
  t.true(dry.output.includes('+ price starter-m-eur-v1: 2900 EUR'));
  t.true(dry.output.includes('+ metric llm_tokens'));
  t.is(writes(sandbox), 0);
  const first = await runCommand('apply');
  t.is(first.code, 0, first.output);
  t.like(await plan(sandbox, 'agents-pro-m-usd-v1'), { amount_cents: 2900 });
  const { charges } = await plan(sandbox, 'agents-pro-m-usd-v1');
  t.deepEqual(charges.find(({ code }) => code === 'agent_requests_over_quota')?.properties, { amount: '0.001' });
  const { webhook_endpoints: endpoints } = await lago<{ webhook_endpoints: object[] }>(sandbox, '/webhook_endpoints');
  t.is(endpoints.length, 1);
  t.like(endpoints[0], { webhook_url: 'http://localhost:4000/webhooks/lago', signature_algo: 'hmac' });
  const before = writes(sandbox);
  const second = await runCommand('apply');
  t.deepEqual(second, { code: 0, output: 'Lago and the catalogue agree.\n' });
  t.is(writes(sandbox), before);
  t.is((await runCommand('plan')).code, 0);
  write(FILE.replace('amount: 159000', 'amount: 159050').replace('llm_tier: pro', 'llm_tier: gold'));
  const wrong = await runCommand('apply');
  t.is(wrong.code, 1);
  t.true(wrong.output.includes('plan llm-student: llm-student-m-dzd-v1: 159050 is not whole dinars'));
  t.true(wrong.output.includes('plan llm-pro: gold is not among the tiers'));
  t.is(writes(sandbox), before);
});

test('an apply that is cut off anywhere is completed by the next one', async (t) => {
  const { sandbox, run } = await start(t);
  for (let cuts = 0; cuts < 5; cuts += 1) {
    sandbox.world.faults.add({ target: 'lago', kind: 'drop_after', method: 'POST', probability: 0.1, times: 1 });
    await run('apply').catch(() => undefined);
  }
  sandbox.world.faults.clear();
  t.deepEqual(await run('apply'), agrees);
  const { plans } = await lago<{ plans: Plan[] }>(sandbox, '/plans?per_page=100');
  t.is(new Set(plans.map(({ code }) => code)).size, plans.length);
});

test('the amount of a published price is not altered; a new revision is a new price beside the old one', async (t) => {
  const { sandbox, run, write } = await start(t);
  await run('apply');
  write(FILE.replace('currency: EUR, amount: 2900', 'currency: EUR, amount: 3900'));
  const before = writes(sandbox);
  for (const command of ['plan', 'apply'] as const) {
    const refused = await run(command);
    t.regex(refused.output, /^price starter-m-eur-v1: amount is published as 2900, not 3900; raise .*revision/);
  }
  t.is(writes(sandbox), before);
  t.is((await plan(sandbox, 'starter-m-eur-v1')).amount_cents, 2900);
  write(
    FILE.replace('currency: EUR, amount: 2900', 'currency: EUR, amount: 3900').replace(
      'line: sites\n    revision: 1',
      'line: sites\n    revision: 2',
    ),
  );
  t.deepEqual(await run('apply'), agrees);
  t.is((await plan(sandbox, 'starter-m-eur-v1')).amount_cents, 2900);
  t.is((await plan(sandbox, 'starter-m-eur-v2')).amount_cents, 3900);
});

test('the price of a published charge is not altered, none is deleted, and one that costs nothing may be added', async (t) => {
  const { sandbox, run, write } = await start(t);
  await run('apply');
  write(FILE.replace("unit: { USD: '0.001' }", "unit: { USD: '0.002' }"));
  t.regex((await run('apply')).output, /agents-pro-m-usd-v1, charge agent_requests_over_quota: price is published as/);
  write(FILE.replace("      - { metric: agent_requests_over_quota, model: standard, unit: { USD: '0.001' } }\n", ''));
  t.regex((await run('apply')).output, /charge agent_requests_over_quota: is published and not in the catalogue/);
  t.is((await plan(sandbox, 'agents-pro-m-usd-v1')).charges.length, 3);
  const costly =
    "- { metric: agent_conversations_over_quota, model: standard, unit: { EUR: '1', USD: '1', DZD: '1' } }";
  const free = costly.replaceAll("'1'", "'0'");
  const onFreePlan = "- { metric: agent_requests, model: standard, unit: { EUR: '0', USD: '0', DZD: '0' } }";
  write(FILE.replace(onFreePlan, `${onFreePlan}\n      ${costly}`));
  t.regex(
    (await run('apply')).output,
    /agents-free-m-eur-v1, charge agent_conversations_over_quota: is published without it/,
  );
  write(FILE.replace(onFreePlan, `${onFreePlan}\n      ${free}`));
  t.deepEqual(await run('apply'), agrees);
  t.is((await plan(sandbox, 'agents-free-m-eur-v1')).charges.length, 2);
});

test('drift at Lago: a changed name is put right, a changed amount is reported', async (t) => {
  const { sandbox, run } = await start(t);
  await run('apply');
  await lago(sandbox, '/plans/business-m-eur-v1', { method: 'PUT', body: { plan: { name: 'Something else' } } });
  t.deepEqual((await run('plan')).changes, ['~ price business-m-eur-v1: name']);
  t.deepEqual(await run('apply'), agrees);
  await lago(sandbox, '/plans/business-m-eur-v1', { method: 'PUT', body: { plan: { amount_cents: 1 } } });
  t.regex((await run('plan')).output, /^price business-m-eur-v1: amount is published as 1, not 9900/);
});

test('a plan that tenants have must not vanish from the catalogue', async (t) => {
  const { app, run, write } = await start(t);
  await run('apply');
  const tenant = withTenant(app.ctx, 'ten_01JZZZZZZZZZZZZZZZZZZZZZZZ');
  await grant(tenant, { source: 'sub_test', planCode: 'founding-y-eur-v1' });
  write(FILE.replace('key: founding', 'key: founders'));
  t.regex((await run('plan')).output, /price founding-y-eur-v1: tenants have it/);
});
