import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** In every child's environment, and so in its children's: `<runner id>/<job uid>`. */
export const JOB_VARIABLE = 'BASTIDE_BENCH_JOB';

const WAIT_MS = 50;
const PATIENCE_MS = 10_000;

/**
 * Kills what an earlier life of this runner left running. Found by environment and not by a stored process id: an id
 * may be reused by then, and a runner killed between spawn and store would not have one.
 */
export async function killOrphans(runnerId: string): Promise<number> {
  const killed = new Set<number>();
  const deadline = Date.now() + PATIENCE_MS;
  for (let alive = find(runnerId); alive.length > 0; alive = find(runnerId)) {
    if (Date.now() > deadline) throw new Error(`Processes ${alive.join(', ')} of an earlier run cannot be killed`);
    for (const pid of alive) {
      killed.add(pid);
      kill(pid);
    }
    await sleep(WAIT_MS);
  }
  return killed.size;
}

function find(runnerId: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => environment(pid).includes(`\0${JOB_VARIABLE}=${runnerId}/`))
    .map(Number);
}

function environment(pid: string): string {
  try {
    return `\0${readFileSync(`/proc/${pid}/environ`, 'latin1')}`;
  } catch {
    // Gone meanwhile, or another user's: not a child of ours.
    return '';
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
