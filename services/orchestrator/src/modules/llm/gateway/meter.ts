import type { Context } from '#core/context.ts';
import { characters } from '../characters.ts';
import type { Principal } from '../keys/principal.ts';
import type { Limiter, Reservation } from '../limits/limiter.ts';
import type { PriceTable } from '../prices/prices.ts';
import type { TokenUsage } from '../providers/provider.ts';
import type { Candidate } from '../routing/route-plan.ts';
import { estimatedUsage } from '../usage/estimate.ts';
import type { Journal } from '../usage/journal.ts';
import type { Outcome, UsageRecord } from '../usage/record.ts';
import type { Call } from './call.ts';
import type { GatewayMetrics } from './metrics.ts';
import type { Settling } from './settling.ts';
import type { Envelope } from './surfaces/envelope.ts';

/** Counts by the model's own tokenizer, off this thread. Never rejects. */
export type CountTokens = (
  model: string,
  body: Readonly<Record<string, unknown>> | null,
  completion: readonly string[],
) => Promise<{ promptTokens: number; completionTokens: number }>;

export interface MeterParts {
  ctx: Context;
  limiter: Limiter;
  journal: Journal;
  prices: PriceTable;
  metrics: GatewayMetrics;
  countTokens: CountTokens;
  /** The model's name if a route names it: clients may make up any number of others. */
  modelLabel: (model: string) => string;
  settling: Settling;
}

interface Metered {
  call: Call;
  envelope: Envelope;
  principal: Principal;
  reservation: Reservation;
  isBudgetFallback: boolean;
  /** By our own rule, until the provider says. */
  promptEstimate: number;
}

/** Text beyond it is only counted by its length. */
const MAX_KEPT_CHARACTERS = 1_000_000;

/** Who answers, or whose answer it was. */
interface Answerer {
  candidate: Candidate;
  isFallback: boolean;
}

/** What one request uses. It is settled or released exactly once, whoever comes first. */
export class Meter {
  readonly requestId: string;
  readonly #parts: MeterParts;
  readonly #metered: Metered;
  readonly #at = new Date().toISOString();
  #answerer: Answerer | undefined;
  #text: string[] = [];
  #keptCharacters = 0;
  #characters = 0;
  #usage: TokenUsage | null = null;
  #promptUsage: TokenUsage | null = null;
  #firstByteMs: number | null = null;
  #isOver = false;

  constructor(parts: MeterParts, metered: Metered) {
    this.requestId = metered.call.requestId;
    this.#parts = parts;
    this.#metered = metered;
  }

  /** Delivered so far. */
  get characters(): number {
    return this.#characters;
  }

  get isBudgetFallback(): boolean {
    return this.#metered.isBudgetFallback;
  }

