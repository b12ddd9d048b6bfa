import type { Logger } from 'pino';

type Phase = 'accept' | 'drain' | 'close';
const PHASES: readonly Phase[] = ['accept', 'drain', 'close'];

interface Task {
  phase: Phase;
  name: string;
  run: () => Promise<void> | void;
}

/**
 * Stops a process in phases: first take nothing new, then finish what is under way, then let go of the stores.
 * A second signal, or `timeoutMs`, ends it at once; everything here survives that.
 */
export class Lifecycle {
  readonly #tasks: Task[] = [];
  readonly #log: Logger;
  readonly #stopping = new AbortController();
  #stopped: Promise<void> | undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  on(phase: Phase, name: string, run: () => Promise<void> | void): void {
    this.#tasks.push({ phase, name, run });
  }

  stop(reason: string): Promise<void> {
    this.#stopped ??= this.#run(reason);
    return this.#stopped;
  }

  /** For a process of its own: signals stop it, and it exits. */
  handleSignals(timeoutMs: number): void {
    const onSignal = (signal: NodeJS.Signals) => {
      if (this.#stopped) process.exit(1);
      setTimeout(() => {
        this.#log.error('stopping took too long');
        process.exit(1);
      }, timeoutMs).unref();
      void this.stop(signal).then(() => process.exit(0));
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  }

  async #run(reason: string): Promise<void> {
    this.#log.info({ reason }, 'stopping');
    this.#stopping.abort();
    for (const phase of PHASES) {
      const tasks = this.#tasks.filter((task) => task.phase === phase).reverse();
      await Promise.all(tasks.map((task) => this.#runTask(task)));
    }
    this.#log.info('stopped');
  }

  async #runTask(task: Task): Promise<void> {
    try {
      await task.run();
    } catch (error) {
      this.#log.error({ err: error, task: task.name }, 'a shutdown step failed');
    }
  }
}
