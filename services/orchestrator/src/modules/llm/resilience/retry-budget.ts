const SECONDS = 10;
const SHARE = 0.2;
const AT_LEAST = 3 * SECONDS;

interface Second {
  second: number;
  requests: number;
  retries: number;
}

/**
 * Second attempts are a fifth of the requests of the last ten seconds at most (but three a second may always be): a
 * provider in trouble gets hardly more to do than it had.
 */
export class RetryBudget {
  readonly #now: () => number;
  readonly #seconds: Second[] = Array.from({ length: SECONDS }, () => ({ second: -1, requests: 0, retries: 0 }));

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  requested(): void {
    this.#current().requests += 1;
  }

  /** Whether there may be one more attempt, which is then counted. */
  take(): boolean {
    const current = this.#current();
    let requests = 0;
    let retries = 0;
    for (const past of this.#seconds) {
      if (past.second <= current.second - SECONDS) continue;
      requests += past.requests;
      retries += past.retries;
    }
    if (retries >= Math.max(AT_LEAST, SHARE * requests)) return false;
    current.retries += 1;
    return true;
  }

  #current(): Second {
    const second = Math.floor(this.#now() / 1000);
    const slot = this.#seconds[second % SECONDS]!;
    if (slot.second !== second) Object.assign(slot, { second, requests: 0, retries: 0 });
    return slot;
  }
}
