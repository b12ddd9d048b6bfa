import { Redis } from 'ioredis';
import { Counter } from 'prom-client';
import type { Context } from '#core/context.ts';
import type { Surface, TokenUsage } from '../providers/provider.ts';
import { CacheSeal } from './cache-seal.ts';
import { canonical } from './canonical.ts';
import { assembleChat } from './chat-assembly.ts';
import { type ReplayedStream, replayChat } from './chat-replay.ts';
import { StreamRecorder } from './stream-recorder.ts';
import { isWholeAnswer } from './whole-answer.ts';

/** Who asked for the cache did not ask to wait for it. */
const TIMEOUT_MS = 50;
/** After this many failures in a row nobody asks for a while, so that not every request waits. */
const MAX_FAILURES = 3;
const REST_MS = 5000;
/** Of one answer, unsealed. The server is small, and shared. */
const MAX_BYTES = 256 * 1024;
const NEWLINE = 0x0a;
const VERSION = 1;

interface Request {
  surface: Surface;
  isStream: boolean;
  body: Readonly<Record<string, unknown>>;
}

/** What is kept beside an answer: who gave it, and what it used then. */
export interface AnswerFacts {
  provider: string;
  /** As the provider calls it. */
  model: string;
  usage: TokenUsage;
}

interface Head extends AnswerFacts {
  version: number;
  /** `answer` = a JSON body; `events` = a stream as it was, of surfaces whose streams are not taken apart. */
  form: 'answer' | 'events';
  storedAtMs: number;
}

export interface CachedAnswer extends AnswerFacts {
  ageS: number;
  form: Head['form'];
  bytes: Buffer;
}

type Result = 'hit' | 'miss' | 'stored' | 'too_large' | 'failed';

/**
 * Answers of earlier requests that meant exactly the same, of the same tenant. A cache that is away, slow or wrong is no
 * cache: nothing here rejects, and no request fails because of it.
 */
export class ResponseCache {
  readonly #redis: Redis;
  readonly #prefix: string;
  readonly #seal: CacheSeal;
  readonly #log: Context['log'];
  readonly #results: Counter<'result'>;
  #failures = 0;
  #restUntilMs = 0;

  private constructor(ctx: Pick<Context, 'config' | 'log' | 'metrics'>, url: string) {
    this.#prefix = `${ctx.config.REDIS_PREFIX}:llm:cache:`;
    this.#seal = new CacheSeal(ctx.config);
    this.#log = ctx.log;
    this.#redis = new Redis(url, {
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      connectTimeout: 3000,
      commandTimeout: TIMEOUT_MS,
      retryStrategy: (times) => Math.min(100 * times, 5000),
    });
    this.#redis.on('error', (error: Error) => ctx.log.debug({ err: error }, 'connection to the response cache'));
    this.#results = new Counter({
      name: 'bastide_llm_cache_total',
      help: 'Requests that asked for the response cache, and what became of their answers.',
      labelNames: ['result'] as const,
      registers: [ctx.metrics.registry],
    });
  }

  /** Undefined when there is none to use. */
  static open(ctx: Pick<Context, 'config' | 'log' | 'metrics'>): ResponseCache | undefined {
    const { REDIS_CACHE_URL: url } = ctx.config;
    return url === undefined ? undefined : new ResponseCache(ctx, url);
  }

  /** Under which name the answer to this request is kept; undefined when the body is nested too deeply. */
  nameOf(tenantId: string, request: Request): string | undefined {
    try {
      return this.#seal.name(tenantId, canonical(request));
    } catch (error) {
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  }

  async lookup(name: string): Promise<CachedAnswer | undefined> {
    if (performance.now() < this.#restUntilMs) return this.#done('failed');
    try {
      const sealed = await this.#redis.getBuffer(this.#prefix + name);
      this.#failures = 0;
      if (!sealed) return this.#done('miss');
      const found = this.#read(name, sealed);
      this.#done(found ? 'hit' : 'miss');
      return found;
    } catch (error) {
      return this.#failed(error);
    }
  }

  /** An answer in one piece, in the client's dialect; what is not whole is not kept. */
  storeAnswer(name: string, ttlS: number, surface: Surface, answer: AnswerFacts & { body: Buffer }): void {
    const { body, ...facts } = answer;
    if (body.length > MAX_BYTES) return void this.#done('too_large');
    if (isWholeAnswer(surface, body)) this.#store(name, ttlS, { ...facts, form: 'answer' }, body);
  }

  /** For a stream that may be kept when it has come to its end. */
  record(): StreamRecorder {
    return new StreamRecorder(MAX_BYTES);
  }

  /** A stream that came to its end as the provider meant it. */
  storeStream(name: string, ttlS: number, surface: Surface, stream: AnswerFacts & { recorder: StreamRecorder }): void {
    const { recorder, ...facts } = stream;
    const events = recorder.recorded();
    if (!events) return void this.#done('too_large');
    if (surface !== 'chat') return this.#store(name, ttlS, { ...facts, form: 'events' }, events);
    const body = assembleChat(events, facts.usage);
    if (body) this.storeAnswer(name, ttlS, surface, { ...facts, body });
  }

  stop(): void {
    this.#redis.disconnect();
  }

  /** Undefined for what is not ours, or of before the secret was changed. */
  #read(name: string, sealed: Buffer): CachedAnswer | undefined {
    try {
      const plain = this.#seal.unseal(name, sealed);
      const end = plain.indexOf(NEWLINE);
      const { version, storedAtMs, ...facts } = JSON.parse(plain.subarray(0, end).toString('utf8')) as Head;
      if (version !== VERSION) return undefined;
      const ageS = Math.max(0, Math.floor((Date.now() - storedAtMs) / 1000));
      return { ...facts, ageS, bytes: plain.subarray(end + 1) };
    } catch (error) {
      this.#log.debug({ err: error }, 'an answer in the cache does not open');
      return undefined;
    }
  }

  #store(name: string, ttlS: number, facts: AnswerFacts & Pick<Head, 'form'>, bytes: Buffer): void {
    if (performance.now() < this.#restUntilMs) return;
    const head: Head = { version: VERSION, storedAtMs: Date.now(), ...facts };
    const sealed = this.#seal.seal(name, [Buffer.from(`${JSON.stringify(head)}\n`), bytes]);
    this.#redis.set(this.#prefix + name, sealed, 'EX', ttlS).then(
      () => this.#done('stored'),
      (error: unknown) => this.#failed(error),
    );
  }

  #done(result: Result): undefined {
    this.#results.inc({ result });
    return undefined;
  }

  #failed(error: unknown): undefined {
    this.#failures += 1;
    if (this.#failures >= MAX_FAILURES) this.#restUntilMs = performance.now() + REST_MS;
    this.#log.debug({ err: error }, 'the response cache did not answer');
    return this.#done('failed');
  }
}

/** As a stream: only for a chat completion, or a stream that was kept as one. */
export function replayStream({ form, bytes }: CachedAnswer, wantsUsage: boolean): ReplayedStream {
  return form === 'events' ? { events: bytes, usageEvent: null } : replayChat(bytes, wantsUsage);
}
