import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import type { Cores } from './machine.ts';
import type { Backstage, Pending } from './ours/pending.ts';
import { type Running, type Servers, environment, start } from './processes.ts';
import type { Route } from './wire.ts';

export const ROOT = join(import.meta.dirname, '../..');

/** Portkey's gateway runs twice: on the Node that its makers ship it with, and on the one that ours has. */
export type Name = 'direct' | 'bare' | 'ours' | 'portkeyShipped' | 'portkeySame';

export interface Candidate extends Route {
  name: Name;
  /** Of the process on the gateway's core; direct has none. */
  pid: number | undefined;
  cores: Cores;
  /** Authorization of several tenants, used in turn. */
  keys: readonly string[];
  /** Resolves once the candidate has nothing left to do. */
  settled: () => Promise<void>;
}

export interface Upstream {
  port: number;
  setPace(pace: { delayMs?: number; gapMs?: number }): Promise<void>;
  seen(): Promise<{ requests: number; streams: number; completedStreams: number; leftStreams: number }>;
}

const script = (name: string) => join(import.meta.dirname, name);
const listens = (line: string) => line.startsWith('listening ');
const portOf = ({ readyLine }: Running) => Number(readyLine.split(' ')[1]);
const nothingLeft = () => Promise.resolve();

export async function startUpstream(): Promise<Upstream> {
  const port = portOf(
    await start({ name: 'the upstream', command: [process.execPath, script('upstream.ts')], isReady: listens }),
  );
  const url = `http://127.0.0.1:${port}`;
  return {
    port,
    setPace: async (pace) => {
      await (await fetch(`${url}/pace`, { method: 'POST', body: JSON.stringify(pace) })).text();
    },
    seen: async () => (await (await fetch(`${url}/seen`)).json()) as Awaited<ReturnType<Upstream['seen']>>,
  };
}

export const direct = ({ port }: Upstream, cores: Cores): Candidate => ({
  name: 'direct',
  port,
  pid: undefined,
  cores,
  headers: {},
  keys: ['any'],
  settled: nothingLeft,
});

/** With the memory settings of ours, so that nothing but the program differs. */
export async function startBare(upstream: Upstream, cores: Cores): Promise<Candidate> {
  const running = await start(
    {
      name: 'the bare pass-through',
      command: [process.execPath, script('peers/bare.ts'), `http://127.0.0.1:${upstream.port}`],
      env: memorySettings(),
      isReady: listens,
    },
    cores.gateway,
  );
  return { ...direct(upstream, cores), name: 'bare', port: portOf(running), pid: running.pid };
}

export interface Ours extends Candidate {
  pending(): Promise<Pending>;
}

/** As docker-compose.yml runs it, with stores of the benchmark's own. */
export async function startOurs(upstream: Upstream, servers: Servers, cores: Cores): Promise<Ours> {
  const behind = await start({
    name: 'what stands behind the gateway',
    // The worker does not compete with what is measured: under full load it has what the others leave, and catches up.
    // It and MariaDB would take a third of the core that the load, the upstream and Redis have.
    command: ['chrt', '--idle', '0', process.execPath, script('ours/backstage.ts'), String(upstream.port)],
    env: { TEST_DATABASE_URL: servers.database, TEST_REDIS_URL: servers.redis },
    isReady: (line) => line.startsWith('ready '),
    hasChannel: true,
  });
  const { env, keys } = JSON.parse(behind.readyLine.slice('ready '.length)) as Backstage;
  const cwd = join(ROOT, 'services/orchestrator');
  // As the image is built: without it the compiler of types stays in memory.
  const compiled = join(env['DATA_DIR'] ?? '', '../compiled');
  const production = { ...env, ...PRODUCTION, ...memorySettings(), NODE_COMPILE_CACHE: compiled };
  execFileSync(process.execPath, ['src/main/warm.ts'], { cwd, env: { ...environment, ...production } });
  const running = await start(
    {
      name: 'our gateway',
      command: [process.execPath, ...profiling(), 'src/main/gateway.ts'],
      cwd,
      env: production,
      isReady: (line) => line.includes('"msg":"started"'),
    },
    cores.gateway,
  );
  const { port } = JSON.parse(running.readyLine) as { port: number };
  const pending = () => ask<Pending>(behind);
  const settled = async () => {
    const deadline = Date.now() + 60_000;
    while ((await pending()).inStream > 0) {
      if (Date.now() > deadline) throw new Error('The usage of our gateway is not stored after a minute.');
      await sleep(200);
    }
  };
  return { ...direct(upstream, cores), name: 'ours', port, pid: running.pid, keys, settled, pending };
}

/** Addresses that production insists on; nothing here asks them. */
const PRODUCTION = {
  NODE_ENV: 'production',
  LOG_LEVEL: 'info',
  PUBLIC_URL: 'https://app.example.test',
  GATEWAY_PUBLIC_URL: 'https://llm.example.test/v1',
  OIDC_ISSUER_URL: 'https://auth.example.test/realms/cloud',
};

/** To see where its time goes: BENCH_NODE_FLAGS="--cpu-prof --cpu-prof-dir=/tmp/profiles" npm run bench -- --quick */
const profiling = () => environment['BENCH_NODE_FLAGS']?.split(' ') ?? [];

/** What the stack tells Node and its libraries about memory, with its defaults. */
export function memorySettings(): { NODE_OPTIONS: string; MALLOC_ARENA_MAX: string } {
  const compose = parse(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8'), { merge: true, maxAliasCount: -1 }) as {
    services: { gateway: { environment: ReturnType<typeof memorySettings> } };
  };
  const { NODE_OPTIONS: options, MALLOC_ARENA_MAX } = compose.services.gateway.environment;
  return { NODE_OPTIONS: options.replace(/\$\{\w+:-([^}]*)\}/g, '$1'), MALLOC_ARENA_MAX };
}

function ask<T>({ child }: Running): Promise<T> {
  return new Promise((resolve) => {
    child.once('message', (message) => resolve(message as T));
    child.send('pending');
  });
}
