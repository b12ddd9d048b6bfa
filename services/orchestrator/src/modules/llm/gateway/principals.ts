import { hash } from 'node:crypto';
import type { Context } from '#core/context.ts';
import { redisNames } from '../limits/names.ts';
import { raiseVersion } from '../limits/version.ts';
import { Principal } from '../keys/principal.ts';
import { recentChanges } from '../keys/changes.ts';
import { findPrincipal } from '../keys/find-principal.ts';

const MAX_KNOWN = 20_000;
const MAX_UNKNOWN = 20_000;
/** A key that is not there today may be made by nobody tomorrow (it is random), but a typo is not worth much memory. */
const UNKNOWN_MS = 30_000;
const IN_REDIS_S = 600;
const MAX_LOOKUPS = 64;
/** A well-made key; anything else is not worth a lookup. */
const KEY = /^sk-bst-[A-Za-z0-9_-]{43}$/;

export class TooManyLookups extends Error {
  override readonly name = 'TooManyLookups';
}

/**
 * Whom a key speaks for: from this process's memory, else from Redis, else from the database. What is remembered holds
 * until the tenant's version rises: the reserving call compares it at every request (limits/scripts.ts), and `watch`
 * looks in the database twice a second for what Redis may not have heard of.
 */
export class Principals {
  readonly #ctx: Context;
  readonly #redisName: (keyHash: string) => string;
  readonly #known = new Map<string, Principal>();
  readonly #unknown = new Map<string, number>();
  readonly #lookups = new Map<string, Promise<Principal | null>>();
  /** Lowest version that is still good, of tenants that changed lately. */
  #versions = new Map<string, number>();
  /** Of these, what Redis has not been told by us. */
  readonly #untold = new Map<string, number>();

  constructor(ctx: Context) {
    this.#ctx = ctx;
    this.#redisName = redisNames(ctx.config.REDIS_PREFIX).principal;
  }

  /** Not a promise when the answer is in memory, which is nearly always. Null = no such key. */
  of(key: string): Principal | null | Promise<Principal | null> {
    if (!KEY.test(key)) return null;
    const keyHash = hash('sha256', key, 'hex');
    const known = this.#known.get(keyHash);
    if (known && this.#isCurrent(known)) {
      // Who was used last matters when somebody may have to go.
      if (this.#known.size > MAX_KNOWN / 2) touch(this.#known, keyHash, known);
      return known;
    }
    const unknownUntil = this.#unknown.get(keyHash);
    if (unknownUntil !== undefined && unknownUntil > Date.now()) return null;
    return this.#lookUp(keyHash, { trustsRedis: true });
  }

  /** After the reserving call said that what we know is out of date. */
  again(key: string): Promise<Principal | null> {
    const keyHash = hash('sha256', key, 'hex');
    this.#known.delete(keyHash);
    return this.#lookUp(keyHash, { trustsRedis: false });
  }

  /** Takes over changes that were committed lately; run it every half second. */
  async watch(): Promise<void> {
    const changes = await recentChanges(this.#ctx);
    for (const { tenantId, version } of changes)
      if (version > (this.#versions.get(tenantId) ?? 0)) this.#untold.set(tenantId, version);
    this.#versions = new Map(changes.map(({ tenantId, version }) => [tenantId, version]));
    for (const [keyHash, principal] of this.#known) if (!this.#isCurrent(principal)) this.#known.delete(keyHash);
    for (const [tenantId, version] of this.#untold) {
      await raiseVersion(this.#ctx, tenantId, version);
      this.#untold.delete(tenantId);
    }
  }

  #isCurrent(principal: Principal): boolean {
    return principal.version >= (this.#versions.get(principal.tenantId) ?? 0);
  }

  /** Everybody who asks for the same key meanwhile waits for the same answer. */
  #lookUp(keyHash: string, { trustsRedis }: { trustsRedis: boolean }): Promise<Principal | null> {
    const name = `${keyHash}/${trustsRedis}`;
    const underWay = this.#lookups.get(name);
    if (underWay) return underWay;
    if (this.#lookups.size >= MAX_LOOKUPS) return Promise.reject(new TooManyLookups());
    const lookup = this.#find(keyHash, trustsRedis).finally(() => this.#lookups.delete(name));
    this.#lookups.set(name, lookup);
    return lookup;
  }

  async #find(keyHash: string, trustsRedis: boolean): Promise<Principal | null> {
    const kept = trustsRedis ? await this.#fromRedis(keyHash) : undefined;
    const principal = kept ?? (await findPrincipal(this.#ctx, keyHash)) ?? null;
    if (!principal) {
      this.#unknown.set(keyHash, Date.now() + UNKNOWN_MS);
      dropOldest(this.#unknown, MAX_UNKNOWN);
      await this.#ctx.redis.del(this.#redisName(keyHash)).catch(() => undefined);
      return null;
    }
    touch(this.#known, keyHash, principal);
    dropOldest(this.#known, MAX_KNOWN);
    if (!kept) await this.#toRedis(keyHash, principal);
    return principal;
  }

  async #fromRedis(keyHash: string): Promise<Principal | undefined> {
    try {
      const json = await this.#ctx.redis.get(this.#redisName(keyHash));
      const principal = json === null ? undefined : Principal.safeParse(JSON.parse(json)).data;
      return principal && this.#isCurrent(principal) ? principal : undefined;
    } catch (error) {
      this.#ctx.log.debug({ err: error }, 'a key could not be looked up in redis');
      return undefined;
    }
  }

  async #toRedis(keyHash: string, principal: Principal): Promise<void> {
    const json = JSON.stringify(principal);
    await this.#ctx.redis.set(this.#redisName(keyHash), json, 'EX', IN_REDIS_S).catch(() => undefined);
  }
}

/** A Map keeps the order of insertion: what was used last is moved to its end, what is dropped is at its start. */
function touch<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
}

function dropOldest(map: Map<string, unknown>, max: number): void {
  for (const key of map.keys()) {
    if (map.size <= max) return;
    map.delete(key);
  }
}
