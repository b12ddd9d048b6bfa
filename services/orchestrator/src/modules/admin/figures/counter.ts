import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from '#core/context.ts';
import { acquireLock, isLockHeld } from '#core/db/lock.ts';
import type { WorkerLoop } from '#core/process/worker-loop.ts';
import { type Figures, createFigures, forgetFigures } from './gauges.ts';
import { countFigures } from './service.ts';

const LOCK = 'figures';
const EVERY_MS = 60_000;

/** Counts the figures once a minute, in the one worker that holds the lock; the others show none. */
export class FigureCounter {
  readonly #ctx: Context;
  readonly #figures: Figures;
  readonly #stopping = new AbortController();
  #release: (() => Promise<void>) | undefined;
  #loop: Promise<void> | undefined;

  constructor(ctx: Context) {
    this.#ctx = ctx;
    this.#figures = createFigures(ctx.metrics.registry);
  }

  start(everyMs = EVERY_MS): void {
    this.#loop = this.#run(everyMs);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
    await this.#release?.();
  }

  async #run(everyMs: number): Promise<void> {
    const { signal } = this.#stopping;
    let failures = 0;
    while (!signal.aborted) {
      try {
        if (await this.#isMine()) await countFigures(this.#ctx, this.#figures);
        else forgetFigures(this.#figures);
        failures = 0;
      } catch (error) {
        failures += 1;
        if (failures === 1)
          this.#ctx.log.warn({ err: error }, 'the figures could not be counted; they are tried again');
      }
      await sleep(everyMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** The lock goes with its connection: without that, another worker may be counting already. */
  async #isMine(): Promise<boolean> {
    if (this.#release && (await isLockHeld(this.#ctx.db, LOCK))) return true;
    await this.#release?.();
    this.#release = await acquireLock(this.#ctx.db, LOCK, 0);
    return this.#release !== undefined;
  }
}

export const figuresLoop: WorkerLoop = {
  name: 'figures',
  start: (ctx) => {
    const counter = new FigureCounter(ctx);
    counter.start();
    return counter;
  },
};
