import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Sandbox } from '@bastide/sandbox';
import { type TenantContext, withTenant } from '#core/context.ts';
import { grant } from '#modules/catalogue/service.ts';
import { dropSiteDatabases, siteConfigs, startRunner } from './full-stack.ts';
import type { Caller } from './matrix.ts';
import { sandboxEnv, startTestSandbox } from './matrix-world.ts';
import { createOwner } from './people.ts';
import type { RunningProcess } from './processes.ts';
import type { TestApp } from './stack.ts';

type CleanUp = (run: () => Promise<void>) => void;

export interface Bench {
  dir: string;
  sandbox: Sandbox;
  runner: RunningProcess & { port: number };
  /** The environment that reaches it. */
  env: Record<string, string>;
  /** Finished or not: every folder of a site, and its database. */
  sites(): { site: string; dbName: string }[];
}

/** A real bench-runner over the fake bench, making real databases on the test's server. */
export async function startBench(cleanUp: CleanUp, stepMs = 1): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), 'bastide-bench-'));
  const dir = join(folder, 'bench');
  mkdirSync(join(dir, 'sites'), { recursive: true });
  cleanUp(async () => {
    await dropSiteDatabases(dir);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  const sandbox = await startTestSandbox(cleanUp, join(dir, 'sites'));
  const runner = await startRunner(dir, folder, stepMs);
  cleanUp(() => runner.kill());
  const env = { ...sandboxEnv(sandbox), FRAPPE_AGENT_URL: `http://127.0.0.1:${runner.port}` };
  return { dir, sandbox, runner, env, sites: () => siteConfigs(dir) };
}

/** A tenant whose plan allows sites. */
export async function createSitesOwner(
  app: TestApp,
  options: { plan?: string; slug?: string } = {},
): Promise<Caller & { ctx: TenantContext }> {
  const owner = await createOwner(app, options.slug === undefined ? {} : { slug: options.slug });
  const ctx = withTenant(app.ctx, owner.tenantId);
  await grant(ctx, { source: `sub_${owner.tenantId}`, planCode: options.plan ?? 'business-m-eur-v1' });
  return { ...owner, ctx };
}
