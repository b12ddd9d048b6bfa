import { FailureWindow } from './failure-window.ts';

const MIN_FAILURES = 5;
const FAILING_SHARE = 0.5;
const CONNECT_ERRORS_IN_A_ROW = 3;
const FIRST_OPEN_MS = 5000;
const MAX_OPEN_MS = 60_000;
const JITTER = 0.2;
/** Nothing that a client sends mends our key: until a person does, once a minute is enough. */
const REFUSED_MS = 60_000;
/** A provider may say "tomorrow"; we would rather look again. */
const MAX_RETRY_AFTER_MS = 600_000;

export type BreakerState = 'closed' | 'open' | 'half_open';

/**
 * How an attempt failed: `status` is a 5xx or an error event, `cut` an end in the middle, `refused` a no to our own key
 * (401, 402, 403). A client that left, and its own 400, are no failures.
 */
export interface Failure {
  kind: 'connect' | 'timeout' | 'cut' | 'status' | 'rate_limited' | 'refused';
  /** What the provider asked for. */
  retryAfterMs?: number;
}

export interface Opening {
  forMs: number;
  /** Openings in a row without a success between them; each doubles the time. */
  streak: number;
}

export interface Clock {
  /** Milliseconds that never go back. */
  now: () => number;
  random: () => number;
}

/** One provider's breaker in one process: what it has seen, and what it was told. Knows nothing of Redis. */
export class Breaker {
  readonly #clock: Clock;
  readonly #window = new FailureWindow();
  #connectErrors = 0;
  /** Null = closed; in the past = half open. */
  #openUntilMs: number | null = null;
  #streak = 0;
  /** The last opening or closing. What began before it says nothing about now. */
  #sinceMs = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get state(): BreakerState {
    if (this.#openUntilMs === null) return 'closed';
    return this.#clock.now() < this.#openUntilMs ? 'open' : 'half_open';
  }

  get openForMs(): number {
    return this.#openUntilMs === null ? 0 : Math.max(0, this.#openUntilMs - this.#clock.now());
  }

  /** Whether an attempt that began at `startedMs` says something about the provider as it is now. */
  isCurrent(startedMs: number): boolean {
    return startedMs > this.#sinceMs;
  }

  /** True when the provider is well again: the caller closes. */
  succeeded(startedMs: number): boolean {
    if (!this.isCurrent(startedMs)) return false;
    if (this.#openUntilMs !== null) return true;
    this.#connectErrors = 0;
    this.#window.succeeded(this.#clock.now());
    return false;
  }

  /** The opening that this failure calls for, if any: the caller opens. */
  failed(startedMs: number, failure: Failure): Opening | null {
    const saidMs = said(failure);
    // Said now, whenever it was asked.
    if (saidMs > 0) return { forMs: saidMs, streak: this.#streak };
    if (!this.isCurrent(startedMs)) return null;
    const { state } = this;
    if (state === 'open') return null;
    if (state === 'half_open') return this.#opening(this.#streak + 1);
    return this.#isTooMuch(failure) ? this.#opening(0) : null;
  }

  /** Of two openings the longer one holds. */
  open({ forMs, streak }: Opening): void {
    const now = this.#clock.now();
    if (this.state !== 'open') {
      this.#sinceMs = now;
      this.#openUntilMs = now;
      this.#streak = 0;
    }
    this.#openUntilMs = Math.max(this.#openUntilMs ?? 0, now + forMs);
    this.#streak = Math.max(this.#streak, streak);
  }

  close(): void {
    if (this.#openUntilMs === null) return;
    this.#openUntilMs = null;
    this.#streak = 0;
    this.#sinceMs = this.#clock.now();
    this.#connectErrors = 0;
    this.#window.clear();
  }

  #isTooMuch({ kind }: Failure): boolean {
    const now = this.#clock.now();
    this.#connectErrors = kind === 'connect' ? this.#connectErrors + 1 : 0;
    this.#window.failed(now);
    if (this.#connectErrors >= CONNECT_ERRORS_IN_A_ROW) return true;
    const { succeeded, failed } = this.#window.totals(now);
    return failed >= MIN_FAILURES && failed >= FAILING_SHARE * (succeeded + failed);
  }

  /** Jitter, so that providers that fell together are not tried together. */
  #opening(streak: number): Opening {
    const forMs = Math.min(MAX_OPEN_MS, FIRST_OPEN_MS * 2 ** Math.min(streak, 10));
    return { forMs: Math.round(forMs * (1 + JITTER * (2 * this.#clock.random() - 1))), streak };
  }
}

function said({ kind, retryAfterMs = 0 }: Failure): number {
  if (kind === 'refused') return REFUSED_MS;
  return kind === 'rate_limited' ? Math.min(MAX_RETRY_AFTER_MS, Math.max(0, retryAfterMs)) : 0;
}
