export interface LoggedRequest {
  at: string;
  standIn: string;
  direction: 'in' | 'out';
  method: string;
  path: string;
  status: number | null;
  /** Which fault struck, if any. */
  fault?: string;
  headers?: Record<string, string>;
  body?: unknown;
}

/** The last requests that came in and webhooks that went out, newest last. */
export class RequestLog {
  readonly #entries: LoggedRequest[] = [];
  readonly #capacity = 5000;

  record(entry: LoggedRequest): void {
    this.#entries.push(entry);
    if (this.#entries.length > this.#capacity) this.#entries.shift();
  }

  list(filter: { standIn?: string } = {}): readonly LoggedRequest[] {
    return this.#entries.filter((entry) => !filter.standIn || entry.standIn === filter.standIn);
  }

  clear(): void {
    this.#entries.length = 0;
  }
}
