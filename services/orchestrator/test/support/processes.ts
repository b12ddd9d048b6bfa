import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ORCHESTRATOR = fileURLToPath(new URL('../../', import.meta.url));
const REPOSITORY = fileURLToPath(new URL('../../../../', import.meta.url));

export const repositoryPath = (relative: string) => REPOSITORY + relative;

/** What a process under test has of ours: where programs are, and where compiled sources are kept. */
export function inherited(): Record<string, string> {
  const { PATH = '', NODE_COMPILE_CACHE } = process.env;
  return { PATH, ...(NODE_COMPILE_CACHE && { NODE_COMPILE_CACHE }) };
}

export interface RunningProcess {
  child: ChildProcess;
  /** Its log, as printed. */
  output: string[];
  kill(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts a process of its own, as in production; resolves when `isReady` accepts a line of its output. */
export async function startProcess(
  script: string,
  env: Record<string, string>,
  isReady: (line: string) => boolean,
): Promise<RunningProcess & { readyLine: string }> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script], {
    cwd: ORCHESTRATOR,
    env: { ...inherited(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output: string[] = [];
  const kill = async (signal: NodeJS.Signals = 'SIGTERM') => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await exited;
  };
  const readyLine = await new Promise<string>((resolve, reject) => {
    const read = (line: string) => {
      output.push(line);
      if (isReady(line)) resolve(line);
    };
    createInterface({ input: child.stdout }).on('line', read);
    createInterface({ input: child.stderr }).on('line', read);
    child.once('exit', (code, signal) =>
      reject(new Error(`${script} ended early (${code ?? signal}):\n${output.slice(-15).join('\n')}`)),
    );
  });
  return { child, output, kill, readyLine };
}

/** One of our own processes: ready when it logs that it has started; gives its port. */
export async function startOrchestrator(
  name: 'api' | 'worker' | 'gateway',
  env: Record<string, string>,
): Promise<RunningProcess & { port: number }> {
  const running = await startProcess(`src/main/${name}.ts`, { ...env, LOG_LEVEL: 'info' }, (line) =>
    line.includes('"msg":"started"'),
  );
  const { port } = JSON.parse(running.readyLine) as { port: number };
  return { ...running, port };
}
