import { closeSync, mkdirSync, openSync, rmSync, utimesSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
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

/**
 * What this process used, on disk before the client sees the end of its answer. What one turn of the event loop has to
 * say is written by one system call, so it survives a kill; who must not go on before that waits with `written`.
 * A segment is dropped when the database has everything in it (journal-keeper.ts).
 */
export class Journal {
  readonly folder: string;
  readonly #log: Logger;
  #file: number | undefined;
  #segment = 0;
  #linesInSegment = 0;
  #failure: string | undefined;
  readonly #live = new Set<string>();
  #lines = '';
  #waiting: (() => void)[] = [];

  /** Throws when the folder cannot be made or written: better not to start than to lose usage. */
  constructor(folder: string, log: Logger) {
    this.folder = folder;
    this.#log = log;
    this.#makeFolder();
  }

  /** Why usage is not safe from a crash right now, or undefined. */
  problem(): string | undefined {
    return this.#failure;
  }

  isLive(requestId: string): boolean {
    return this.#live.has(requestId);
  }

  /** Calls back once everything that was said until now is on disk, at the end of this turn of the event loop. */
  written(callback: () => void): void {
    if (this.#lines === '') callback();
    else this.#waiting.push(callback);
  }

  /** `json` is of a StartedRequest. */
  start(requestId: string, json: string): void {
    this.#live.add(requestId);
    this.#say(`{"start":${json}}\n`);
  }

  progress(streams: [requestId: string, characters: number][]): void {
    this.#write({ progress: streams });
  }

  /** `json` is the record, already in the form that the stream takes. */
  usage(requestId: string, json: string): void {
    this.#say(`{"usage":${json}}\n`);
    this.#live.delete(requestId);
  }

  void(requestId: string): void {
    this.#write({ void: requestId });
    this.#live.delete(requestId);
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
      this.#leaveSegment();
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
    if (this.#linesInSegment > 0) this.#leaveSegment();
  }

  /** Name of the segment that is being written, if one is. */
  get current(): string | undefined {
    return this.#file === undefined ? undefined : segmentName(this.#segment);
  }

  #write(line: JournalLine): void {
    this.#say(`${JSON.stringify(line)}\n`);
  }

  #say(line: string): void {
    if (this.#lines === '') setImmediate(() => this.#flush());
    this.#lines += line;
  }

  /** A full disk must not stop the service: usage still goes to Redis, and readiness says what is wrong. */
  #flush(): void {
    if (this.#lines === '') return;
    const lines = this.#lines;
    this.#lines = '';
    try {
      this.#file ??= this.#openSegment();
      writeWhole(this.#file, lines);
      this.#linesInSegment += 1;
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
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #openSegment(): number {
    this.#segment += 1;
    this.#linesInSegment = 0;
    return openSync(join(this.folder, segmentName(this.#segment)), 'a', 0o600);
  }
}

/** A disk that is nearly full takes a part, and says so only the next time. */
function writeWhole(file: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
}

const segmentName = (segment: number): string => `${String(segment).padStart(8, '0')}.jsonl`;
