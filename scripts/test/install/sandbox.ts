import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const FAKES = fileURLToPath(new URL('./fake', import.meta.url));

/** Secrets belong to root, so that only root can test it. */
export const isRoot = process.getuid?.() === 0;

export interface Outcome {
  code: number | null;
  out: string;
}

export interface Sandbox {
  readonly folder: string;
  path(...parts: string[]): string;
  read(path: string): string;
  write(path: string, text: string): void;
  run(script: string, args?: string[], env?: Record<string, string>): Promise<Outcome>;
  /** Bash with the library loaded. */
  bash(text: string, env?: Record<string, string>): Promise<Outcome>;
  /** Runs and kills the whole process group after so many milliseconds; null when it had ended before. */
  killAfter(ms: number, script: string, args?: string[], env?: Record<string, string>): Promise<Outcome>;
  /** Mode, owner, size, time of change and content of every file, without the run logs. */
  snapshot(): Record<string, string>;
}

/** A copy of what the scripts need of the tree, a machine of its own under `machine/`, and outside programs that answer from files. */
export function sandbox(t: ExecutionContext): Sandbox {
  // In memory where that is possible: the scripts flush every file to the disk.
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'bastide-install-test-'));
  t.teardown(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const path = (...parts: string[]) => join(folder, 'tree', ...parts);
  for (const part of [
    'scripts/install.sh',
    'scripts/doctor.sh',
    'scripts/uninstall.sh',
    'scripts/lib',
    'scripts/install.d',
    'scripts/doctor.d',
    '.env.example',
    'docker-compose.yml',
    'docker-compose.prod.yml',
    'docker-compose.local.yml',
    'package.json',
  ])
    cpSync(join(ROOT, part), path(part), { recursive: true });
  mkdirSync(path('services'), { recursive: true });
  writeMachine(join(folder, 'machine'));
  const base = {
    PATH: `${FAKES}:${process.env['PATH'] ?? ''}`,
    HOME: folder,
    TMPDIR: folder,
    LANG: 'C.UTF-8',
    FAKE_DOCKER: join(folder, 'docker'),
    BASTIDE_HOST_ROOT: join(folder, 'machine'),
  };
  const execute = (command: string, args: string[], env: Record<string, string>) =>
    new Promise<Outcome>((resolve) => {
      execFile(command, args, { cwd: path(), env: { ...base, ...env }, timeout: 120_000 }, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null;
        resolve({ code, out: stdout + stderr });
      });
    });
  return {
    folder,
    path,
    read: (file) => readFileSync(path(file), 'utf8'),
    write: (file, text) => {
      writeFileSync(path(file), text);
    },
    run: (script, args = [], env = {}) => execute(path('scripts', script), args, env),
    bash: (text, env = {}) =>
      execute('bash', ['-c', `set -Eeuo pipefail; source scripts/lib/appliance/load.sh; ${text}`], env),
    killAfter: (ms, script, args = [], env = {}) =>
      new Promise((resolve) => {
        const child = spawn(path('scripts', script), args, {
          cwd: path(),
          env: { ...base, ...env },
          detached: true,
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        let out = '';
        child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
        child.stderr.on('data', (chunk: Buffer) => (out += chunk.toString()));
        const timer = setTimeout(() => {
          if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
        }, ms);
        child.on('close', (code) => {
          clearTimeout(timer);
          resolve({ code, out });
        });
      }),
    snapshot: () => snapshot(path()),
  };
}

function writeMachine(folder: string) {
  mkdirSync(join(folder, 'proc/sys/vm'), { recursive: true });
  mkdirSync(join(folder, 'etc'), { recursive: true });
  writeFileSync(
    join(folder, 'proc/meminfo'),
    'MemTotal: 8060000 kB\nMemAvailable: 7000000 kB\nSwapTotal: 4194304 kB\n',
  );
  writeFileSync(join(folder, 'proc/sys/vm/overcommit_memory'), '1\n');
  writeFileSync(
    join(folder, 'etc/os-release'),
    'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nID=debian\nVERSION_ID="13"\nVERSION_CODENAME=trixie\n',
  );
}

function snapshot(folder: string, prefix = ''): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of readdirSync(join(folder, prefix)).sort()) {
    const file = join(prefix, name);
    if (file === 'logs' || file === '.bastide/appliance/lock-holder') continue;
    const stat = lstatSync(join(folder, file));
    if (stat.isDirectory()) Object.assign(found, snapshot(folder, file));
    else {
      const hash = createHash('sha256')
        .update(readFileSync(join(folder, file)))
        .digest('hex');
      found[file] = `${(stat.mode & 0o777).toString(8)} ${stat.uid}:${stat.gid} ${stat.mtimeMs} ${hash}`;
    }
  }
  return found;
}
