const SECONDS = 20;

interface Second {
  second: number;
  succeeded: number;
  failed: number;
}

/** How the requests of the last 20 seconds ended, second by second. */
export class FailureWindow {
  readonly #seconds: Second[] = Array.from({ length: SECONDS }, () => ({ second: -1, succeeded: 0, failed: 0 }));

  succeeded(nowMs: number): void {
    this.#at(nowMs).succeeded += 1;
  }

  failed(nowMs: number): void {
    this.#at(nowMs).failed += 1;
  }

  totals(nowMs: number): { succeeded: number; failed: number } {
    const now = Math.floor(nowMs / 1000);
    const totals = { succeeded: 0, failed: 0 };
    for (const { second, succeeded, failed } of this.#seconds) {
      if (second <= now - SECONDS) continue;
      totals.succeeded += succeeded;
      totals.failed += failed;
    }
    return totals;
  }

  clear(): void {
    for (const slot of this.#seconds) slot.second = -1;
  }

  #at(nowMs: number): Second {
    const second = Math.floor(nowMs / 1000);
    const slot = this.#seconds[second % SECONDS]!;
    if (slot.second !== second) Object.assign(slot, { second, succeeded: 0, failed: 0 });
    return slot;
  }
}
