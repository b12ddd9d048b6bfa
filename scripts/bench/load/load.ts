import { setTimeout as sleep } from 'node:timers/promises';
import type { Usage } from '../machine.ts';
import { type Answer, Connection } from './connection.ts';

export interface Load {
  port: number;
  /** Whole requests; connections take them in turn, so that many keys are used. */
  requests: readonly Buffer[];
  /** Throws when the answer is not what was asked for. */
  check: (answer: Answer) => void;
  /** What is read at both ends of the window. */
  probe: () => Usage;
}

export interface Loaded {
  seconds: number;
  answers: Answer[];
  failures: Error[];
  used: Usage;
}

/**
 * A fixed number of connections, each asking again as soon as it is answered. The starts are spread over `spreadMs`:
 * streams of equal length would otherwise begin all at once, again and again.
 */
export async function closedLoop(
  load: Load,
  { connections, durationMs, spreadMs = 0 }: { connections: number; durationMs: number; spreadMs?: number },
): Promise<Loaded> {
  const run = new Run(load);
  const clients = Array.from({ length: connections }, () => new Connection(load.port));
  let isOver = false;
  const work = clients.map(async (client, index) => {
    if (spreadMs > 0) await sleep((spreadMs * index) / connections);
    for (let turn = index; !isOver; turn += connections) await run.ask(client, turn);
  });
  // Everybody has begun when the window opens.
  if (spreadMs > 0) await sleep(spreadMs);
  run.begin();
  await sleep(durationMs);
  run.finish();
  isOver = true;
  await Promise.all(work);
  for (const client of clients) client.close();
  return run.result();
}

/** So many requests a second, evenly spaced, whether or not those before are answered. */
export async function openLoop(
  load: Load,
  { perSecond, durationMs }: { perSecond: number; durationMs: number },
): Promise<Loaded> {
  const run = new Run(load);
  const idle: Connection[] = [];
  const connect = () => {
    const client: Connection = new Connection(load.port, () => {
      const at = idle.indexOf(client);
      if (at >= 0) idle.splice(at, 1);
    });
    return client;
  };
  const underWay = new Set<Promise<void>>();
  run.begin();
  const startedAt = performance.now();
  for (let sent = 0; sent < (perSecond * durationMs) / 1000; sent += 1) {
    const waitMs = startedAt + (sent * 1000) / perSecond - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    const client = idle.pop() ?? connect();
    const asked: Promise<void> = run.ask(client, sent).then(() => {
      idle.push(client);
      underWay.delete(asked);
    });
    underWay.add(asked);
  }
  await Promise.all(underWay);
  run.finish();
  for (const client of [...idle]) client.close();
  return run.result();
}

/** A number of requests over so many connections, as fast as they are answered. */
export async function amount(
  load: Load,
  { connections, count }: { connections: number; count: number },
): Promise<Loaded> {
  const run = new Run(load);
  const clients = Array.from({ length: connections }, () => new Connection(load.port));
  let next = 0;
  run.begin();
  await Promise.all(
    clients.map(async (client) => {
      while (next < count) await run.ask(client, next++);
    }),
  );
  run.finish();
  for (const client of clients) client.close();
  return run.result();
}

/** What was answered between `begin` and `finish`. */
class Run {
  readonly #load: Load;
  #answers: Answer[] = [];
  #failures: Error[] = [];
  #isOpen = false;
  #beganAt = 0;
  #seconds = 0;
  #used: Usage = { ownMs: 0, coreMs: 0, othersMs: 0 };

  constructor(load: Load) {
    this.#load = load;
  }

  begin(): void {
    this.#used = this.#load.probe();
    this.#beganAt = performance.now();
    this.#isOpen = true;
  }

  finish(): void {
    this.#isOpen = false;
    this.#seconds = (performance.now() - this.#beganAt) / 1000;
    const before = this.#used;
    const { ownMs, coreMs, othersMs } = this.#load.probe();
    this.#used = {
      ownMs: ownMs - before.ownMs,
      coreMs: coreMs - before.coreMs,
      othersMs: othersMs - before.othersMs,
    };
  }

  async ask(client: Connection, turn: number): Promise<void> {
    const { requests, check } = this.#load;
    try {
      const answer = await client.send(requests[turn % requests.length] ?? Buffer.alloc(0));
      check(answer);
      if (this.#isOpen) this.#answers.push(answer);
    } catch (error) {
      this.#failures.push(error instanceof Error ? error : new Error(String(error)));
      // A candidate that refuses everything must not be asked as fast as the loop turns.
      await sleep(10);
    }
  }

  result(): Loaded {
    return { seconds: this.#seconds, answers: this.#answers, failures: this.#failures, used: this.#used };
  }
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

export const median = (values: readonly number[]): number => percentile(values, 0.5);
