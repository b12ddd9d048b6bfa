import type { Redis } from 'ioredis';
import type { Principal } from '../keys/principal.ts';
import type { RedisNames } from './names.ts';
import { RESERVE, SETTLE } from './scripts.ts';

const UNLIMITED = -1;
const NOT_ASKED = -1;
const ONE_MESSAGE = 1;
const DAY_S = 86_400;
/** Days are the operator's; until that is a setting they are UTC's. */
const OFFSET_S = 0;

interface ScriptedRedis extends Redis {
  llmReserve(keyCount: number, ...args: (string | number)[]): Promise<[string, string, ...number[]]>;
  llmSettle(keyCount: number, ...args: (string | number)[]): Promise<null>;
}

/** How much of a limit is left after this request, for the answer's headers. */
export interface Allowance {
  limit: number;
  remaining: number;
  resetMs: number;
}

export interface Reservation {
  requestId: string;
  tenantId: string;
  /** Both say against which counters it was made. */
  epoch: string;
  day: number;
}

export type Decision =
  | { kind: 'granted'; reservation: Reservation; allowance: Allowance | null }
  | { kind: 'refused'; by: 'day' | 'minute'; allowance: Allowance; retryAfterMs: number }
  /** The principal is out of date: read it again and ask again. */
  | { kind: 'stale' };

/** What the database counted on a day, for a Redis that may have forgotten. */
type CountMessages = (tenantId: string, dayBegan: Date) => Promise<number>;

export class Limiter {
  readonly #redis: ScriptedRedis;
  readonly #names: RedisNames;
  readonly #countMessages: CountMessages;

  constructor(redis: Redis, names: RedisNames, countMessages: CountMessages) {
    redis.defineCommand('llmReserve', { lua: RESERVE });
    redis.defineCommand('llmSettle', { lua: SETTLE });
    this.#redis = redis as ScriptedRedis;
    this.#names = names;
    this.#countMessages = countMessages;
  }

  /** Rejects when Redis does not answer: nothing may be served then, for nothing could be counted. */
  async reserve(requestId: string, principal: Principal): Promise<Decision> {
    const first = await this.#ask(requestId, principal, NOT_ASKED);
    if (first.outcome !== 'unknown') return decide(requestId, principal, first);
    const dayBegan = new Date((first.day * DAY_S - OFFSET_S) * 1000);
    const counted = await this.#countMessages(principal.tenantId, dayBegan);
    return decide(requestId, principal, await this.#ask(requestId, principal, counted));
  }

  /** The request was served: what was reserved stays used. `usage` goes to the stream. */
  async settle(reservation: Reservation, usage: string): Promise<void> {
    await this.#settle(reservation, usage, 0, '0');
  }

  /** The request was not served: it counts for nothing. */
  async release(reservation: Reservation): Promise<void> {
    await this.#settle(reservation, '', -ONE_MESSAGE, '1');
  }

  /** Usage that the stream may have lost. */
  async addUsage(usages: readonly string[]): Promise<void> {
    const pipeline = this.#redis.pipeline();
    for (const usage of usages) pipeline.xadd(this.#names.usage, '*', 'usage', usage);
    for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
  }

  /** By the clock of Redis; null = nothing waits. */
  async oldestUsageMs(): Promise<number | null> {
    const [entry] = await this.#redis.xrange(this.#names.usage, '-', '+', 'COUNT', 1);
    return entry ? Number(entry[0].split('-')[0]) : null;
  }

  async #settle({ requestId, tenantId, epoch, day }: Reservation, usage: string, messages: number, givesBack: string) {
    const names = this.#names;
    const keys = [names.epoch, names.minute(tenantId), names.usage, names.messages(tenantId)];
    await this.#redis.llmSettle(keys.length, ...keys, requestId, epoch, day, usage, givesBack, messages);
  }

  async #ask(requestId: string, { tenantId, version, limits }: Principal, counted: number): Promise<Answer> {
    const names = this.#names;
    const [outcome, epoch, day = 0, nowMs = 0, inMinute = 0, roomMs = 0, , messages = 0] = await this.#redis.llmReserve(
      4,
      names.epoch,
      names.version(tenantId),
      names.minute(tenantId),
      names.messages(tenantId),
      requestId,
      version,
      limits.requestsPerMinute ?? UNLIMITED,
      OFFSET_S,
      limits.messagesPerDay ?? UNLIMITED,
      ONE_MESSAGE,
      counted,
    );
    return { outcome, epoch, day, nowMs, inMinute, roomMs, messages };
  }
}

interface Answer {
  outcome: string;
  epoch: string;
  day: number;
  nowMs: number;
  inMinute: number;
  roomMs: number;
  messages: number;
}

function decide(requestId: string, { tenantId, limits }: Principal, answer: Answer): Decision {
  const { outcome, epoch, day, nowMs, inMinute, roomMs, messages } = answer;
  if (outcome === 'stale') return { kind: 'stale' };
  const daily = allowance(limits.messagesPerDay, messages, ((day + 1) * DAY_S - OFFSET_S) * 1000 - nowMs);
  const minutely = allowance(limits.requestsPerMinute, inMinute, Math.max(0, roomMs));
  if (outcome === 'granted')
    return { kind: 'granted', reservation: { requestId, tenantId, epoch, day }, allowance: tightest(daily, minutely) };
  if (outcome === 'counter' && daily)
    return { kind: 'refused', by: 'day', allowance: daily, retryAfterMs: daily.resetMs };
  if (outcome === 'minute' && minutely)
    return { kind: 'refused', by: 'minute', allowance: minutely, retryAfterMs: minutely.resetMs };
  throw new Error(`The reservation script answered ${outcome}`);
}

function allowance(limit: number | null, used: number, resetMs: number): Allowance | null {
  return limit === null ? null : { limit, remaining: Math.max(0, limit - used), resetMs };
}

function tightest(a: Allowance | null, b: Allowance | null): Allowance | null {
  if (!a || !b) return a ?? b;
  return a.remaining <= b.remaining ? a : b;
}
