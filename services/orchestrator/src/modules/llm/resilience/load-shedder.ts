const SAMPLE_MS = 50;
/** As a share of what is late. */
const WELL = 1 / 3;

export interface LoadShedderOptions {
  /** Requests under way now, and how many there may be. */
  live: () => number;
  maxLive: number;
  /** From when on requests are refused. */
  lateMs: number;
  now?: () => number;
}

/**
 * Refuses new work before what is under way becomes slow. Load is how late a timer is: that is what every event of every
 * request waits, whatever the cause. Busy is not overloaded: a process may use all of its core and be prompt.
 *
 * It begins when the timer is over `lateMs` late and was over a third of it late the time before (a lone pause for
 * garbage is not), and ends when it is less than that third late. Until then there is enough to do, so nothing is lost
 * by refusing all.
 */
export class LoadShedder {
  readonly #options: LoadShedderOptions;
  readonly #now: () => number;
  #dueMs = 0;
  #wasLateMs = 0;
  #isLate = false;
  #timer: NodeJS.Timeout;

  constructor(options: LoadShedderOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#timer = this.#next();
  }

  /** Costs a look at the clock. It also sees a timer that has not fired yet: the turn it waits for may be a long one. */
  isOverloaded(): boolean {
    const { live, maxLive } = this.#options;
    if (live() >= maxLive) return true;
    this.#isLate ||= this.#isTooLate(this.#now() - this.#dueMs);
    return this.#isLate;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #next(): NodeJS.Timeout {
    this.#dueMs = this.#now() + SAMPLE_MS;
    return setTimeout(() => this.#sample(), SAMPLE_MS).unref();
  }

  #sample(): void {
    const lateMs = this.#now() - this.#dueMs;
    this.#isLate = this.#isLate ? lateMs >= this.#wellMs : this.#isTooLate(lateMs);
    this.#wasLateMs = lateMs;
    this.#timer = this.#next();
  }

  #isTooLate(lateMs: number): boolean {
    return lateMs > this.#options.lateMs && this.#wasLateMs > this.#wellMs;
  }

  get #wellMs(): number {
    return WELL * this.#options.lateMs;
  }
}
