const SAMPLE_MS = 50;
/** So many samples are looked at together: their median does not care about one pause for garbage. */
const SAMPLES = 5;
const LATE_MS = 300;
const WELL_MS = 100;
const MORE = 0.1;
const LESS = 0.05;

export interface LoadShedderOptions {
  /** Requests under way now, and how many there may be. */
  live: () => number;
  maxLive: number;
  /** For tests: lateness is measured against it. */
  now?: () => number;
  sampleMs?: number;
}

/**
 * Refuses new work before what is under way becomes slow. Load is how late a timer is: that is what every event of every
 * request waits, whatever the cause. Busy is not overloaded: a process may use all of its core and be prompt.
 *
 * While the median of the last five samples is over 300 ms, a tenth more of the requests is refused at every sample;
 * under 100 ms a twentieth less; between the two it stays. So the gateway finds the share that it can serve, instead of
 * swinging between everything and nothing.
 */
export class LoadShedder {
  readonly #options: LoadShedderOptions;
  readonly #now: () => number;
  readonly #sampleMs: number;
  readonly #late: number[] = new Array<number>(SAMPLES).fill(0);
  #next = 0;
  #dueMs: number;
  #share = 0;
  /** Adds up to 1 for each request that is refused: a share without dice. */
  #owed = 0;
  #timer: NodeJS.Timeout;

  constructor(options: LoadShedderOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#sampleMs = options.sampleMs ?? SAMPLE_MS;
    this.#dueMs = this.#now() + this.#sampleMs;
    this.#timer = this.#later();
  }

  /** Of the requests that come, how many are refused, 0–1. */
  get share(): number {
    return this.#share;
  }

  /** Asked once for each request: a yes is a refusal that was made. */
  isOverloaded(): boolean {
    const { live, maxLive } = this.#options;
    if (live() >= maxLive) return true;
    if (this.#share === 0) return false;
    this.#owed += this.#share;
    if (this.#owed < 1) return false;
    this.#owed -= 1;
    return true;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #later(): NodeJS.Timeout {
    return setTimeout(() => this.#sample(), this.#sampleMs).unref();
  }

  #sample(): void {
    const now = this.#now();
    this.#late[this.#next] = now - this.#dueMs;
    this.#next = (this.#next + 1) % SAMPLES;
    const median = this.#late.toSorted((a, b) => a - b)[Math.floor(SAMPLES / 2)] ?? 0;
    if (median > LATE_MS) this.#share = Math.min(1, this.#share + MORE);
    else if (median < WELL_MS) this.#share = Math.max(0, this.#share - LESS);
    this.#dueMs = this.#now() + this.#sampleMs;
    this.#timer = this.#later();
  }
}
