import { closeSync, mkdirSync, openSync, rmSync, utimesSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { OwnSegment } from './own-segment.ts';
import type { StartedRequest, UsageRecord } from './record.ts';

/** Lines of a segment. A start without an end, in the journal of a process that is dead, is an interrupted request. */
export type JournalLine =
  | { start: StartedRequest }
  /** Characters that streams under way have delivered so far. */
  | { progress: [requestId: string, characters: number][] }
  | { usage: UsageRecord }
  /** It used nothing that is to be billed. */
  | { void: string };

export const HEARTBEAT = 'alive';
export const SEGMENT = /^\d{8}\.jsonl$/;
/** Of usage that is not known to be stored; of what is beyond it, the segments are read. */
const MAX_KEPT_IDS = 100_000;

/**
 * What this process used, on disk before the client sees the end of its answer. What one turn of the event loop has to
 * say is written by one system call, so it survives a kill; who must not go on before that waits with `written`.
 * A segment is dropped when the database has everything in it (journal-keeper.ts).
 */
export class Journal {
  readonly folder: string;
  readonly #log: Logger;
  readonly #maxKeptIds: number;
  /** Thousands of them when the database is away for long: nothing of every request may go through them. */
  readonly #segments = new Set<OwnSegment>();
  #keptIds = 0;
  /** The one that the next lines go to. */
  #segment: OwnSegment | undefined;
  #begun = 0;
  #file: number | undefined;
  #failure: string | undefined;
  #lines = '';
  /** Whose usage is among the lines. */
  #requestIds: string[] = [];
  #waiting: (() => void)[] = [];

  /** Throws when the folder cannot be made or written: better not to start than to lose usage. */
  constructor(folder: string, log: Logger, { maxKeptIds = MAX_KEPT_IDS } = {}) {
    this.folder = folder;
    this.#log = log;
    this.#maxKeptIds = maxKeptIds;
    this.#makeFolder();
  }

  /** Why usage is not safe from a crash right now, or undefined. */
  problem(): string | undefined {
    return this.#failure;
  }

  /** Calls back once everything that was said until now is on disk, at the end of this turn of the event loop. */
  written(callback: () => void): void {
    if (this.#lines === '') callback();
    else this.#waiting.push(callback);
  }

  /**
   * `json` is of a StartedRequest; `before` is what an earlier start of the same request gave. Whoever ends the request
   * says where it began: the segment has to stay until then.
   */
  start(json: string, before?: OwnSegment): OwnSegment {
    const segment = this.#say(`{"start":${json}}\n`);
    segment.open += 1;
    if (before) before.open -= 1;
    return segment;
  }

  progress(streams: [requestId: string, characters: number][]): void {
    this.#write({ progress: streams });
  }

  /** `json` is the record, already in the form that the stream takes. */
  usage(requestId: string, json: string, began?: OwnSegment): void {
    this.#say(`{"usage":${json}}\n`);
    this.#requestIds.push(requestId);
    if (began) began.open -= 1;
  }

  void(requestId: string, began?: OwnSegment): void {
    this.#write({ void: requestId });
    if (began) began.open -= 1;
  }

  /**
   * Other gateways take over what this one leaves when its heart has stopped; when it was only asleep, it begins anew.
   * A disk that was full is tried here, too: a gateway that is not ready gets no request that would try it.
   */
  beat(): void {
    const now = new Date();
    try {
      utimesSync(join(this.folder, HEARTBEAT), now, now);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      this.#log.warn('another gateway took over the usage journal of this one: it begins a new one');
      // The segment stays: what is still to be written belongs to it.
      this.#closeFile();
      this.#makeFolder();
    }
    if (this.#failure !== undefined) this.progress([]);
  }

  /** Hands over what is left: without a heart, the next gateway takes it at once. */
  close(): void {
    this.rotate();
    rmSync(join(this.folder, HEARTBEAT), { force: true });
  }

  /** Ends the segment under way, so that it can be checked; the next line opens another. */
  rotate(): void {
    this.#flush();
    this.#leaveSegment();
  }

  /** Those that nothing is written to any more, the oldest first. */
  get closed(): OwnSegment[] {
    return [...this.#segments].filter((segment) => segment !== this.#segment);
  }

  /** Its file is removed. */
  forget(segment: OwnSegment): void {
    if (this.#segments.delete(segment)) this.#keptIds -= segment.keptIds;
  }

  #write(line: JournalLine): void {
    this.#say(`${JSON.stringify(line)}\n`);
  }

  #say(line: string): OwnSegment {
    if (this.#lines === '') setImmediate(() => this.#flush());
    this.#lines += line;
    return (this.#segment ??= this.#begin());
  }

  /** A full disk must not stop the service: usage still goes to Redis, and readiness says what is wrong. */
  #flush(): void {
    if (this.#lines === '') return;
    const [lines, requestIds] = [this.#lines, this.#requestIds];
    this.#lines = '';
    this.#requestIds = [];
    const segment = (this.#segment ??= this.#begin());
    const kept = segment.keptIds;
    segment.wrote(requestIds, this.#maxKeptIds - this.#keptIds);
    this.#keptIds += segment.keptIds - kept;
    try {
      this.#file ??= openSync(join(this.folder, segment.name), 'a', 0o600);
      writeWhole(this.#file, lines);
      this.#failure = undefined;
    } catch (error) {
      // Half a line at its end makes nothing else unreadable.
      this.#leaveSegment();
      if (this.#failure === undefined) this.#log.error({ err: error }, 'the usage journal cannot be written');
      this.#failure = `the usage journal cannot be written: ${error instanceof Error ? error.message : String(error)}`;
    }
    for (const callback of this.#waiting.splice(0)) this.#call(callback);
  }

  /** A mistake about one request must not end the process, and with it all others. */
  #call(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.#log.error({ err: error }, 'a request could not go on');
    }
  }

  #makeFolder(): void {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    writeFileSync(join(this.folder, HEARTBEAT), '');
  }

  #leaveSegment(): void {
    this.#closeFile();
    this.#segment = undefined;
  }

  #closeFile(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #begin(): OwnSegment {
    this.#begun += 1;
    const segment = new OwnSegment(`${String(this.#begun).padStart(8, '0')}.jsonl`);
    this.#segments.add(segment);
    return segment;
  }
}

/** What is written is of one turn of the event loop, nearly always: no memory is asked for then. */
const SCRATCH = Buffer.allocUnsafeSlow(256 * 1024);
const MAX_BYTES_OF_UNIT = 3;

/** A disk that is nearly full takes a part, and says so only the next time. */
function writeWhole(file: number, text: string): void {
  const fits = text.length * MAX_BYTES_OF_UNIT <= SCRATCH.length;
  const bytes = fits ? SCRATCH : Buffer.from(text);
  const end = fits ? SCRATCH.write(text) : bytes.length;
  for (let at = 0; at < end;) at += writeSync(file, bytes, at, end - at);
}
