import type { Outcome } from './turn.ts';

/** What one request cost upstream, whether or not the answer arrived. */
export interface Produced {
  /** The caller's `x-request-id`, or the one we made up and sent back. */
  requestId: string;
  at: string;
  path: string;
  model: string;
  isStream: boolean;
  promptTokens: number;
  cachedTokens: number;
  completionTokens: number;
  /** The client left before the end. */
  aborted: boolean;
  /** How it ended; `open` while tokens are still being made. */
  outcome: 'open' | Outcome;
  /** Which faults struck. */
  faults: string[];
}

const CAPACITY = 20_000;

/** The provider's own books: sum them to know what it would bill. */
export class Ledger {
  readonly #entries: Produced[] = [];
  #totals = noTotals();

  /** Opens an entry; it is counted when it is closed. */
  open(entry: Omit<Produced, 'completionTokens' | 'aborted' | 'outcome'>): Produced {
    const produced: Produced = { ...entry, completionTokens: 0, aborted: false, outcome: 'open' };
    this.#entries.push(produced);
    if (this.#entries.length > CAPACITY) this.#entries.shift();
    return produced;
  }

  close(entry: Produced, outcome: Outcome): void {
    entry.outcome = outcome;
    entry.aborted = outcome === 'aborted';
    this.#totals.requests += 1;
    this.#totals.promptTokens += entry.promptTokens;
    this.#totals.cachedTokens += entry.cachedTokens;
    this.#totals.completionTokens += entry.completionTokens;
    if (entry.aborted) this.#totals.aborted += 1;
  }

  get totals() {
    return { ...this.#totals };
  }

  list(): readonly Produced[] {
    return this.#entries;
  }

  clear(): void {
    this.#entries.length = 0;
    this.#totals = noTotals();
  }
}

function noTotals() {
  return { requests: 0, promptTokens: 0, cachedTokens: 0, completionTokens: 0, aborted: 0 };
}
