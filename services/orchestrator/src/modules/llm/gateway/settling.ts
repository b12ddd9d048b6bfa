/** Settlements that are not finished, or that Redis has not confirmed: how many, and when there are none. */
export class Settling {
  #count = 0;
  readonly #waiting: (() => void)[] = [];

  begun(): void {
    this.#count += 1;
  }

  ended(): void {
    this.#count -= 1;
    if (this.#count === 0) for (const resolve of this.#waiting.splice(0)) resolve();
  }

  none(): Promise<void> {
    if (this.#count === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
