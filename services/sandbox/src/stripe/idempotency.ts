import { createHash } from 'node:crypto';
import { StripeFailure } from './errors.ts';

export interface KeptAnswer {
  fingerprint: string;
  requestId: string;
  status: number;
  body: unknown;
  atSeconds: number;
}

const DAY = 24 * 60 * 60;

/** What POSTs with an Idempotency-Key were answered, for a day of the sandbox's time. */
export class IdempotencyKeys {
  readonly #kept = new Map<string, KeptAnswer>();

  /** The answer of the first request with this key; another request under it is an error. */
  find(key: string, fingerprint: string, nowSeconds: number): KeptAnswer | undefined {
    const kept = this.#kept.get(key);
    if (!kept || kept.atSeconds + DAY < nowSeconds) return undefined;
    if (kept.fingerprint === fingerprint) return kept;
    throw new StripeFailure(400, {
      type: 'idempotency_error',
      message:
        `Keys for idempotent requests can only be used with the same parameters they were first used with. ` +
        `Try using a key other than '${key}' if you meant to execute a different request.`,
    });
  }

  /** A request that was refused before anything happened (400, 401, 404) leaves its key free. */
  keep(key: string, answer: KeptAnswer): void {
    if (answer.status < 400 || answer.status === 402 || answer.status >= 500) this.#kept.set(key, answer);
  }

  clear(): void {
    this.#kept.clear();
  }
}

export const fingerprintOf = (path: string, body: string): string =>
  createHash('sha256').update(`${path}\n${body}`).digest('hex');
