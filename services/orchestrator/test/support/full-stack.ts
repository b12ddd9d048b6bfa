import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Sandbox } from '@bastide/sandbox';
import { Redis } from 'ioredis';
import knex from 'knex';
import { freePort } from '../../../bench-runner/test/support/free-port.ts';
import { sandboxEnv, startTestSandbox } from './matrix-world.ts';
import { type RunningProcess, inherited, repositoryPath, startOrchestrator, startProcess } from './processes.ts';
import { TEST_ENV, type TestApp, createTestApp } from './stack.ts';
import { type TcpProxy, startTcpProxy, targetOf, throughProxy } from './tcp-proxy.ts';

type CleanUp = (run: () => Promise<void>) => void;
type Dependency = 'database' | 'redis' | 'lago' | 'benchRunner';

export interface FullStack {
  /** For looking into the database and Redis, past the proxies. */
  app: TestApp;
  /** The environment that the processes run with. */
  env: Record<string, string>;
  sandbox: Sandbox;
  apiUrl: string;
  benchDir: string;
  runner: RunningProcess;
  /** In front of what the processes depend on. */
  proxies: Record<Dependency, TcpProxy>;
  startApi(): Promise<RunningProcess>;
  startWorker(): Promise<RunningProcess>;
  startGateway(): Promise<RunningProcess & { port: number }>;
  stopAll(): Promise<void>;
}

interface Options {
  env?: Record<string, string>;
  /** A Redis of this test's own, which it may stop and wipe. */
  redisUrl?: string;
  benchStepMs?: number;
}

