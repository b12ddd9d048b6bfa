import type { Context } from '#core/context.ts';
import { redisNames } from '../limits/names.ts';
import type { PriceTable } from '../prices/prices.ts';
import type { Surface } from '../providers/provider.ts';
import type { ProviderSet } from '../providers/registry.ts';
import type { ModelView } from './model-view.ts';
import { llmRoutes } from './queries.ts';
import { SHIPPED_VERSION, routesInForce, shippedRoutes } from './revisions.ts';
import type { RoutePlan } from './route-plan.ts';
import { type ProviderSettings, RouteTable } from './route-table.ts';

/** Only if it is still what was read: an edit may have raised it meanwhile. */
const LOWER = `if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2]) end`;

/** The routes in force, in this process; an edit is taken over within half a second, or at once when asked to. */
export class Router {
  readonly #ctx: Context;
  readonly #providers: ProviderSet;
  readonly #prices: PriceTable;
  #table: RouteTable;
  #reloading: Promise<void> | undefined;

  private constructor(ctx: Context, providers: ProviderSet, prices: PriceTable) {
    this.#ctx = ctx;
    this.#providers = providers;
    this.#prices = prices;
    this.#table = new RouteTable(SHIPPED_VERSION, shippedRoutes(), providers, prices);
  }

  /** A database that is away does not keep a gateway from starting: `watch` takes over what it has later. */
  static async load(ctx: Context, providers: ProviderSet, prices: PriceTable): Promise<Router> {
    const router = new Router(ctx, providers, prices);
    await router
      .reload()
      .catch((error: unknown) =>
        ctx.log.warn({ err: error }, 'the shipped routes are in force until the database answers'),
      );
    return router;
  }

  /** Of the routes in force; 0 = those that are shipped. */
  get version(): number {
    return this.#table.version;
  }

  plan(tier: string, model: string, surface: Surface): RoutePlan | undefined {
    return this.#table.plan(tier, model, surface);
  }

  freePlan(model: string, surface: Surface): RoutePlan | undefined {
    return this.#table.freePlan(model, surface);
  }

  models(tier: string): readonly ModelView[] {
    return this.#table.models(tier);
  }

  defaultModel(tier: string): string | undefined {
    return this.#table.defaultModel(tier);
  }

  openProviders(tier: string): readonly string[] {
    return this.#table.openProviders(tier);
  }

  settingsOf(provider: string): ProviderSettings {
    return this.#table.settingsOf(provider);
  }

  labelOf(model: string): string {
    return this.#table.labelOf(model);
  }

  /** Another version than ours, also a lower one: a database that was restored is right. */
  async watch(): Promise<void> {
    if ((await llmRoutes(this.#ctx.db).newestVersion()) !== this.version) await this.reload();
  }

  /** However many ask, it is read once at a time. */
  reload(): Promise<void> {
    this.#reloading ??= this.#reload().finally(() => {
      this.#reloading = undefined;
    });
    return this.#reloading;
  }

  async #reload(): Promise<void> {
    const { redis, config, log } = this.#ctx;
    const key = redisNames(config.REDIS_PREFIX).configVersion;
    const announced = redis.status === 'ready' ? await redis.get(key).catch(() => null) : null;
    const { version, document, unreadable } = await routesInForce(this.#ctx);
    if (unreadable.length > 0)
      log.error({ unreadable }, 'revisions of the routes cannot be read by this release; an older one is in force');
    this.#table = new RouteTable(version, document, this.#providers, this.#prices);
    // An edit is committed before it is announced: a database that has less has been restored, and Redis must forget.
    if (announced !== null && Number(announced) > version)
      await redis
        .eval(LOWER, 1, key, announced, version)
        .catch((error: unknown) => log.warn({ err: error }, 'redis still has a version of routes that is gone'));
  }
}
