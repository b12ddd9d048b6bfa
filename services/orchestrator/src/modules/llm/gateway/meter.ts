import type { Context } from '#core/context.ts';
import type { Principal } from '../keys/principal.ts';
import type { Limiter, Reservation } from '../limits/limiter.ts';
import type { PriceTable } from '../prices/prices.ts';
import type { TokenUsage } from '../providers/provider.ts';
import { tokensOf } from '../usage/estimate.ts';
import type { Journal } from '../usage/journal.ts';
import type { Outcome, UsageRecord } from '../usage/record.ts';
import type { Call } from './call.ts';
import type { Envelope } from './envelope.ts';
import type { GatewayMetrics } from './metrics.ts';

export interface MeterParts {
  ctx: Context;
  limiter: Limiter;
  journal: Journal;
  prices: PriceTable;
  metrics: GatewayMetrics;
  /** Settlements that Redis has not confirmed yet. */
  settling: Set<Promise<void>>;
}

interface Metered {
  call: Call;
  envelope: Envelope;
  principal: Principal;
  reservation: Reservation;
  provider: string;
  /** By our own rule, until the provider says. */
  promptEstimate: number;
}

/** What one request uses. It is settled or released exactly once, whoever comes first. */
export class Meter {
  readonly requestId: string;
  readonly #parts: MeterParts;
  readonly #metered: Metered;
  readonly #at = new Date().toISOString();
  #characters = 0;
  #usage: TokenUsage | null = null;
  #firstByteMs: number | null = null;
  #isInJournal = false;
  #isOver = false;

  constructor(parts: MeterParts, metered: Metered) {
    this.requestId = metered.call.requestId;
    this.#parts = parts;
    this.#metered = metered;
  }

  get characters(): number {
    return this.#characters;
  }

  /** Just before its first byte goes to the provider. */
  sent(): void {
    this.#isInJournal = true;
    this.#parts.journal.start({ ...this.#who(), promptTokens: this.#metered.promptEstimate });
  }

  delivered(characters: number): void {
    this.#characters += characters;
  }

  /** The last one counts. */
  reported(usage: TokenUsage | null): void {
    if (usage) this.#usage = usage;
  }

  firstByte(): void {
    if (this.#firstByteMs !== null) return;
    this.#firstByteMs = this.#metered.call.elapsedMs;
    this.#parts.metrics.firstByte.observe({ provider: this.#metered.provider }, this.#firstByteMs / 1000);
  }

  /** The client got something, or the provider worked for it. On disk when this returns. */
  settle(outcome: Outcome): UsageRecord | undefined {
    if (this.#isOver) return undefined;
    this.#isOver = true;
    const record = this.#record(outcome);
    const json = JSON.stringify(record);
    this.#parts.journal.usage(record.requestId, json);
    this.#follow(this.#parts.limiter.settle(this.#metered.reservation, json));
    this.#measure(record);
    return record;
  }

  /** The client got nothing: it counts for nothing. */
  release(reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#isInJournal) this.#parts.journal.void(this.requestId);
    this.#follow(this.#parts.limiter.release(this.#metered.reservation));
    this.#parts.metrics.requests.inc({ provider: this.#metered.provider, outcome: reason });
  }

  #record(outcome: Outcome): UsageRecord {
    const { envelope, call, promptEstimate } = this.#metered;
    const tokens = this.#usage ?? {
      promptTokens: promptEstimate,
      cachedTokens: 0,
      completionTokens: tokensOf(this.#characters),
    };
    const { costNanoUsd, price } = this.#parts.prices.cost(envelope.model, tokens);
    return {
      ...this.#who(),
      outcome,
      ...tokens,
      costNanoUsd,
      price,
      isEstimated: this.#usage === null || price === null,
      firstByteMs: this.#firstByteMs,
      durationMs: call.elapsedMs,
    };
  }

  #who() {
    const { principal, provider, envelope } = this.#metered;
    return {
      requestId: this.requestId,
      tenantId: principal.tenantId,
      keyId: principal.keyId,
      at: this.#at,
      provider,
      model: envelope.model,
      isStream: envelope.isStream,
    };
  }

  #measure({ provider, outcome, promptTokens, completionTokens, costNanoUsd }: UsageRecord): void {
    const { metrics } = this.#parts;
    metrics.requests.inc({ provider, outcome });
    metrics.tokens.inc({ provider, kind: 'prompt' }, promptTokens);
    metrics.tokens.inc({ provider, kind: 'completion' }, completionTokens);
    metrics.costNanoUsd.inc({ provider }, costNanoUsd);
  }

  /** The client does not wait for Redis: what it does not take now, the journal's keeper gives it later. */
  #follow(settlement: Promise<void>): void {
    const { settling, ctx } = this.#parts;
    const followed = settlement
      .catch((error: unknown) => ctx.log.debug({ err: error, requestId: this.requestId }, 'settled later'))
      .finally(() => settling.delete(followed));
    settling.add(followed);
  }
}
