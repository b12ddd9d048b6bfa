const SEPARATOR = '\n';

/** What this process knows of a segment of its own: whether it may go is seen without reading it. */
export class OwnSegment {
  readonly name: string;
  /** Requests that are under way and whose last start is in it. */
  open = 0;
  writtenMs = 0;
  /** All of its usage is in the database. It is only asked about when nothing is written to it any more. */
  isStored = false;
  #count = 0;
  /** One text per write: thousands of small ones that wait for their rows would be work for the garbage collector. */
  #requestIds: string[] | undefined = [];

  constructor(name: string) {
    this.name = name;
  }

  get keptIds(): number {
    return this.#requestIds ? this.#count : 0;
  }

  /** Of its usage; undefined = only the segment itself says. */
  get requestIds(): string[] | undefined {
    return this.#requestIds?.flatMap((ids) => ids.split(SEPARATOR));
  }

  /** `room`: how many more ids may be kept. */
  wrote(requestIds: readonly string[], room: number): void {
    this.writtenMs = Date.now();
    if (requestIds.length === 0) return;
    this.#count += requestIds.length;
    if (requestIds.length > room) this.#requestIds = undefined;
    this.#requestIds?.push(requestIds.join(SEPARATOR));
  }
}
