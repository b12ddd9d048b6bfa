import { type Answer, type TokenUsage, Untranslatable, type UpstreamCall } from '../providers/provider.ts';
import type { AnswerFacts } from '../cache/response-cache.ts';
import type { Candidate } from '../routing/route-plan.ts';
import { Attempt, type Failure } from './attempt.ts';
import type { Call } from './call.ts';
import type { CompletionParts, CompletionServices } from './completion-parts.ts';
import {
  type GatewayError,
  freeProviderUnavailable,
  internalError,
  modelNotFound,
  noProviderAvailable,
  restarting,
  tooDeep,
  untranslatable,
} from './errors.ts';
import { annotated, annotatedForOneWrite, describe } from './facts.ts';
import type { Meter } from './meter.ts';
import { type Latin1, endWith, usd } from './respond.ts';
import type { Caching } from './response-caching.ts';
import type { StreamSink } from './stream-relay.ts';

const MAX_TRIES = 3;

/**
 * One request between its client and the providers that may answer it. It ends exactly once: answered, failed, left by
 * the client, or stopped by us; nothing that a provider says after that matters.
 */
export class Completion implements StreamSink {
  /** In the list of those that are under way. */
  place = -1;
  readonly meter: Meter;
  readonly call: Call;
  readonly wantsUsage: boolean;
  readonly lastEvent: string;
  readonly #services: CompletionServices;
  readonly #parts: CompletionParts;
  #isOver = false;
  /** Answered and settled: the client gets it once its tokens are counted. */
  #isAnswered = false;
  #next = 0;
  #tries = 0;
  #isFallback = false;
  #candidate: Candidate | undefined;
  #attempt: Attempt | undefined;
  #holdsSlot = false;
  #triedAtMs = 0;
  #lastError: GatewayError | undefined;

  constructor(services: CompletionServices, parts: CompletionParts) {
    this.#services = services;
    this.#parts = parts;
    this.meter = parts.meter;
    this.call = parts.call;
    this.wantsUsage = parts.envelope.wantsUsage;
    this.lastEvent = parts.lastEvent;
  }

