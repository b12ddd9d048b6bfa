import type { Context } from '#core/context.ts';
import { characters } from '../characters.ts';
import type { Principal } from '../keys/principal.ts';
import type { Limiter, Reservation } from '../limits/limiter.ts';
import type { PriceTable } from '../prices/prices.ts';
import type { TokenUsage } from '../providers/provider.ts';
import type { Candidate } from '../routing/route-plan.ts';
import { estimatedUsage } from '../usage/estimate.ts';
import type { Journal } from '../usage/journal.ts';
import type { OwnSegment } from '../usage/own-segment.ts';
import type { Outcome, StartedRequest, UsageRecord } from '../usage/record.ts';
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

interface Ended {
  outcome: Outcome;
  usage: TokenUsage;
  costNanoUsd: number;
  price: string | null;
  isEstimated?: boolean;
}

/** What is the same when a request is asked and when it is settled. */
type Who = Pick<StartedRequest, keyof StartedRequest & keyof Omit<UsageRecord, 'promptTokens'>>;

/** What one request uses. It is settled or released exactly once, whoever comes first. */
export class Meter {
  readonly requestId: string;
  readonly #parts: MeterParts;
  readonly #metered: Metered;
  readonly #at = now();
  #answerer: Answerer | undefined;
  #text: string[] = [];
  #keptCharacters = 0;
  #characters = 0;
  #usage: TokenUsage | null = null;
  #promptUsage: TokenUsage | null = null;
  #firstByteMs: number | null = null;
  /** JSON of what does not change until the end. */
  #who = '';
  /** Where the journal says that it has begun. */
  #began: OwnSegment | undefined;
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
    this.#who = JSON.stringify(this.#whoAnswers(this.#answerer));
    const rest = { promptTokens: this.#metered.promptEstimate, isFree: candidate.isFree };
    const json = joined(this.#who, rest satisfies Omit<StartedRequest, keyof Who>);
    this.#began = this.#parts.journal.start(json, this.#began);
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
    this.#parts.metrics.of(provider).firstByte.observe(this.#firstByteMs / 1000);
  }

  /** What it costs by what is known now. */
  get costNanoUsd(): number {
    return this.#answerer && this.#usage ? this.#cost(this.#answerer, this.#usage).costNanoUsd : 0;
  }

  /**
   * The client got something, or the provider worked for it. Said to the journal when it calls back, which is at once if
   * the provider said what was used.
   */
  settle(outcome: Outcome, then: (costNanoUsd: number) => void = () => undefined): void {
    const answerer = this.#answerer;
    if (this.#isOver || !answerer) return;
    this.#isOver = true;
    if (this.#usage) return then(this.#settled(answerer, outcome, this.#usage, false));
    // A crash while the tokens are being counted bills by the characters.
    this.#parts.journal.progress([[this.requestId, this.#characters]]);
    this.#follow(this.#estimate(answerer).then((usage) => then(this.#settled(answerer, outcome, usage, true))));
  }

  /** Nobody was asked: what it would have used is counted, what it costs is nothing. */
  settleFromCache(upstreamModel: string, usage: TokenUsage): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const candidate: Candidate = { provider: 'cache', model: upstreamModel, isFree: true, price: null };
    const answerer = { candidate, isFallback: false };
    this.#who = JSON.stringify(this.#whoAnswers(answerer));
    this.firstByte();
    this.#record(answerer, { outcome: 'completed', usage, costNanoUsd: 0, price: 'cache' });
  }

  /** What the provider itself said, if it did. */
  get reportedUsage(): TokenUsage | null {
    return this.#usage;
  }

  /** The client got nothing: it counts for nothing, or only as a request when a provider rejected what was asked. */
  release(reason: string, isRejected = false): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#answerer) this.#parts.journal.void(this.requestId, this.#began);
    this.#follow(this.#parts.limiter.release(this.#metered.reservation, { isRejected }));
    this.#parts.metrics.of(this.#answerer?.candidate.provider ?? 'none').ended(reason);
  }

  #settled(answerer: Answerer, outcome: Outcome, usage: TokenUsage, isCounted: boolean): number {
    const { costNanoUsd, price, isDisputed = false } = this.#cost(answerer, usage);
    if (isDisputed) this.#dispute(answerer, usage, costNanoUsd);
    const isEstimated = isCounted || isDisputed || price === null;
    this.#record(answerer, { outcome, usage, costNanoUsd, price, isEstimated });
    return costNanoUsd;
  }

