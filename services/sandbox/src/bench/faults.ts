import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { BenchError } from './failure.ts';

/**
 * How the next `bench` misbehaves. A place is `<command>` (its start) or `<command>:<detail>`:
 * `new-site:database`, `new-site:frappe`, `install-app:erpnext`, `migrate`, `backup`, `drop-site`, …
 */
export const BenchFault = z.object({
  failAt: z.string().optional(),
  hangAt: z.string().optional(),
  /** How often it strikes; left out = until the file is removed. */
  times: z.number().int().positive().optional(),
  /** Overrides FAKE_BENCH_STEP_MS. */
  stepMs: z.number().int().nonnegative().optional(),
});
export type BenchFault = z.output<typeof BenchFault>;

/** Beside the sites, so that whoever can see them can set it without knowing the process. */
export const FAULT_FILE = '.fake-bench.json';

const read = (path: string): BenchFault => {
  try {
    return BenchFault.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
};

/** Every place of a command where time passes, and where it can be made to fail or hang. */
export class Checkpoints {
  readonly #path: string;
  readonly #defaultStepMs: number;

  constructor(sitesDir: string, defaultStepMs: number) {
    this.#path = `${sitesDir}/${FAULT_FILE}`;
    this.#defaultStepMs = defaultStepMs;
  }

  async pass(place: string): Promise<void> {
    const fault = read(this.#path);
    await sleep(fault.stepMs ?? this.#defaultStepMs);
    if (fault.failAt === place) {
      this.#countDown(fault);
      throw new BenchError(`Error: injected failure at ${place}`);
    }
    if (fault.hangAt === place) {
      this.#countDown(fault);
      await sleep(2 ** 31 - 1);
    }
  }

  #countDown(fault: BenchFault): void {
    if (fault.times === undefined) return;
    const { failAt: _failAt, hangAt: _hangAt, times: _times, ...spent } = fault;
    const left = fault.times > 1 ? { ...fault, times: fault.times - 1 } : spent;
    writeFileSync(`${this.#path}.new`, JSON.stringify(left));
    renameSync(`${this.#path}.new`, this.#path);
  }
}
