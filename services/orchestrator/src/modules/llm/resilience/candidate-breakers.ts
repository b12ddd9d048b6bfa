import type { Failure } from './breaker.ts';
import { type Breakers, MODEL_MARK } from './breakers.ts';

interface Asked {
  readonly provider: string;
  readonly model: string;
}

/**
 * Breakers as a request sees them, which is for a provider and one of its models. A 429 is about a model, which has limits
 * of its own nearly everywhere: the provider's other models stay open to everybody. Whatever else fails is the provider's.
 */
export class CandidateBreakers {
  readonly #breakers: Breakers;
  readonly #names = new WeakMap<Asked, string>();

  constructor(breakers: Breakers) {
    this.#breakers = breakers;
  }

  stop(): Promise<void> {
    return this.#breakers.stop();
  }

  isOpen(asked: Asked): boolean {
    const limited = this.#limited(asked);
    return this.#breakers.isOpen(asked.provider) || (limited !== undefined && this.#breakers.isOpen(limited));
  }

  /** Of both it is the provider that is probed first. */
  mayTry(asked: Asked): boolean | Promise<boolean> {
    const may = this.#breakers.mayTry(asked.provider);
    const limited = may === true ? this.#limited(asked) : undefined;
    return limited === undefined ? may : this.#breakers.mayTry(limited);
  }

  succeeded(asked: Asked, startedMs: number): void {
    const limited = this.#limited(asked);
    this.#breakers.succeeded(asked.provider, startedMs);
    if (limited !== undefined) this.#breakers.succeeded(limited, startedMs);
  }

  failed(asked: Asked, startedMs: number, failure: Failure): void {
    if (failure.kind !== 'rate_limited') {
      this.#breakers.failed(asked.provider, startedMs, failure);
      this.#abandoned(this.#limited(asked), startedMs);
    } else {
      this.#breakers.failed(this.#nameOf(asked), startedMs, failure);
      this.#breakers.abandoned(asked.provider, startedMs);
    }
  }

  abandoned(asked: Asked, startedMs: number): void {
    this.#breakers.abandoned(asked.provider, startedMs);
    this.#abandoned(this.#limited(asked), startedMs);
  }

  #abandoned(limited: string | undefined, startedMs: number): void {
    if (limited !== undefined) this.#breakers.abandoned(limited, startedMs);
  }

  /** Undefined as long as nobody has been limited: nearly always, and it costs nothing then. */
  #limited(asked: Asked): string | undefined {
    if (!this.#breakers.hasModels) return undefined;
    const name = this.#nameOf(asked);
    return this.#breakers.has(name) ? name : undefined;
  }

  #nameOf(asked: Asked): string {
    let name = this.#names.get(asked);
    if (name === undefined) {
      name = `${asked.provider}${MODEL_MARK}${asked.model.replace(/\s/g, '_')}`;
      this.#names.set(asked, name);
    }
    return name;
  }
}
