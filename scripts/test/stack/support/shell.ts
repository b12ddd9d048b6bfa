import { type SpawnOptions, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';

export interface Result {
  code: number | null;
  signal: NodeJS.Signals | null;
  output: string;
}

/** SIGKILL, so long after a step was begun. */
export interface Killed {
  onceSaid: RegExp;
  thenAfterMs: number;
}

/** Runs a program to its end; never throws for its exit code. Output and errors in one text, as a person sees them. */
export function run(
  command: string,
  args: string[],
  options: SpawnOptions & { killed?: Killed; input?: string } = {},
): Promise<Result> {
  const { killed, input, ...rest } = options;
  // A group of its own, so that SIGKILL reaches what it started, as a power cut would; and it ends when the tests are stopped.
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', command, ...args], {
    ...rest,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let output = '';
  let timer: NodeJS.Timeout | undefined;
  const add = (chunk: Buffer) => {
    output += chunk.toString();
    if (!killed || timer || !killed.onceSaid.test(output)) return;
    timer = setTimeout(() => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    }, killed.thenAfterMs);
  };
  child.stdout?.on('data', add);
  child.stderr?.on('data', add);
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    void once(child, 'close').then(([code, signal]) => {
      clearTimeout(timer);
      resolve({ code: code as number | null, signal: signal as NodeJS.Signals | null, output });
    }, reject);
  });
}

/** The standard output of a program that must succeed. */
export function output(command: string, args: string[], options: { cwd?: string } = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { maxBuffer: 64 * 2 ** 20, ...options }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${command} ${args.join(' ')}: ${stderr.trim() || error.message}`));
      else resolve(stdout);
    });
  });
}
