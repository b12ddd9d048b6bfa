const MIB = 1024 * 1024;
/** Of all requests under way together: each is kept, and its parsed form, until its answer is known. */
const MAX_BYTES = 64 * MIB;
/** Of one tenant: who sends giants, however slowly, must not leave others without room. */
const MAX_BYTES_EACH = 32 * MIB;
/** Only large ones are counted: there are no more small ones than requests may be under way. */
const SMALL_BYTES = 64 * 1024;

const nothing = (): void => undefined;

/** What the bodies of the requests under way take; there is more memory for many small ones than for a few giants. */
export class HeldBodies {
  #bytes = 0;
  readonly #bytesOf = new Map<string, number>();

  /** Undefined when there is no room. What is returned gives the room back, once. */
  hold(bytes: number, tenantId: string): (() => void) | undefined {
    if (bytes <= SMALL_BYTES) return nothing;
    const own = this.#bytesOf.get(tenantId) ?? 0;
    if (this.#bytes > 0 && this.#bytes + bytes > MAX_BYTES) return undefined;
    if (own > 0 && own + bytes > MAX_BYTES_EACH) return undefined;
    this.#add(tenantId, bytes);
    let isHeld = true;
    return () => {
      if (isHeld) this.#add(tenantId, -bytes);
      isHeld = false;
    };
  }

  #add(tenantId: string, bytes: number): void {
    this.#bytes += bytes;
    const own = (this.#bytesOf.get(tenantId) ?? 0) + bytes;
    if (own === 0) this.#bytesOf.delete(tenantId);
    else this.#bytesOf.set(tenantId, own);
  }
}