  /** Before the request goes to a provider: what an earlier one produced went to nobody. */
  asks(candidate: Candidate, isFallback: boolean): void {
    this.#answerer = { candidate, isFallback };
    this.#text = [];
    this.#keptCharacters = 0;
    this.#characters = 0;
    this.#usage = null;
    this.#promptUsage = null;
    const { journal } = this.#parts;
    const promptTokens = this.#metered.promptEstimate;
    journal.start({ ...this.#who(this.#answerer), promptTokens, isFree: candidate.isFree });
  }

  produced(text: string): void {
    this.#characters += characters(text);
    this.#keptCharacters += text.length;
    if (this.#keptCharacters <= MAX_KEPT_CHARACTERS) this.#text.push(text);
  }

  /** The last one counts. */
  reported(usage: TokenUsage | null): void {
    if (usage) this.#usage = usage;
  }

  promptReported(usage: TokenUsage): void {
    this.#promptUsage = usage;
  }

  firstByte(): void {
    if (this.#firstByteMs !== null) return;
    this.#firstByteMs = this.#metered.call.elapsedMs;
    const provider = this.#answerer?.candidate.provider ?? '';
    this.#parts.metrics.firstByte.observe({ provider }, this.#firstByteMs / 1000);
  }

  /** What it costs by what is known now. */
  get costNanoUsd(): number {
    return this.#answerer && this.#usage ? this.#cost(this.#answerer, this.#usage).costNanoUsd : 0;
  }

  /**
   * The client got something, or the provider worked for it. Said to the journal when it calls back, which is at once if
   * the provider said what was used.
   */
  settle(outcome: Outcome, then: (record: UsageRecord) => void = () => undefined): void {
    const answerer = this.#answerer;
    if (this.#isOver || !answerer) return;
    this.#isOver = true;
    if (this.#usage) return then(this.#settled(answerer, outcome, this.#usage, false));
    // A crash while the tokens are being counted bills by the characters.
    this.#parts.journal.progress([[this.requestId, this.#characters]]);
    this.#follow(this.#estimate(answerer).then((usage) => then(this.#settled(answerer, outcome, usage, true))));
  }

  /** The client got nothing: it counts for nothing. */
  release(reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#answerer) this.#parts.journal.void(this.requestId);
    this.#follow(this.#parts.limiter.release(this.#metered.reservation));
    this.#parts.metrics.requests.inc({ provider: this.#answerer?.candidate.provider ?? 'none', outcome: reason });
  }

  #settled(answerer: Answerer, outcome: Outcome, usage: TokenUsage, isCounted: boolean): UsageRecord {
    const { costNanoUsd, price } = this.#cost(answerer, usage);
    const record: UsageRecord = {
      ...this.#who(answerer),
      outcome,
      promptTokens: usage.promptTokens,
      cachedTokens: usage.cachedTokens,
      cacheWriteTokens: usage.cacheWriteTokens,
      completionTokens: usage.completionTokens,
      reasoningTokens: usage.reasoningTokens,
      audioTokens: usage.audioPromptTokens + usage.audioCompletionTokens,
      costNanoUsd,
      price,
      isEstimated: isCounted || price === null,
      isCacheHit: false,
      firstByteMs: this.#firstByteMs,
      durationMs: this.#metered.call.elapsedMs,
    };
    const json = JSON.stringify(record);
    this.#parts.journal.usage(record.requestId, json);
    const tokens = usage.promptTokens + usage.completionTokens;
    this.#follow(this.#parts.limiter.settle(this.#metered.reservation, { usage: json, costNanoUsd, tokens }));
    this.#measure(record);
    this.#text = [];
    return record;
  }

  #cost({ candidate }: Answerer, usage: TokenUsage) {
    return this.#parts.prices.cost(candidate.price, candidate.isFree, usage);
  }

  /** What nobody said: only the completion if the provider counted the prompt. */
  async #estimate({ candidate }: Answerer): Promise<TokenUsage> {
    const { envelope, promptEstimate } = this.#metered;
    const byRule = { ...estimatedUsage(promptEstimate, this.#characters), ...promptOf(this.#promptUsage) };
    if (this.#keptCharacters > MAX_KEPT_CHARACTERS) return byRule;
    const body = this.#promptUsage ? null : envelope.body;
    const counted = await this.#parts.countTokens(candidate.model, body, this.#text);
    return { ...byRule, ...(body && counted), completionTokens: counted.completionTokens };
  }

  #who({ candidate, isFallback }: Answerer) {
    const { principal, envelope, isBudgetFallback } = this.#metered;
    return {
      requestId: this.requestId,
      tenantId: principal.tenantId,
      keyId: principal.keyId,
      userId: principal.userId,
      at: this.#at,
      surface: envelope.surface,
      provider: candidate.provider,
      model: envelope.model,
      upstreamModel: candidate.model,
      isStream: envelope.isStream,
      isFallback,
      isBudgetFallback,
    };
  }

  #measure(record: UsageRecord): void {
    const { metrics } = this.#parts;
    const { provider } = record;
    metrics.requests.inc({ provider, outcome: record.outcome });
    metrics.seconds.observe({ provider, model: this.#parts.modelLabel(record.model) }, record.durationMs / 1000);
    metrics.tokens.inc({ provider, kind: 'prompt' }, record.promptTokens);
    metrics.tokens.inc({ provider, kind: 'completion' }, record.completionTokens);
    metrics.costNanoUsd.inc({ provider }, record.costNanoUsd);
    if (record.isBudgetFallback) metrics.budgetFallbacks.inc();
  }

  /** The client does not wait for Redis: what it does not take now, the journal's keeper gives it later. */
  #follow(settlement: Promise<void>): void {
    const { settling, ctx } = this.#parts;
    settling.begun();
    settlement.then(
      () => settling.ended(),
      (error: unknown) => {
        ctx.log.debug({ err: error, requestId: this.requestId }, 'settled later');
        settling.ended();
      },
    );
  }
}

const promptOf = (usage: TokenUsage | null): Partial<TokenUsage> =>
  usage
    ? {
        promptTokens: usage.promptTokens,
        cachedTokens: usage.cachedTokens,
        cacheWriteTokens: usage.cacheWriteTokens,
        audioPromptTokens: usage.audioPromptTokens,
      }
    : {};
