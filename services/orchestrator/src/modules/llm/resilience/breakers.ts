import type { Context } from '#core/context.ts';
import { Breaker, type BreakerState, type Clock, type Failure } from './breaker.ts';
import { createBreakerMetrics } from './metrics.ts';
import { breakerNames } from './names.ts';
import { type Change, SharedStates } from './shared-states.ts';

/** A probe that says nothing for so long is given up: its gateway died, or the provider is no better than before. */
const PROBE_MS = 15_000;
/** While another process holds the probe, it is not asked again for so long. */
const ASK_AGAIN_MS = 250;
/** Between a provider and its model, in the name of a breaker that is only about the model. */
export const MODEL_MARK = '/';
/** Clients may make up names of models: of those that are well again the first goes. */
const MAX_MODELS = 500;

interface Guarded {
  breaker: Breaker;
  /** Until then no probe is asked for: we hold it, somebody else does, or the question is under way. */
  waitUntilMs: number;
  holdsProbe: boolean;
}

export interface BreakersOptions {
  /** Known from the start, so that their state is among the metrics. */
  providers: readonly string[];
  clock?: Partial<Clock>;
  probeMs?: number;
}

/**
 * A circuit breaker per provider, and per model of one that is limited (candidate-breakers.ts). Each process counts what it sees; that a breaker opens or closes holds for all
 * processes, as far as Redis reaches. Without Redis each goes by what it has seen itself. Nothing here throws or rejects.
 *
 * `startedMs` is the `performance.now()` at which an attempt began: what began before a breaker's last change does not
 * count, or the last failures of an outage would open it again and again.
 */
export class Breakers {
  readonly #ctx: Pick<Context, 'config' | 'log' | 'redis' | 'metrics'>;
  readonly #clock: Clock;
  readonly #probeMs: number;
  readonly #guarded = new Map<string, Guarded>();
  /** Of models of providers; empty until one is limited. */
  readonly #models = new Map<string, Guarded>();
  readonly #shared: SharedStates;
  readonly #metrics: ReturnType<typeof createBreakerMetrics>;

  constructor(
    ctx: Pick<Context, 'config' | 'log' | 'redis' | 'metrics'>,
    { providers, clock, probeMs }: BreakersOptions,
  ) {
    this.#ctx = ctx;
    this.#probeMs = probeMs ?? PROBE_MS;
    this.#clock = { now: () => performance.now(), random: () => Math.random(), ...clock };
    const names = breakerNames(ctx.config.REDIS_PREFIX);
    this.#shared = new SharedStates(ctx.redis, names, ctx.log, (provider, change) => this.#apply(provider, change));
    this.#metrics = createBreakerMetrics(ctx, () => this.states());
    for (const provider of providers) this.#of(provider);
  }

  start(): void {
    this.#shared.start();
  }

  stop(): Promise<void> {
    this.#shared.stop();
    return Promise.resolve();
  }

  /**
   * Whether the provider may be asked now; a promise only when the cluster's probe must be taken first. Who was told
   * yes says how it went: `succeeded`, `failed` or `abandoned`.
   */
  mayTry(provider: string): boolean | Promise<boolean> {
    const guarded = this.#of(provider);
    const { state } = guarded.breaker;
    if (state !== 'half_open') return state === 'closed';
    if (this.#clock.now() < guarded.waitUntilMs) return false;
    return this.#takeProbe(provider, guarded);
  }

  /** As soon as the provider answers as it should: an answer's status, or a stream's first part. */
  succeeded(provider: string, startedMs: number): void {
    if (!this.#of(provider).breaker.succeeded(startedMs)) return;
    this.#decide(provider, { state: 'closed' });
    this.#ctx.log.info({ provider }, 'the provider is well again: its breaker is closed');
  }

  failed(provider: string, startedMs: number, failure: Failure): void {
    const { breaker } = this.#of(provider);
    if (failure.kind === 'refused') this.#metrics.refused.inc({ provider });
    const opening = breaker.failed(startedMs, failure);
    if (!opening || opening.forMs <= breaker.openForMs) return;
    this.#decide(provider, { state: 'open', ...opening });
    const names = { provider, reason: failure.kind, openMs: opening.forMs };
    if (failure.kind === 'refused')
      this.#ctx.log.error(names, 'the provider refuses our key or account: look at its key, its credit and its rights');
    else this.#ctx.log.warn(names, 'the provider fails: its breaker is open');
  }

  /** It says nothing about the provider: the client left, or asked for what cannot be had. The probe goes to the next. */
  abandoned(provider: string, startedMs: number): void {
    const guarded = this.#of(provider);
    if (!guarded.holdsProbe || !guarded.breaker.isCurrent(startedMs)) return;
    this.#rest(guarded);
    this.#shared.giveProbeBack(provider);
  }

  /** Whether there are breakers of models. */
  get hasModels(): boolean {
    return this.#models.size > 0;
  }

  has(name: string): boolean {
    return this.#models.has(name) || this.#guarded.has(name);
  }

  isOpen(provider: string): boolean {
    return this.#of(provider).breaker.state === 'open';
  }

  /** When an open breaker will let somebody try; 0 when it is not open. */
  retryAfterMs(provider: string): number {
    return this.#of(provider).breaker.openForMs;
  }

  states(): ReadonlyMap<string, BreakerState> {
    return new Map([...this.#guarded].map(([provider, { breaker }]) => [provider, breaker.state]));
  }

  async #takeProbe(provider: string, guarded: Guarded): Promise<boolean> {
    guarded.waitUntilMs = this.#clock.now() + this.#probeMs;
    // Without Redis each process sends a probe of its own.
    const verdict = await this.#shared.takeProbe(provider, this.#probeMs).catch(() => 'granted' as const);
    if (verdict === 'granted') {
      guarded.holdsProbe = guarded.breaker.state === 'half_open';
      if (guarded.holdsProbe) this.#metrics.transitions.inc({ provider: providerOf(provider), to: 'half_open' });
      return guarded.breaker.state !== 'open';
    }
    guarded.waitUntilMs = this.#clock.now() + ASK_AGAIN_MS;
    return false;
  }

  #decide(provider: string, change: Change): void {
    this.#apply(provider, change);
    this.#shared.tell(provider, change);
  }

  #apply(provider: string, change: Change): void {
    const guarded = this.#of(provider);
    const before = guarded.breaker.state;
    if (change.state === 'open') guarded.breaker.open(change);
    else guarded.breaker.close();
    this.#rest(guarded);
    const { state: to } = guarded.breaker;
    if (to !== before) this.#metrics.transitions.inc({ provider: providerOf(provider), to });
  }

  #rest(guarded: Guarded): void {
    guarded.holdsProbe = false;
    guarded.waitUntilMs = 0;
  }

  #of(provider: string): Guarded {
    let guarded = this.#guarded.get(provider) ?? this.#models.get(provider);
    if (!guarded) {
      guarded = { breaker: new Breaker(this.#clock), waitUntilMs: 0, holdsProbe: false };
      if (provider.includes(MODEL_MARK)) this.#addModel(provider, guarded);
      else this.#guarded.set(provider, guarded);
    }
    return guarded;
  }

  #addModel(name: string, guarded: Guarded): void {
    if (this.#models.size >= MAX_MODELS)
      for (const [other, { breaker }] of this.#models)
        if (breaker.state !== 'open') {
          this.#models.delete(other);
          break;
        }
    this.#models.set(name, guarded);
  }
}

const providerOf = (name: string): string => name.split(MODEL_MARK, 1)[0] ?? name;
