import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { Context } from '#core/context.ts';
import { newId } from '#core/ids.ts';
import { NANO_PER_USD } from '#core/money.ts';
import { ResponseCache } from '../cache/response-cache.ts';
import { Limiter } from '../limits/limiter.ts';
import { PriceTable } from '../prices/prices.ts';
import { type ProviderSet, createProviders } from '../providers/registry.ts';
import { Breakers } from '../resilience/breakers.ts';
import { CandidateBreakers } from '../resilience/candidate-breakers.ts';
import { LoadShedder } from '../resilience/load-shedder.ts';
import { RetryBudget } from '../resilience/retry-budget.ts';
import { Slots } from '../resilience/slots.ts';
import { Router } from '../routing/router.ts';
import { TokenCounter } from '../tokenizer/token-counter.ts';
import { databaseSeeds } from '../limits/seeds.ts';
import { Journal } from '../usage/journal.ts';
import { JournalKeeper, type KeeperTimes, openJournalFolder } from '../usage/journal-keeper.ts';
import type { Completion } from './completion.ts';
import { Live } from './live.ts';
import { HeldBodies } from './held-bodies.ts';
import { createGatewayMetrics } from './metrics.ts';
import { ModelList } from './models.ts';
import { Principals } from './principals.ts';
import { repeat } from './repeat.ts';
import type { ServingParts } from './parts.ts';
import { serve } from './serve.ts';
import { Settling } from './settling.ts';
import { Upstreams } from './upstreams.ts';

const WATCH_MS = 500;
const TIMES = { beatMs: 1000, sweepMs: 3000 };
/** A script that takes longer is as good as a Redis that is away. */
const REDIS_TIMEOUT_MS = 2000;
/** Of the time to stop, kept for ending what is left and settling it. */
const LAST_MOMENTS_MS = 3000;
const SETTLE_MS = 1500;

export interface GatewayOptions {
  keeperTimes?: Partial<KeeperTimes>;
  /** Between two signs of life, and between two looks for gateways that give none. */
  beatMs?: number;
  sweepMs?: number;
}

interface Background {
  redis: Redis;
  keeper: JournalKeeper;
  counter: TokenCounter;
  beatMs: number;
  sweepMs: number;
}

/** The LLM gateway: handler, background loops and orderly end of one process. */
export class Gateway {
  readonly #ctx: Context;
  readonly #parts: ServingParts;
  readonly #redis: Redis;
  readonly #counter: TokenCounter;
  readonly #stopping = new AbortController();
  readonly #loops: Promise<void>[];
  readonly #delivered = new Map<string, number>();

