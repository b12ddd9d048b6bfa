type Listener = (now: Date) => void | Promise<void>;

/** The sandbox's time: real time plus an offset that only ever grows, so that a test can live through a month. */
export class Clock {
  #offsetMs = 0;
  readonly #listeners = new Set<Listener>();

  now(): Date {
    return new Date(Date.now() + this.#offsetMs);
  }

  /** Moves time forward, then lets every stand-in do what was due (bill, expire, mark overdue). */
  async advance(ms: number): Promise<Date> {
    this.#offsetMs += ms;
    for (const listener of this.#listeners) await listener(this.now());
    return this.now();
  }

  onAdvance(listener: Listener): void {
    this.#listeners.add(listener);
  }

  reset(): void {
    this.#offsetMs = 0;
  }
}