/** Our processes as processes, on real stores, with the outside world in the test's own process. */
export async function startFullStack(cleanUp: CleanUp, options: Options = {}): Promise<FullStack> {
  const folder = mkdtempSync(join(tmpdir(), 'bastide-stack-'));
  const benchDir = join(folder, 'bench');
  mkdirSync(join(benchDir, 'sites'), { recursive: true });
  cleanUp(async () => {
    await dropSiteDatabases(benchDir);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  const sandbox = await startTestSandbox(cleanUp, join(benchDir, 'sites'));
  const runner = await startRunner(benchDir, folder, options.benchStepMs ?? 20);
  cleanUp(() => runner.kill());
  const [apiPort, gatewayPort] = [await freePort(), await freePort()];
  const apiUrl = `http://127.0.0.1:${apiPort}`;
  await introduce(sandbox, apiUrl);
  const app = await createTestApp(cleanUp, {
    ...sandboxEnv(sandbox),
    API_PORT: String(apiPort),
    PUBLIC_URL: apiUrl,
    GATEWAY_PORT: String(gatewayPort),
    GATEWAY_PUBLIC_URL: `http://127.0.0.1:${gatewayPort}/v1`,
    FRAPPE_AGENT_URL: `http://127.0.0.1:${runner.port}`,
    DATA_DIR: join(folder, 'data'),
    SITES_DOMAIN: 'sites.example.test',
    ...(options.redisUrl !== undefined && { REDIS_URL: options.redisUrl }),
    ...options.env,
  });
  const proxies = await startProxies(app.env);
  cleanUp(async () => {
    for (const proxy of Object.values(proxies)) await proxy.stop();
  });
  const env = { ...app.env, ...proxiedEnv(app.env, proxies) };
  const running: RunningProcess[] = [];
  const start = async (name: 'api' | 'worker' | 'gateway') => {
    const started = await startOrchestrator(name, env);
    running.push(started);
    return started;
  };
  const stopAll = async () => {
    await Promise.all(running.splice(0).map((started) => started.kill('SIGKILL')));
  };
  cleanUp(stopAll);
  await applyCatalogue(app.env);
  return {
    app,
    env,
    sandbox,
    apiUrl,
    benchDir,
    runner,
    proxies,
    startApi: () => start('api'),
    startWorker: () => start('worker'),
    startGateway: () => start('gateway'),
    stopAll,
  };
}

/** Tells the outside world where this API is, as an operator does in Stripe's and Keycloak's consoles. */
async function introduce(sandbox: Sandbox, apiUrl: string): Promise<void> {
  await sandbox.standIns['stripe']?.actions?.['set_webhook_url']?.({ url: `${apiUrl}/webhooks/stripe` });
  await sandbox.standIns['oidc']?.actions?.['setClient']?.({
    redirectUris: [`${apiUrl}/auth/callback`],
    postLogoutRedirectUris: [`${apiUrl}/`],
    backchannelLogoutUri: `${apiUrl}/auth/backchannel-logout`,
  });
}

async function applyCatalogue(env: Record<string, string>): Promise<void> {
  const child = spawn(process.execPath, ['src/main/catalogue.ts', 'apply'], {
    cwd: repositoryPath('services/orchestrator'),
    env: { ...inherited(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise((resolve) => child.once('exit', resolve));
  if (code !== 0) throw new Error(`catalogue apply failed (${String(code)}):\n${output}`);
}

export async function startRunner(
  benchDir: string,
  folder: string,
  stepMs: number,
): Promise<RunningProcess & { port: number }> {
  const database = new URL(process.env['TEST_DATABASE_URL'] ?? '');
  writeFileSync(
    join(benchDir, 'sites', 'common_site_config.json'),
    JSON.stringify({ db_host: database.hostname, db_port: Number(database.port) }),
  );
  const port = await freePort();
  const runner = await startProcess(
    repositoryPath('services/bench-runner/src/main.ts'),
    {
      BENCH_RUNNER_HOST: '127.0.0.1',
      BENCH_RUNNER_PORT: String(port),
      BENCH_RUNNER_TOKEN: TEST_ENV.FRAPPE_AGENT_TOKEN,
      BENCH_RUNNER_DATA: join(folder, 'runner'),
      BENCH_NAME: 'bench-0001',
      BENCH_DIR: benchDir,
      BENCH_COMMAND: repositoryPath('services/sandbox/bin/bench'),
      BENCH_DB_HOST: database.hostname,
      BENCH_DB_PORT: database.port,
      FAKE_BENCH_STEP_MS: String(stepMs),
      LOG_LEVEL: 'info',
    },
    (line) => line.includes(String(port)),
  );
  return { ...runner, port };
}

async function startProxies(env: Record<string, string>): Promise<Record<Dependency, TcpProxy>> {
  const proxy = (name: string, port: number) => startTcpProxy(targetOf(env[name] ?? '', port));
  return {
    database: await proxy('DATABASE_URL', 3306),
    redis: await proxy('REDIS_URL', 6379),
    lago: await proxy('LAGO_API_URL', 80),
    benchRunner: await proxy('FRAPPE_AGENT_URL', 80),
  };
}

const proxiedEnv = (env: Record<string, string>, proxies: Record<Dependency, TcpProxy>) => ({
  DATABASE_URL: throughProxy(env['DATABASE_URL'] ?? '', proxies.database),
  REDIS_URL: throughProxy(env['REDIS_URL'] ?? '', proxies.redis),
  LAGO_API_URL: throughProxy(env['LAGO_API_URL'] ?? '', proxies.lago),
  FRAPPE_AGENT_URL: throughProxy(env['FRAPPE_AGENT_URL'] ?? '', proxies.benchRunner),
});

/** The databases that the fake bench has really made. */
export function siteConfigs(benchDir: string): { site: string; dbName: string }[] {
  const sites = join(benchDir, 'sites');
  return readdirSync(sites, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => {
      try {
        const config = JSON.parse(readFileSync(join(sites, name, 'site_config.json'), 'utf8')) as { db_name: string };
        return [{ site: name, dbName: config.db_name }];
      } catch {
        return [];
      }
    });
}

export async function dropSiteDatabases(benchDir: string): Promise<void> {
  const admin = knex({
    client: 'mysql2',
    connection: process.env['TEST_DATABASE_URL'] ?? '',
    pool: { min: 0, max: 1 },
  });
  for (const { dbName } of siteConfigs(benchDir)) {
    await admin.raw('drop database if exists ??', [dbName]);
    await admin.raw("drop user if exists ?@'%'", [dbName]);
  }
  await admin.destroy();
}

export interface PrivateRedis {
  url: string;
  /** Stops it, forgets everything it held, starts it again at the same port. */
  wipe(pauseMs: number): Promise<void>;
}

/** A Redis of one test's own. */
export async function startPrivateRedis(cleanUp: CleanUp): Promise<PrivateRedis> {
  const folder = mkdtempSync(join(tmpdir(), 'bastide-redis-'));
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const start = async () => {
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--appendonly', 'yes', '--save', ''];
    const child = spawn(process.env['REDIS_SERVER'] ?? 'redis-server', args, { stdio: 'ignore' });
    const probe = new Redis(url, { retryStrategy: () => 50, maxRetriesPerRequest: null });
    probe.on('error', () => undefined);
    await probe.ping();
    probe.disconnect();
    return child;
  };
  let child = await start();
  const stop = async () => {
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await exited;
  };
  cleanUp(async () => {
    await stop();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    url,
    wipe: async (pauseMs) => {
      await stop();
      for (const entry of readdirSync(folder)) rmSync(join(folder, entry), { recursive: true });
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      child = await start();
    },
  };
}
