import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface Running {
  pid: number;
  child: ChildProcess;
  readyLine: string;
  stop(): Promise<void>;
}

export interface Start {
  name: string;
  command: string[];
  cwd?: string;
  env?: Record<string, string>;
  /** A line of its output that says that it can be used. */
  isReady: (line: string) => boolean;
  hasChannel?: boolean;
}

// eslint-disable-next-line no-restricted-properties -- a program of its own, not part of the product
export const environment = process.env;

const START_MS = 120_000;
const running = new Set<Running>();

/** Pinned to cores when given; stopped with the benchmark, however it ends. */
export async function start(what: Start, cores?: string): Promise<Running> {
  // However this process dies, nothing that it started stays behind.
  const bound = ['setpriv', '--pdeathsig', 'TERM'];
  const command = [...bound, ...(cores === undefined ? [] : ['taskset', '-c', cores]), ...what.command];
  const child = spawn(command[0] ?? '', command.slice(1), {
    cwd: what.cwd,
    env: { PATH: environment['PATH'], HOME: environment['HOME'], ...what.env },
    stdio: ['ignore', 'pipe', 'pipe', ...(what.hasChannel ? (['ipc'] as const) : [])],
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const output: string[] = [];
  const readyLine = await new Promise<string>((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`${what.name} ${why}:\n${output.slice(-15).join('\n')}`));
    const timer = setTimeout(() => fail('was not ready in time'), START_MS);
    const read = (line: string) => {
      output.push(line);
      if (output.length > 200) output.shift();
      if (!what.isReady(line)) return;
      clearTimeout(timer);
      resolve(line);
    };
    for (const stream of [child.stdout, child.stderr]) if (stream) createInterface({ input: stream }).on('line', read);
    child.once('error', (error) => fail(`could not be started (${error.message})`));
    child.once('exit', (code, signal) => fail(`ended early (${code ?? signal})`));
  });
  const process: Running = { pid: child.pid ?? 0, child, readyLine, stop: () => end(child, exited) };
  running.add(process);
  void exited.then(() => running.delete(process));
  return process;
}

async function end(child: ChildProcess, exited: Promise<void>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const insist = setTimeout(() => child.kill('SIGKILL'), 15_000);
  await exited;
  clearTimeout(insist);
}

/** The last one started goes first: servers outlive what uses them. */
export async function stopAll(): Promise<void> {
  for (const process of [...running].reverse()) await process.stop();
}

export interface Servers {
  database: string;
  redis: string;
}

/** MariaDB and Redis of this run's own, as the tests have them; those of the environment where somebody has started some. */
export async function startServers(root: string): Promise<Servers> {
  const { TEST_DATABASE_URL: database, TEST_REDIS_URL: redis } = environment;
  if (database && redis) return { database, redis };
  const found: Record<string, string> = {};
  await start({
    name: 'scripts/test.sh --servers',
    command: ['scripts/test.sh', '--servers'],
    cwd: root,
    isReady: (line) => {
      const [, name, value] = /^export (TEST_\w+)=(.+)$/.exec(line) ?? [];
      if (name && value) found[name] = value;
      return 'TEST_REDIS_URL' in found;
    },
  });
  return { database: found['TEST_DATABASE_URL'] ?? '', redis: found['TEST_REDIS_URL'] ?? '' };
}
