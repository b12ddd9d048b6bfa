/** Keeps what a stream said, up to a bound; beyond it nothing is kept. */
export class StreamRecorder {
  readonly #maxBytes: number;
  #events: Buffer[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** What goes to the client, before anything of ours is put into it. */
  push(event: Buffer): void {
    this.#bytes += event.length;
    if (this.#bytes <= this.#maxBytes) this.#events.push(event);
    else this.#events = [];
  }

  /** Undefined when it was too much. */
  recorded(): Buffer | undefined {
    return this.#bytes <= this.#maxBytes ? Buffer.concat(this.#events) : undefined;
  }
}
