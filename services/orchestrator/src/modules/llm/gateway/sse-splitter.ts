const LF = 10;
const CR = 13;

/**
 * Cuts a stream of server-sent events at event ends, whatever the TCP segments are. The events are the sender's own
 * bytes; only an unfinished one is held back. Lines may end in LF or CRLF.
 */
export class SseSplitter {
  readonly #maxEventBytes: number;
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** Bytes of the line under way, without its end; a line that is nothing but CR counts as empty. */
  #lineBytes = 0;
  #isLineOnlyCr = false;

  constructor(maxEventBytes: number) {
    this.#maxEventBytes = maxEventBytes;
  }

  /** Undefined when an event is larger than allowed: nothing may be believed after that. */
  push(segment: Buffer): Buffer[] | undefined {
    const events: Buffer[] = [];
    let eventStart = 0;
    let lineStart = 0;
    for (let end = segment.indexOf(LF); end !== -1; end = segment.indexOf(LF, lineStart)) {
      if (this.#isBlankLine(segment, lineStart, end)) {
        events.push(this.#take(segment.subarray(eventStart, end + 1)));
        eventStart = end + 1;
      }
      lineStart = end + 1;
      this.#lineBytes = 0;
      this.#isLineOnlyCr = false;
    }
    this.#noteUnfinishedLine(segment, lineStart);
    if (eventStart < segment.length) {
      this.#held.push(segment.subarray(eventStart));
      this.#heldBytes += segment.length - eventStart;
    }
    return this.#heldBytes > this.#maxEventBytes ? undefined : events;
  }

  /** What was not finished when the stream ended. */
  rest(): Buffer {
    return this.#take(Buffer.alloc(0));
  }

  #isBlankLine(segment: Buffer, start: number, end: number): boolean {
    const length = this.#lineBytes + end - start;
    if (length === 0) return true;
    return length === 1 && (this.#isLineOnlyCr || segment[start] === CR);
  }

  #noteUnfinishedLine(segment: Buffer, start: number): void {
    if (start === segment.length) return;
    this.#isLineOnlyCr = this.#lineBytes === 0 && segment.length - start === 1 && segment[start] === CR;
    this.#lineBytes += segment.length - start;
  }

  #take(end: Buffer): Buffer {
    if (this.#held.length === 0) return end;
    const event = Buffer.concat([...this.#held, end]);
    this.#held = [];
    this.#heldBytes = 0;
    return event;
  }
}

/** Neighbouring slices of one buffer as one slice: what was not cut is written in one piece. */
export function joinNeighbours(slices: readonly Buffer[]): Buffer[] {
  const joined: Buffer[] = [];
  for (const slice of slices) {
    const last = joined.at(-1);
    if (last && last.buffer === slice.buffer && last.byteOffset + last.length === slice.byteOffset)
      joined[joined.length - 1] = Buffer.from(last.buffer, last.byteOffset, last.length + slice.length);
    else joined.push(slice);
  }
  return joined;
}
