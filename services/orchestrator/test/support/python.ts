import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { inherited, repositoryPath } from './processes.ts';

const REQUIREMENTS = repositoryPath('services/orchestrator/test/python/requirements.txt');
/** pip needs what the machine says about proxies and indexes; it gives up soon where there is no network. */
const PIP = ['install', '--quiet', '--disable-pip-version-check', '--no-input', '--retries', '1', '--timeout', '10'];
/** Together less than ava waits for a file that has said nothing. */
const VENV_MS = 30_000;
const INSTALL_MS = 80_000;
const RUN_MS = 60_000;

export type Python = { path: string } | { missing: string };

/** A Python with OpenAI's client, in a folder that later runs find; or why there is none. */
export async function preparePython(): Promise<Python> {
  const version = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 12);
  const folder = repositoryPath(`.bastide/python-${version}`);
  const path = join(folder, 'bin/python');
  if (existsSync(path)) return { path };
  const made = `${folder}.${randomUUID()}`;
  try {
    await mkdir(repositoryPath('.bastide'), { recursive: true });
    await run('python3', ['-m', 'venv', made], process.env, VENV_MS);
    await run(join(made, 'bin/python'), ['-m', 'pip', ...PIP, '-r', REQUIREMENTS], process.env, INSTALL_MS);
    // Somebody else may have been faster; theirs is as good.
    await rename(made, folder).catch(() => undefined);
    return { path };
  } catch (error) {
    return { missing: error instanceof Failed ? error.lastLine : String(error) };
  } finally {
    await rm(made, { recursive: true, force: true });
  }
}

/** What a script prints; rejects with what it complained about. */
export const runPython = (path: string, args: readonly string[], env: Record<string, string>): Promise<string> =>
  run(path, args, { ...inherited(), PYTHONDONTWRITEBYTECODE: '1', ...env }, RUN_MS);

class Failed extends Error {
  readonly lastLine: string;

  constructor(cause: Error, stdout: string, stderr: string) {
    super(`${cause.message}\n${stdout}\n${stderr}`, { cause });
    this.lastLine = stderr.trim().split('\n').at(-1) ?? cause.message;
  }
}

function run(file: string, args: readonly string[], env: NodeJS.ProcessEnv, timeout: number): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(file, args, { env, timeout }, (error, stdout, stderr) => {
      if (error) reject(new Failed(error, stdout, stderr));
      else resolve(stdout);
    });
  });
}
