/** Requests under way at each provider, of this process: a slow provider must not hold all of the gateway. */
export class Slots {
  readonly #taken = new Map<string, number>();

  /** False when the provider has as many as it may; null = as many as there are. What was taken is given back once. */
  take(provider: string, max: number | null): boolean {
    const taken = this.count(provider);
    if (max !== null && taken >= max) return false;
    this.#taken.set(provider, taken + 1);
    return true;
  }

  give(provider: string): void {
    this.#taken.set(provider, Math.max(0, this.count(provider) - 1));
  }

  count(provider: string): number {
    return this.#taken.get(provider) ?? 0;
  }
}
