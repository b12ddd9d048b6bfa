/** Of all requests under way together: each is kept, and its parsed form, until its answer is known. */
const MAX_BYTES = 64 * 1024 * 1024;

/** What the bodies of the requests under way take; there is more memory for many small ones than for a few giants. */
export class HeldBodies {
  #bytes = 0;

  /** Undefined when there is no room. What is returned gives the room back, once. */
  hold(bytes: number): (() => void) | undefined {
    if (this.#bytes > 0 && this.#bytes + bytes > MAX_BYTES) return undefined;
    this.#bytes += bytes;
    let isHeld = true;
    return () => {
      if (isHeld) this.#bytes -= bytes;
      isHeld = false;
    };
  }
}
