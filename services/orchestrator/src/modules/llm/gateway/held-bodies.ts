const MIB = 1024 * 1024;
/** Of all requests under way together: each is kept, and its parsed form, until its answer is known. */
const MAX_BYTES = 64 * MIB;
/** Of one tenant: who sends giants, however slowly, must not leave others without room. */
const MAX_BYTES_EACH = 32 * MIB;
/** Only large ones are counted: there are no more small ones than requests may be under way. */
const SMALL_BYTES = 64 * 1024;

/** What one request's body takes. */
export interface HeldBody {
  /** False when there is no room for so much more. */
  grow(bytes: number): boolean;
  /** Gives the room back; the second time does nothing. */
  letGo(): void;
}

/** What the bodies of the requests under way take; there is more memory for many small ones than for a few giants. */
export class HeldBodies {
  #bytes = 0;
  readonly #bytesOf = new Map<string, number>();

  of(tenantId: string): HeldBody {
    let size = 0;
    let counted = 0;
    return {
      grow: (bytes) => {
        size += bytes;
        if (size <= SMALL_BYTES) return true;
        const more = size - counted;
        if (!this.#hasRoom(tenantId, more)) return false;
        this.#add(tenantId, more);
        counted = size;
        return true;
      },
      letGo: () => {
        if (counted > 0) this.#add(tenantId, -counted);
        counted = 0;
        size = 0;
      },
    };
  }

  /** One alone always has room: how large it may be is checked elsewhere. */
  #hasRoom(tenantId: string, bytes: number): boolean {
    const own = this.#bytesOf.get(tenantId) ?? 0;
    if (this.#bytes > 0 && this.#bytes + bytes > MAX_BYTES) return false;
    return own === 0 || own + bytes <= MAX_BYTES_EACH;
  }

  #add(tenantId: string, bytes: number): void {
    this.#bytes += bytes;
    const own = (this.#bytesOf.get(tenantId) ?? 0) + bytes;
    if (own === 0) this.#bytesOf.delete(tenantId);
    else this.#bytesOf.set(tenantId, own);
  }
}
