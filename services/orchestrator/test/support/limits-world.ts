import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import type { Principal } from '#modules/llm/keys/principal.ts';
import { Limiter, type LimiterOptions, type Reservation, type ReserveRequest } from '#modules/llm/limits/limiter.ts';
import { type Limits, NO_QUOTA, type Quota } from '#modules/llm/limits/limits.ts';
import type { ScriptedRedis } from '#modules/llm/limits/scripted-redis.ts';
import { TURN } from '#modules/llm/limits/turn-script.ts';
import type { Outcome } from '#modules/llm/usage/record.ts';

type CleanUp = (run: () => Promise<void>) => void;

export interface LimitsWorld {
  prefix: string;
  redis: Redis;
  /** A gateway's limiter on a connection of its own. */
  limiter(options?: Partial<LimiterOptions>): Limiter;
  /** Its calls reach Redis, but no answer arrives; until the function that this answers is called. */
  loseAnswersOf(limiter: Limiter): () => void;
  /** Redis is away for it, until the function that this answers is called. */
  cut(limiter: Limiter): () => Promise<void>;
  /** From now on the scripts believe that it is this moment; without it they use the server's clock. */
  setClock(at: string | number): Promise<void>;
  /** Every counter and log by its name without the prefix, sorted: what it counts. Marks of the past are left out. */
  counted(): Promise<Record<string, number>>;
  usage(): Promise<string[]>;
}

/** Real Redis, and as many limiters as wanted; what the database knows is nothing, unless a test says so. */
export function startLimitsWorld(cleanUp: CleanUp, url = process.env['TEST_REDIS_URL']): LimitsWorld {
  if (!url) throw new Error('Set TEST_REDIS_URL, or run the tests by scripts/test.sh');
  const prefix = `t-${randomBytes(6).toString('hex')}`;
  const redis = new Redis(url);
  const connections = [redis];
  const names = async (pattern = '*') => {
    const found: string[] = [];
    for await (const keys of redis.scanStream({ match: `${prefix}:${pattern}`, count: 1000 }) as AsyncIterable<
      string[]
    >)
      found.push(...keys);
    return [...new Set(found)].sort();
  };
  cleanUp(async () => {
    const keys = await names();
    if (keys.length > 0) await redis.del(...keys);
    for (const connection of connections) connection.disconnect();
  });
  const clock = `${prefix}:clock`;
  let isClockSet = false;
  const withClock = (connection: Redis) =>
    connection.defineCommand('llmTurn', { lua: TURN.replace("call('TIME')", `cjson.decode(call('GET', '${clock}'))`) });
  const connectionOf = new Map<Limiter, ScriptedRedis>();
  let gateways = 0;
  return {
    prefix,
    redis,
    limiter: (options = {}) => {
      const connection = new Redis(url, { maxRetriesPerRequest: 0, enableOfflineQueue: true });
      connection.on('error', () => undefined);
      connections.push(connection);
      gateways += 1;
      const limiter = new Limiter(connection, {
        prefix,
        gatewayId: `wrk_${gateways}`,
        zone: 'UTC',
        dailyBudgetNanoUsd: 1e15,
        seeds: NOTHING_STORED,
        ...options,
      });
      if (isClockSet) withClock(connection);
      connectionOf.set(limiter, connection as ScriptedRedis);
      return limiter;
    },
    loseAnswersOf: (limiter) => {
      const connection = connectionOf.get(limiter);
      if (!connection) throw new Error('That limiter is not of this world');
      const llmTurn = connection.llmTurn.bind(connection);
      connection.llmTurn = async (...args) => {
        await llmTurn(...args);
        throw new Error('Connection is closed.');
      };
      return () => Object.assign(connection, { llmTurn });
    },
    cut: (limiter) => {
      const connection = connectionOf.get(limiter);
      connection?.disconnect();
      return async () => connection?.connect();
    },
    setClock: async (at) => {
      const ms = typeof at === 'number' ? at : Date.parse(at);
      await redis.set(clock, JSON.stringify([String(Math.floor(ms / 1000)), String((ms % 1000) * 1000)]));
      isClockSet = true;
      for (const connection of connections) withClock(connection);
    },
    counted: async () => {
      const counted: Record<string, number> = {};
      for (const key of await names('llm:*')) {
        const name = key.slice(prefix.length + 5);
        if (/^(epoch|zone|version|gateways|late|usage|ticket|config)/.test(name)) continue;
        const type = await redis.type(key);
        const count =
          type === 'zset'
            ? await redis.zcard(key)
            : type === 'hash'
              ? await redis.hlen(key)
              : Number(await redis.get(key));
        if (count !== 0) counted[name] = count;
      }
      return counted;
    },
    usage: async () => (await redis.xrange(`${prefix}:llm:usage`, '-', '+')).map(([, fields]) => fields[1] ?? ''),
  };
}

export const NOTHING_STORED = { messages: () => Promise.resolve(0), costNanoUsd: () => Promise.resolve(0) };

let principals = 0;
export type SomeLimits = { tenant?: Partial<Quota>; key?: Partial<Quota>; ownBudget?: Limits['ownBudget'] };

/** Somebody new; of the same tenant when `of` is given. */
export function principalWith({ tenant, key, ownBudget = null }: SomeLimits = {}, of?: Principal): Principal {
  principals += 1;
  return {
    keyId: `llmk_${principals}`,
    tenantId: of?.tenantId ?? `ten_${principals}`,
    userId: null,
    version: 0,
    scopes: ['chat'],
    models: null,
    expiresAtMs: null,
    usesCache: false,
    limits: { tier: 'pro', tenant: { ...NO_QUOTA, ...tenant }, ownBudget, key: { ...NO_QUOTA, ...key } },
  };
}

let requests = 0;
export function requestOf(principal: Principal, request: Partial<ReserveRequest> = {}): ReserveRequest {
  requests += 1;
  const requestId = `req_${requests}`;
  return { requestId, principal, configVersion: 0, counter: null, costNanoUsd: 0, tokens: 0, ...request };
}

/** Reserves what must be granted. */
export async function granted(
  limiter: Limiter,
  principal: Principal,
  request: Partial<ReserveRequest> = {},
): Promise<Reservation> {
  const decision = await limiter.reserve(requestOf(principal, request));
  if (decision.kind !== 'granted') throw new Error(`It was not granted: ${JSON.stringify(decision)}`);
  return decision.reservation;
}

/** As much of a record as the limits look at. */
export function usageOf(
  { requestId, scope, minute }: Reservation,
  costNanoUsd = 0,
  outcome: Outcome = 'completed',
): string {
  const { tenantId, keyId } = scope;
  return JSON.stringify({
    requestId,
    tenantId,
    keyId,
    at: new Date(minute * 60_000).toISOString(),
    outcome,
    costNanoUsd,
  });
}
