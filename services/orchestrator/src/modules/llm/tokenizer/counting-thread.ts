import { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import type { EncodingName } from './encodings.ts';
import type { Counted, Job } from './job.ts';

/** An answer that takes longer is done without: a journal waits for it. */
const DEADLINE_MS = 3000;
const IDLE_MS = 60_000;
/** After a failure there is no new try for so long. */
const REST_MS = 30_000;
const MAX_WAITING = 256;
const MAX_WAITING_CHARACTERS = 4_000_000;
/** Two vocabularies are 20 MB outside of the heap. */
const LIMITS = { maxOldGenerationSizeMb: 48, maxYoungGenerationSizeMb: 4 };

interface Waiting {
  characters: number;
  timer: NodeJS.Timeout;
  /** Undefined = it was not counted. */
  resolve: (tokens: readonly number[] | undefined) => void;
}

export interface CountingTimes {
  deadlineMs: number;
  idleMs: number;
}

/** A thread that is started when there is something to count and ended when there was nothing for a while. */
export class CountingThread {
  readonly #log: Logger;
  readonly #times: CountingTimes;
  readonly #waiting = new Map<number, Waiting>();
  #waitingCharacters = 0;
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;
  #restUntilMs = 0;
  #lastId = 0;

  constructor(log: Logger, times: Partial<CountingTimes> = {}) {
    this.#log = log;
    this.#times = { deadlineMs: DEADLINE_MS, idleMs: IDLE_MS, ...times };
  }

  get isRunning(): boolean {
    return this.#worker !== undefined;
  }

  /** Tokens of each text; undefined when there is too much to do, or it takes too long, or it fails. Never rejects. */
  count(encoding: EncodingName, texts: readonly string[]): Promise<readonly number[] | undefined> {
    const characters = texts.reduce((sum, text) => sum + text.length, 0);
    const isTooMuch =
      this.#waiting.size >= MAX_WAITING || this.#waitingCharacters + characters > MAX_WAITING_CHARACTERS;
    const worker = isTooMuch ? undefined : this.#started();
    if (!worker) return Promise.resolve(undefined);
    this.#lastId += 1;
    const id = this.#lastId;
    clearTimeout(this.#idle);
    this.#waitingCharacters += characters;
    return new Promise((resolve) => {
      // Whatever holds it up, the thread is stuck with it: the next one begins anew.
      const timer = setTimeout(() => this.#fail(worker, new Error('Counting took too long.')), this.#times.deadlineMs);
      this.#waiting.set(id, { characters, timer, resolve });
      worker.postMessage({ id, encoding, texts } satisfies Job);
    });
  }

  async stop(): Promise<void> {
    const worker = this.#worker;
    this.#forget();
    await worker?.terminate();
  }

  #started(): Worker | undefined {
    if (this.#worker) return this.#worker;
    if (performance.now() < this.#restUntilMs) return undefined;
    const worker = new Worker(new URL('worker.ts', import.meta.url), { resourceLimits: LIMITS, execArgv: [] });
    // It does not keep the process alive.
    worker.unref();
    worker.on('message', (counted: Counted) => this.#counted(counted));
    worker.on('error', (error: unknown) => this.#fail(worker, error));
    worker.on('exit', () => this.#fail(worker, new Error('The counting thread ended.')));
    this.#worker = worker;
    return worker;
  }

  #counted({ id, tokens }: Counted): void {
    this.#answer(id, tokens);
    if (this.#waiting.size > 0) return;
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => void this.stop(), this.#times.idleMs).unref();
  }

  #answer(id: number, tokens: readonly number[] | undefined): void {
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    this.#waiting.delete(id);
    this.#waitingCharacters -= waiting.characters;
    clearTimeout(waiting.timer);
    waiting.resolve(tokens);
  }

  #fail(worker: Worker, error: unknown): void {
    // An end that we asked for, or the echo of one.
    if (worker !== this.#worker) return;
    this.#log.warn({ err: error }, 'tokens are counted by their characters for a while');
    this.#restUntilMs = performance.now() + REST_MS;
    this.#forget();
    worker.terminate().catch(() => undefined);
  }

  #forget(): void {
    this.#worker = undefined;
    clearTimeout(this.#idle);
    for (const id of [...this.#waiting.keys()]) this.#answer(id, undefined);
  }
}
