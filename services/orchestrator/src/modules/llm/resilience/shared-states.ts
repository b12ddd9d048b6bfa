import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { newId } from '#core/ids.ts';
import type { Opening } from './breaker.ts';
import type { BreakerNames } from './names.ts';
import { CHANGE, GIVE_BACK, READ, TAKE_PROBE } from './scripts.ts';

/** For what a pub/sub message may have been lost. */
const READ_EVERY_MS = 1000;
/** A Redis that is slower than this is away: nobody waits for it. */
const REDIS_TIMEOUT_MS = 250;
/** What nobody changed for this long is as good as well. */
const KEPT_MS = 3600_000;

interface ScriptedRedis extends Redis {
  llmBreakerChange(keyCount: number, ...args: (string | number)[]): Promise<null>;
  llmBreakerProbe(keyCount: number, ...args: (string | number)[]): Promise<string>;
  llmBreakerGiveBack(keyCount: number, ...args: (string | number)[]): Promise<null>;
  llmBreakerRead(keyCount: number, ...args: (string | number)[]): Promise<string[]>;
}

/** What some process decided, by the clock of Redis: what is left of an opening, not when it ends. */
export type Change = { state: 'closed' } | ({ state: 'open' } & Opening);
export type Verdict = 'granted' | 'taken';

/** What all gateway processes know of the breakers. Whatever fails here rejects or is left out; it never throws. */
export class SharedStates {
  readonly #redis: ScriptedRedis;
  readonly #subscriber: Redis;
  readonly #names: BreakerNames;
  readonly #log: Logger;
  readonly #onChange: (provider: string, change: Change) => void;
  readonly #versions = new Map<string, number>();
  /** Openings that Redis did not take; told again as long as they last. */
  readonly #untold = new Map<string, { untilMs: number; streak: number }>();
  /** Of this process. */
  readonly #token = newId('worker');
  #timer: NodeJS.Timeout | undefined;

  constructor(redis: Redis, names: BreakerNames, log: Logger, onChange: (provider: string, change: Change) => void) {
    const commands = redis.duplicate({ commandTimeout: REDIS_TIMEOUT_MS, lazyConnect: true });
    commands.defineCommand('llmBreakerChange', { lua: CHANGE });
    commands.defineCommand('llmBreakerProbe', { lua: TAKE_PROBE });
    commands.defineCommand('llmBreakerGiveBack', { lua: GIVE_BACK });
    commands.defineCommand('llmBreakerRead', { lua: READ });
    this.#redis = commands as ScriptedRedis;
    // The subscription must survive a restart of Redis, so this connection retries for ever.
    this.#subscriber = redis.duplicate({ enableOfflineQueue: true, maxRetriesPerRequest: null, lazyConnect: true });
    this.#names = names;
    this.#log = log;
    this.#onChange = onChange;
    for (const connection of [this.#redis, this.#subscriber])
      connection.on('error', (error: Error) => log.debug({ err: error }, 'breakers: connection to redis'));
  }

  start(): void {
    this.#subscriber.on('message', (_channel: string, message: string) => this.#hear(message));
    this.#quietly(this.#subscriber.subscribe(this.#names.changes));
    this.#quietly(this.#redis.connect().then(() => this.#round()));
    this.#timer = setInterval(() => this.#quietly(this.#round()), READ_EVERY_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#redis.disconnect();
    this.#subscriber.disconnect();
  }

  tell(provider: string, change: Change): void {
    this.#untold.delete(provider);
    this.#tell(provider, change).catch((error: unknown) => {
      this.#log.debug({ err: error, provider }, 'breakers: redis was not told');
      if (change.state === 'closed') return;
      this.#untold.set(provider, { untilMs: performance.now() + change.forMs, streak: change.streak });
    });
  }

  /** Asks for the cluster's one probe, for `forMs` at most. Rejects when Redis is away. */
  async takeProbe(provider: string, forMs: number): Promise<Verdict> {
    const { states, probe } = this.#names;
    const answer = await this.#redis.llmBreakerProbe(2, states, probe(provider), provider, this.#token, forMs);
    if (answer === 'granted' || answer === 'taken') return answer;
    this.#hear(answer);
    return answer.startsWith('closed') ? 'granted' : 'taken';
  }

  giveProbeBack(provider: string): void {
    this.#quietly(this.#redis.llmBreakerGiveBack(1, this.#names.probe(provider), this.#token));
  }

  /** What was decided before we came or said while we did not hear, and what we could not say. */
  async #round(): Promise<void> {
    for (const [provider, { untilMs, streak }] of this.#untold) {
      const forMs = Math.round(untilMs - performance.now());
      if (forMs > 0) await this.#tell(provider, { state: 'open', forMs, streak });
      this.#untold.delete(provider);
    }
    for (const message of await this.#redis.llmBreakerRead(1, this.#names.states)) this.#hear(message);
  }

  async #tell(provider: string, change: Change): Promise<void> {
    const { states, changes, probe } = this.#names;
    const { forMs, streak } = change.state === 'open' ? change : { forMs: 0, streak: 0 };
    const args = [changes, provider, change.state, Math.round(forMs), streak, this.#token, KEPT_MS];
    await this.#redis.llmBreakerChange(2, states, probe(provider), ...args);
  }

  #hear(message: string): void {
    const [state, forMs, streak, version, provider] = message.split(' ');
    if (!provider || Number(version) <= (this.#versions.get(provider) ?? 0)) return;
    this.#versions.set(provider, Number(version));
    if (state === 'closed') this.#onChange(provider, { state });
    else this.#onChange(provider, { state: 'open', forMs: Number(forMs), streak: Number(streak) });
  }

  #quietly(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.#log.debug({ err: error }, 'breakers: redis did not take it'));
  }
}
