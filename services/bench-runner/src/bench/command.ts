import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';

const TERM_GRACE_MS = 5000;
const PIPE_GRACE_MS = 1000;
const MAX_OUTPUT = 200_000;
const NOT_STARTED = 127;

export interface Command {
  command: string;
  args: readonly string[];
  directory: string;
  environment: Record<string, string>;
}

export interface Outcome {
  /** Negative = the signal that ended it, 127 = it could not be started. */
  returncode: number;
  output: string;
}

/**
 * Runs a command in a process group of its own and never through a shell. An abort ends the whole group, and the
 * promise settles only once it is gone; what the abort means is the caller's to say.
 * @param onOutput is given all that was printed so far, as it was printed
 */
export async function runCommand(
  { command, args, directory, environment }: Command,
  signal: AbortSignal,
  onOutput: (output: string) => void = () => undefined,
): Promise<Outcome> {
  if (signal.aborted) return { returncode: -15, output: '' };
  const child = start({ command, args, directory, environment });
  if (child instanceof Error) return { returncode: NOT_STARTED, output: child.message };
  let raw = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      raw = newest(raw + chunk);
      onOutput(raw);
    });
  }
  const { promise: exited, resolve } = Promise.withResolvers<number>();
  const { promise: closed, resolve: onClosed } = Promise.withResolvers<void>();
  child.once('error', (error) => {
    raw += error.message;
    resolve(NOT_STARTED);
    onClosed();
  });
  child.once('exit', (code, name) => resolve(code ?? -(name ? (SIGNALS[name] ?? 1) : 1)));
  child.once('close', () => onClosed());

  const stop = () => void endGroup(child.pid, exited);
  signal.addEventListener('abort', stop, { once: true });
  const returncode = await exited;
  signal.removeEventListener('abort', stop);
  // What the command left behind in its group would hold the pipes open, or go on changing the site.
  signalGroup(child.pid, 'SIGKILL');
  await Promise.race([closed, sleep(PIPE_GRACE_MS)]);
  child.stdout.destroy();
  child.stderr.destroy();
  return { returncode, output: asShown(raw) };
}

/** Most reasons not to start come as an event; some, like arguments that are too long, are thrown. */
function start({ command, args, directory, environment }: Command) {
  try {
    return spawn(command, args, {
      cwd: directory,
      env: environment,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  } catch (error) {
    return error as Error;
  }
}

/** Cut at a line's end: half a secret could not be told from other text. */
const newest = (raw: string): string =>
  raw.length <= MAX_OUTPUT ? raw : raw.slice(raw.indexOf('\n', raw.length - MAX_OUTPUT) + 1);

const SIGNALS: Partial<Record<NodeJS.Signals, number>> = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGSEGV: 11, SIGTERM: 15 };

async function endGroup(pid: number | undefined, exited: Promise<unknown>): Promise<void> {
  signalGroup(pid, 'SIGTERM');
  await Promise.race([exited, sleep(TERM_GRACE_MS)]);
  signalGroup(pid, 'SIGKILL');
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** A progress bar redraws its line: only what a terminal would still show is kept. */
export function asShown(raw: string): string {
  return stripVTControlCharacters(raw)
    .split('\n')
    .map((line) => line.slice(line.trimEnd().lastIndexOf('\r') + 1).trimEnd())
    .join('\n')
    .trimEnd();
}