  private constructor(ctx: Context, parts: ServingParts, background: Background) {
    const { redis, keeper, counter, beatMs, sweepMs } = background;
    this.#ctx = ctx;
    this.#parts = parts;
    this.#redis = redis;
    this.#counter = counter;
    const loop = (name: string, everyMs: number, work: () => Promise<void>) =>
      repeat(ctx, { name, everyMs, work, signal: this.#stopping.signal });
    this.#loops = [
      loop('changes of keys', WATCH_MS, () => parts.principals.watch()),
      loop('changes of routes', WATCH_MS, () => parts.router.watch()),
      loop('reservations of the dead', sweepMs, async () => {
        await parts.limiter.sweep();
      }),
      loop('usage journal', keeper.roundMs, () => keeper.round()),
      loop('heartbeat', beatMs, () => this.#beat()),
    ];
  }

  static async start(ctx: Context, options: GatewayOptions = {}): Promise<Gateway> {
    const { config } = ctx;
    const prices = PriceTable.load(config.LLM_PRICES_FILE);
    const folder = await openJournalFolder(config.DATA_DIR);
    const gatewayId = newId('worker');
    const journal = new Journal(join(folder, gatewayId), ctx.log);
    const redis = ctx.redis.duplicate({ commandTimeout: REDIS_TIMEOUT_MS });
    redis.on('error', (error: Error) => ctx.log.debug({ err: error }, 'gateway connection to redis'));
    const limiter = createLimiter(ctx, redis, { gatewayId, deadMs: options.keeperTimes?.deadMs });
    const providers = namedProviders(ctx);
    const router = await Router.load(ctx, providers, prices);
    const upstreams = new Upstreams(providers.on, config);
    const metrics = createGatewayMetrics(ctx);
    for (const name of providers.on.keys()) metrics.providersOn.set({ provider: name }, 1);
    const principals = new Principals(ctx);
    await principals
      .watch()
      .catch((error: unknown) => ctx.log.warn({ err: error }, 'changes of keys are not known yet'));
    const breakers = new Breakers(ctx, { providers: [...providers.on.keys()] });
    breakers.start();
    const [counter, live] = [new TokenCounter(ctx.log), new Live<Completion>()];
    const parts: ServingParts = {
      ctx,
      log: ctx.log,
      limiter,
      journal,
      prices,
      principals,
      router,
      upstreams,
      models: new ModelList(router, upstreams, ctx.log),
      metrics,
      breakers: new CandidateBreakers(breakers),
      slots: new Slots(),
      retries: new RetryBudget(),
      shedder: new LoadShedder({
        live: () => live.size,
        maxLive: config.LLM_MAX_LIVE_REQUESTS,
        lateMs: config.LLM_SHED_AFTER_MS,
      }),
      bodies: new HeldBodies(),
      cache: ResponseCache.open(ctx),
      deadlineMs: config.LLM_ANSWER_TIMEOUT_MS,
      maxConcurrency: (provider) => router.settingsOf(provider).maxConcurrency,
      modelLabel: (model) => router.labelOf(model),
      countTokens: (model, body, completion) => counter.count(model, body, completion),
      settling: new Settling(),
      live,
      isStopping: false,
    };
    const times = options.keeperTimes ?? {};
    const keeper = new JournalKeeper(ctx, { folder, journal, prices, limiter, times });
    return new Gateway(ctx, parts, { redis, keeper, counter, ...TIMES, ...options });
  }

  handler = (request: IncomingMessage, response: ServerResponse): void => serve(this.#parts, request, response);

  /** Why this gateway should get no requests, or undefined. */
  problem(): string | undefined {
    return this.#parts.journal.problem();
  }

  /** Refuses what is new, lets what is under way end, and ends the rest in time: settled, and told to the client. */
  async stop(): Promise<void> {
    const { live, settling, journal, upstreams, shedder, breakers, cache } = this.#parts;
    this.#parts.isStopping = true;
    const deadline = Date.now() + Math.max(0, this.#ctx.config.SHUTDOWN_TIMEOUT_MS - LAST_MOMENTS_MS);
    while (live.size > 0 && Date.now() < deadline) await sleep(20);
    for (const completion of live) completion.stop();
    await Promise.race([settling.none(), sleep(SETTLE_MS)]);
    this.#stopping.abort();
    await Promise.all(this.#loops);
    journal.close();
    shedder.stop();
    cache?.stop();
    await Promise.all([upstreams.close(), breakers.stop(), this.#counter.stop()]);
    this.#redis.disconnect();
  }

  /** Says that we live, to whoever sees our journal and to Redis: trouble with the one is none with the other. */
  async #beat(): Promise<void> {
    try {
      this.#parts.journal.beat();
      this.#noteProgress();
    } finally {
      await this.#parts.limiter.beat();
    }
  }

  /** How far the streams under way are, should we not live to settle them. */
  #noteProgress(): void {
    const { journal, live, metrics } = this.#parts;
    metrics.live.set(live.size);
    const progress: [string, number][] = [];
    const before = new Map(this.#delivered);
    this.#delivered.clear();
    for (const { meter } of live) {
      this.#delivered.set(meter.requestId, meter.characters);
      if (meter.characters > (before.get(meter.requestId) ?? 0)) progress.push([meter.requestId, meter.characters]);
    }
    if (progress.length > 0) journal.progress(progress);
  }
}

function createLimiter(ctx: Context, redis: Redis, own: { gatewayId: string; deadMs: number | undefined }): Limiter {
  const { config } = ctx;
  return new Limiter(redis, {
    prefix: config.REDIS_PREFIX,
    gatewayId: own.gatewayId,
    zone: config.LLM_TIME_ZONE,
    dailyBudgetNanoUsd: Math.round(config.LLM_DAILY_BUDGET_USD * NANO_PER_USD),
    seeds: databaseSeeds(ctx),
    ...(own.deadMs !== undefined && { deadMs: own.deadMs }),
  });
}

/** Says which are on, and what the others lack. */
function namedProviders({ config, log }: Context): ProviderSet {
  const providers = createProviders(config);
  const off = providers.off.map(({ reason, name }) => `${name}: ${reason}`);
  log.info({ on: [...providers.on.keys()], off }, 'providers');
  if (providers.on.size === 0) log.warn('no LLM provider is configured: every completion is refused');
  return providers;
}
