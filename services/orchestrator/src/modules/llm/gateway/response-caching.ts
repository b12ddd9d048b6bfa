import type { Principal } from '../keys/principal.ts';
import { type CacheWish, cacheWish, isWrongWish } from '../cache/cache-wish.ts';
import { type AnswerFacts, type CachedAnswer, type ResponseCache, replayStream } from '../cache/response-cache.ts';
import type { StreamRecorder } from '../cache/stream-recorder.ts';
import type { Call } from './call.ts';
import { invalidRequest } from './errors.ts';
import { type Facts, annotated, describe } from './facts.ts';
import type { Meter } from './meter.ts';
import type { ServingParts } from './parts.ts';
import { Refused } from './refused.ts';
import { endWith, usd } from './respond.ts';
import type { Envelope } from './surfaces/envelope.ts';

/** What one request has to do with the response cache. */
export class Caching {
  readonly #cache: ResponseCache;
  readonly #name: string;
  readonly #wish: CacheWish;
  readonly #envelope: Envelope;
  #recorder: StreamRecorder | undefined;

  private constructor(cache: ResponseCache, name: string, wish: CacheWish, envelope: Envelope) {
    this.#cache = cache;
    this.#name = name;
    this.#wish = wish;
    this.#envelope = envelope;
  }

  /** Undefined when it has nothing to do with it. @throws {Refused} for a header that is not understood. */
  static of({ cache, ctx }: ServingParts, call: Call, principal: Principal, envelope: Envelope): Caching | undefined {
    const wish = cacheWish(call.request.headers, principal.usesCache, ctx.config.LLM_CACHE_TTL_S);
    if (isWrongWish(wish)) throw new Refused(invalidRequest(wish.message, wish.param, 'invalid_value'));
    if (!wish || !cache) return undefined;
    const name = cache.nameOf(principal.tenantId, envelope);
    return name === undefined ? undefined : new Caching(cache, name, wish, envelope);
  }

  /** Never rejects. */
  async lookup(): Promise<CachedAnswer | undefined> {
    return this.#wish.reads ? this.#cache.lookup(this.#name) : undefined;
  }

  /** Of a stream, what goes to the client before anything of ours is put into it. */
  record(event: Buffer): void {
    this.#recorder ??= this.#cache.record();
    this.#recorder.push(event);
  }

  keepAnswer(facts: AnswerFacts, body: Buffer): void {
    this.#cache.storeAnswer(this.#name, this.#wish.ttlS, this.#envelope.surface, { ...facts, body });
  }

  keepStream(facts: AnswerFacts): void {
    if (!this.#recorder) return;
    const stream = { ...facts, recorder: this.#recorder };
    this.#cache.storeStream(this.#name, this.#wish.ttlS, this.#envelope.surface, stream);
  }
}

interface Hit {
  call: Call;
  meter: Meter;
  envelope: Envelope;
  lastEvent: string;
  present: ((body: Buffer, facts: Facts) => Buffer) | undefined;
}

const FROM_CACHE: Facts = { provider: 'cache', costNanoUsd: 0, isFallback: false, isBudgetFallback: false };

/** Counted as any other request, but for what it costs. */
export function answerFromCache({ journal }: ServingParts, hit: CachedAnswer, parts: Hit): void {
  const { call, meter, envelope, lastEvent, present } = parts;
  meter.settleFromCache(hit.model, hit.usage);
  describe(call.headers, { ...FROM_CACHE, model: hit.model, isCached: true });
  call.headers['x-gateway-cost-usd'] = usd(FROM_CACHE.costNanoUsd);
  call.headers['age'] = hit.ageS;
  journal.written(() => {
    if (call.isGone) return;
    if (envelope.isStream) return sendStream(call, hit, envelope.wantsUsage, lastEvent);
    const body = present?.(hit.bytes, FROM_CACHE) ?? annotated(hit.bytes, FROM_CACHE);
    call.response.writeHead(200, {
      ...call.headers,
      'content-type': 'application/json',
      'content-length': body.length,
    });
    endWith(call.response, body);
  });
}

function sendStream({ response, headers }: Call, hit: CachedAnswer, wantsUsage: boolean, lastEvent: string): void {
  const { events, usageEvent } = replayStream(hit, wantsUsage);
  response.writeHead(200, {
    ...headers,
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  });
  response.write(events);
  if (usageEvent) response.write(annotated(usageEvent, FROM_CACHE));
  response.end(lastEvent);
}