  start(): void {
    // One turn later: what the provider has sent until now is read, and counted, before it is told to stop.
    this.call.onGone(() => setImmediate(() => this.#leave()));
    this.#services.retries.requested();
    this.#tryNext();
  }

  /** The process ends before the answer does; one that is billed already is waited for (settling.ts). */
  stop(): void {
    if (this.#isOver || this.#isAnswered) return;
    this.#abort();
    this.#fail(restarting, 'stopped');
  }

  produced(text: string): void {
    this.meter.produced(text);
  }

  reported(usage: TokenUsage): void {
    this.meter.reported(usage);
  }

  promptReported(usage: TokenUsage): void {
    this.meter.promptReported(usage);
  }

  record(event: Buffer): void {
    this.#parts.caching?.record(event);
  }

  annotate(event: Buffer): Buffer {
    return annotated(event, this.#facts(this.meter.costNanoUsd));
  }

  begin(): void {
    this.meter.firstByte();
    this.#succeeded();
    this.#describe();
  }

  complete(then: () => void): void {
    this.#succeeded();
    if (this.#isOver) return;
    this.#keep((caching, facts) => caching.keepStream(facts));
    this.meter.settle('completed');
    this.#services.journal.written(then);
    this.#end();
  }

  /** What is known of the providers decides; a provider that is being probed may take a moment to be asked about. */
  #tryNext(): void {
    const { order } = this.#parts;
    const { breakers, slots, maxConcurrency } = this.#services;
    while (this.#next < order.length && this.#tries < MAX_TRIES) {
      const candidate = order[this.#next] as Candidate;
      this.#next += 1;
      const { provider } = candidate;
      if (breakers.isOpen(candidate) || !slots.take(provider, maxConcurrency(provider))) {
        this.#isFallback = true;
        continue;
      }
      const may = breakers.mayTry(candidate);
      if (may === true) {
        if (this.#try(candidate)) return;
      } else if (may === false) {
        slots.give(provider);
        this.#isFallback = true;
      } else {
        void may.then((isProbe) => this.#probe(candidate, isProbe));
        return;
      }
    }
    this.#fail(this.#exhausted(), this.#lastError ? 'failed' : 'no_provider');
  }

  #probe(candidate: Candidate, isProbe: boolean): void {
    if (this.#isOver || !isProbe) this.#services.slots.give(candidate.provider);
    if (this.#isOver) return void (isProbe && this.#services.breakers.abandoned(candidate, performance.now()));
    if (isProbe && this.#try(candidate)) return;
    this.#isFallback = true;
    this.#tryNext();
  }

  /** The slot is taken. False when the provider's API has no words for what is asked. */
  #try(candidate: Candidate): boolean {
    const { envelope } = this.#parts;
    const { upstreams, slots, journal, breakers, metrics } = this.#services;
    const upstream = upstreams.get(candidate.provider);
    const dialect = upstream.provider.dialects[envelope.surface];
    const upstreamCall: UpstreamCall = {
      requestId: this.call.requestId,
      surface: envelope.surface,
      model: candidate.model,
      body: envelope.body,
      isStream: envelope.isStream,
    };
    try {
      if (!dialect) throw new Untranslatable('model', `${upstream.provider.label} does not offer this API.`);
      const upstreamRequest = dialect.request(upstreamCall);
      const attempt = new Attempt({
        upstream,
        dialect,
        upstreamCall,
        upstreamRequest,
        sink: this,
        onAnswer: (answer, body) => this.#answer(answer, body),
        onFailed: (failure) => this.#failed(candidate, failure),
      });
      this.#tries += 1;
      this.#triedAtMs = performance.now();
      if (this.#isFallback)
        metrics.fallbacks.inc({ from: this.#parts.order[0]?.provider ?? '', to: candidate.provider });
      this.#attempt = attempt;
      this.#candidate = candidate;
      this.#holdsSlot = true;
      this.meter.asks(candidate, this.#isFallback);
      journal.written(() => attempt.start());
      return true;
    } catch (error) {
      this.#holdsSlot = false;
      slots.give(candidate.provider);
      breakers.abandoned(candidate, performance.now());
      this.#lastError ??= this.#refusalOf(error);
      return false;
    }
  }

  /** A mistake of ours ends this request with an error: thrown on, it would leave it under way for ever. */
  #refusalOf(error: unknown): GatewayError {
    if (error instanceof Untranslatable) return untranslatable(error.param, error.message);
    if (error instanceof RangeError) return tooDeep;
    this.#services.log.error({ err: error, ...this.call.names }, 'a request could not be written for a provider');
    return internalError;
  }

  #answer(answer: Answer, body: Buffer): void {
    const { meter, call } = this;
    for (const text of answer.text) meter.produced(text);
    meter.reported(answer.usage);
    meter.firstByte();
    this.#succeeded();
    this.#releaseSlot();
    this.#keep((caching, facts) => caching.keepAnswer(facts, body));
    this.#isAnswered = true;
    meter.settle('completed', (costNanoUsd) => {
      if (this.#isOver) return;
      this.#describe();
      const { headers } = call;
      headers['x-gateway-cost-usd'] = usd(costNanoUsd);
      const shown = this.#present(body, costNanoUsd);
      headers['content-type'] = 'application/json';
      headers['content-length'] = shown.length;
      this.#services.journal.written(() => {
        if (call.isGone) return;
        call.response.writeHead(200, headers);
        endWith(call.response, shown);
      });
      this.#end();
    });
  }

  /** Only what the provider has counted; and what the free one answers must not stay for others to get. */
  #keep(keep: (caching: Caching, facts: AnswerFacts) => void): void {
    const { caching } = this.#parts;
    const usage = this.meter.reportedUsage;
    if (!caching || !this.#candidate || !usage || this.meter.isBudgetFallback) return;
    keep(caching, { provider: this.#candidate.provider, model: this.#candidate.model, usage });
  }

  #present(body: Buffer, costNanoUsd: number): Buffer | Latin1 {
    const facts = this.#facts(costNanoUsd);
    return this.#parts.present?.(body, facts) ?? annotatedForOneWrite(body, facts);
  }

  /** Before the first byte another provider may do better; after it the client is told that this was not all. */
  #failed(candidate: Candidate, { error, kind, reason, cause }: Failure): void {
    if (this.#isOver) return;
    const { breakers, retries, metrics, log, deadlineMs } = this.#services;
    this.#releaseSlot();
    if (kind !== 'client' && kind !== 'unfit') {
      const retryAfterMs = error.retryAfterS === undefined ? undefined : error.retryAfterS * 1000;
      breakers.failed(candidate, this.#triedAtMs, {
        kind,
        ...(retryAfterMs !== undefined && { retryAfterMs }),
      });
      log.warn({ ...this.call.names, provider: candidate.provider, reason, err: cause }, 'the provider failed');
    } else breakers.succeeded(candidate, this.#triedAtMs);
    // The name that the provider does not know is one of ours.
    const isOurName = error.status === 404 && candidate.model !== this.#parts.envelope.model;
    this.#lastError = isOurName ? modelNotFound(this.#parts.envelope.model) : error;
    const isBegun = this.#attempt?.hasBegun ?? false;
    const mayRetry =
      (kind !== 'client' || isOurName) && !isBegun && !this.call.isGone && this.call.elapsedMs < deadlineMs;
    if (mayRetry && this.#next < this.#parts.order.length && retries.take()) {
      metrics.attempts.inc({ provider: candidate.provider, outcome: reason });
      // Whoever leaves before the next one is asked pays for none of them.
      this.#attempt = undefined;
      this.#isFallback = true;
      this.#tryNext();
      return;
    }
    const isFreeDown = this.meter.isBudgetFallback && kind !== 'client' && !isBegun;
    this.#fail(isFreeDown ? freeProviderUnavailable : this.#lastError, reason, kind === 'client');
  }

  #exhausted(): GatewayError {
    if (this.meter.isBudgetFallback) return freeProviderUnavailable;
    return this.#lastError ?? noProviderAvailable;
  }

  #fail(error: GatewayError, reason: string, isRejected = false): void {
    if (this.#attempt?.hasBegun) {
      this.meter.settle('cut');
      this.#attempt.finishWith(error);
    } else {
      this.meter.release(reason, isRejected);
      if (this.#candidate) this.#describe();
      this.call.fail(error);
    }
    this.#end();
  }

  /** The client left. What the provider made until now is billed, if it was asked at all. */
  #leave(): void {
    if (this.#isOver) return;
    const wasSent = this.#attempt?.wasSent ?? false;
    if (this.#candidate && !this.#attempt?.hasBegun)
      this.#services.breakers.abandoned(this.#candidate, this.#triedAtMs);
    this.#abort();
    if (wasSent) this.meter.settle('aborted');
    else this.meter.release('left_before_start');
    this.#end();
  }

  #abort(): void {
    this.#attempt?.abort();
  }

  #succeeded(): void {
    if (this.#candidate) this.#services.breakers.succeeded(this.#candidate, this.#triedAtMs);
  }

  #facts(costNanoUsd: number) {
    return {
      provider: this.#candidate?.provider ?? '',
      costNanoUsd,
      isFallback: this.#isFallback,
      isBudgetFallback: this.meter.isBudgetFallback,
    };
  }

  #describe(): void {
    describe(this.call.headers, {
      ...this.#facts(0),
      model: this.#candidate?.model ?? '',
      isCached: this.#parts.caching ? false : null,
    });
  }

  #releaseSlot(): void {
    if (!this.#holdsSlot || !this.#candidate) return;
    this.#holdsSlot = false;
    this.#services.slots.give(this.#candidate.provider);
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#releaseSlot();
    this.#parts.onEnd();
  }
}
