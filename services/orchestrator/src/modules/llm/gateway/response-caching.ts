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
import { STREAM_HEADERS, endWith, usd } from './respond.ts';
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
    const name = cache.nameOf(principal.tenantId, { ...envelope, body: envelope.body.read() });
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

/** Counted as any other request, but for what it costs. False, and nothing done, when it cannot be shown again. */
export function answerFromCache({ journal, log }: ServingParts, hit: CachedAnswer, parts: Hit): boolean {
  const { call, meter } = parts;
  const shown = show(hit, parts, log);
  if (!shown) return false;
  meter.settleFromCache(hit.model, hit.usage);
  describe(call.headers, { ...FROM_CACHE, model: hit.model, isCached: true });
  call.headers['x-gateway-cost-usd'] = usd(FROM_CACHE.costNanoUsd);
  call.headers['age'] = hit.ageS;
  journal.written(() => {
    if (call.isGone) return;
    call.response.writeHead(200, { ...call.headers, ...shown.headers, 'content-length': shown.body.length });
    endWith(call.response, shown.body);
  });
  return true;
}

function show(hit: CachedAnswer, parts: Hit, log: ServingParts['log']) {
  try {
    return parts.envelope.isStream ? streamed(hit, parts) : plain(hit, parts);
  } catch (error) {
    log.warn({ err: error, ...parts.call.names }, 'an answer of the cache cannot be shown');
    return undefined;
  }
}

function plain(hit: CachedAnswer, { present }: Hit) {
  const body = present?.(hit.bytes, FROM_CACHE) ?? annotated(hit.bytes, FROM_CACHE);
  return { headers: { 'content-type': 'application/json' }, body };
}

function streamed(hit: CachedAnswer, { envelope, lastEvent }: Hit) {
  const { events, usageEvent } = replayStream(hit, envelope.wantsUsage);
  const usage = usageEvent ? [annotated(usageEvent, FROM_CACHE)] : [];
  return { headers: STREAM_HEADERS, body: Buffer.concat([events, ...usage, Buffer.from(lastEvent)]) };
}