  #dispute({ candidate: { provider, model } }: Answerer, usage: TokenUsage, costNanoUsd: number): void {
    const { ctx, metrics } = this.#parts;
    metrics.disputedCosts.inc({ provider });
    const names = { requestId: this.requestId, tenantId: this.#metered.principal.tenantId, provider, model };
    ctx.log.warn(
      { ...names, said: String(usage.costNanoUsd), billed: costNanoUsd },
      'a cost cannot be what a provider says',
    );
  }

  #record(answerer: Answerer, { outcome, usage, costNanoUsd, price, isEstimated = false }: Ended): void {
    const used: Omit<UsageRecord, keyof Who> = {
      outcome,
      promptTokens: usage.promptTokens,
      cachedTokens: usage.cachedTokens,
      cacheWriteTokens: usage.cacheWriteTokens,
      completionTokens: usage.completionTokens,
      reasoningTokens: usage.reasoningTokens,
      audioTokens: usage.audioPromptTokens + usage.audioCompletionTokens,
      costNanoUsd,
      price,
      isEstimated,
      isCacheHit: answerer.candidate.provider === 'cache',
      firstByteMs: this.#firstByteMs,
      durationMs: this.#metered.call.elapsedMs,
    };
    const json = joined(this.#who, used);
    this.#parts.journal.usage(this.requestId, json, this.#began);
    const tokens = usage.promptTokens + usage.completionTokens;
    this.#follow(this.#parts.limiter.settle(this.#metered.reservation, { usage: json, costNanoUsd, tokens }));
    this.#measure(answerer, used);
    this.#text = [];
  }

  #cost({ candidate }: Answerer, usage: TokenUsage) {
    return this.#parts.prices.cost(candidate.price, candidate.isFree, usage);
  }

  /** What nobody said: only the completion if the provider counted the prompt. */
  async #estimate({ candidate }: Answerer): Promise<TokenUsage> {
    const { envelope, promptEstimate } = this.#metered;
    const byRule = { ...estimatedUsage(promptEstimate, this.#characters), ...promptOf(this.#promptUsage) };
    if (this.#keptCharacters > MAX_KEPT_CHARACTERS) return byRule;
    const body = this.#promptUsage ? null : envelope.body.read();
    const counted = await this.#parts.countTokens(candidate.model, body, this.#text).catch(() => undefined);
    if (!counted) return byRule;
    return { ...byRule, ...(body && counted), completionTokens: counted.completionTokens };
  }

  #whoAnswers({ candidate, isFallback }: Answerer): Who {
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

  #measure({ candidate: { provider } }: Answerer, used: Omit<UsageRecord, keyof Who>): void {
    const { metrics, modelLabel } = this.#parts;
    const tallies = metrics.of(provider);
    tallies.ended(used.outcome);
    tallies.took(modelLabel(this.#metered.envelope.model), used.durationMs / 1000);
    tallies.promptTokens.value += used.promptTokens;
    tallies.completionTokens.value += used.completionTokens;
    tallies.costNanoUsd.value += used.costNanoUsd;
    if (this.isBudgetFallback) metrics.budgetFallbacks.inc();
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

/** Two JSON objects, of which the first is text already, as one. */
const joined = (json: string, rest: object): string => `${json.slice(0, -1)},${JSON.stringify(rest).slice(1)}`;

let nowMs = 0;
let nowText = '';

/** Many requests begin in the same millisecond, and a date takes its time to be written. */
function now(): string {
  const ms = Date.now();
  if (ms !== nowMs) {
    nowMs = ms;
    nowText = new Date(ms).toISOString();
  }
  return nowText;
}
