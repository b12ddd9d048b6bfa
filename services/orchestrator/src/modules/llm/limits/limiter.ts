import type { Redis } from 'ioredis';
import type { z } from 'zod';
import type { Principal } from '../keys/principal.ts';
import { UsageRecord } from '../usage/record.ts';
import { Live, type Placed } from '../gateway/live.ts';
import { countersOf } from './counters.ts';
import { type Decision, decide } from './decision.ts';
import { type RedisNames, redisNames } from './names.ts';
import { type Periods, periodsAt } from './periods.ts';
import { type Plan, keptS, planOf } from './plan.ts';
import { type ScriptedRedis, scripted } from './scripted-redis.ts';
import type { Seeds } from './seeds.ts';
import { EVERYBODY, type Stake, type Used, correctionOf } from './stake.ts';
import { Sweeper } from './sweeper.ts';
import { type Answer, type Asked, type TurnOptions, Turns } from './turns.ts';

export type { Allowance, Allowances, Decision } from './decision.ts';

/** A day that ends, counters that are not known and a new day meanwhile: more often than that is a mistake. */
const MAX_ATTEMPTS = 6;

/** `costNanoUsd` and `tokens` are what it may come to, by the dearest provider that may be asked. */
export interface ReserveRequest extends Asked {
  principal: Principal;
}

/** A request in the list of those that are. */
class Held implements Placed {
  place = -1;
  readonly requestId: string;
  constructor(requestId: string) {
    this.requestId = requestId;
  }
}

export interface Reservation extends Stake {
  /** Says which Redis remembers it. */
  epoch: string;
  held: Held;
}

export interface Settlement extends Used {
  /** JSON of a usage record. */
  usage: string;
}

/** `gatewayId` is of this process alone. */
export interface LimiterOptions extends TurnOptions {
  prefix: string;
  seeds: Seeds;
  /** A gateway whose heart has not beaten for this long is dead. */
  deadMs?: number;
}

/** Of the script's answers. */
const [STALE, UNKNOWN] = [3, 4];
const MINUTE_MS = 60_000;

const LateUsage = UsageRecord.pick({
  ...{ requestId: true, tenantId: true, keyId: true, at: true },
  ...{ outcome: true, costNanoUsd: true },
});
type LateUsage = z.output<typeof LateUsage>;

/** Counts what requests use, in Redis, where all gateways do: a limit holds however many of them there are. */
export class Limiter {
  readonly #redis: ScriptedRedis;
  readonly #names: RedisNames;
  readonly #options: LimiterOptions;
  readonly #sweeper: Sweeper;
  readonly #turns: Turns;
  readonly #plans = new WeakMap<Principal, Plan>();
  /** Questions to the database that are under way, by counter. */
  readonly #seeding = new Map<string, Promise<void>>();
  /** Asked for, and neither refused nor given back as far as we know. */
  readonly #held = new Live<Held>();
  /** Settlements that Redis did not confirm. */
  readonly #owed = new Map<string, { reservation: Reservation; settlement: Settlement | null }>();
  #periods: Periods;

  constructor(redis: Redis, options: LimiterOptions) {
    this.#redis = scripted(redis);
    this.#names = redisNames(options.prefix);
    this.#options = options;
    this.#periods = periodsAt(options.zone, Date.now());
    this.#turns = new Turns(this.#redis, this.#names, options, this.#periods);
    this.#sweeper = new Sweeper(this.#redis, this.#names, options);
  }

  /** Rejects when Redis does not answer: nothing may be served then, for nothing could be counted. */
  async reserve(request: ReserveRequest): Promise<Decision> {
    const held = new Held(request.requestId);
    this.#held.add(held);
    // When this fails, nobody knows whether Redis took it: `beat` finds what it did.
    let isTaken = false;
    try {
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
        const plan = this.#planOf(request.principal);
        const answer = await this.#turns.ask(plan, request);
        const decision = decisionOf(plan, request, answer, held);
        isTaken = decision?.kind === 'granted';
        if (decision) return decision;
        await this.#learn(plan, answer);
      }
      throw new Error('Redis could not say whether there is room: its clock or its memory is unsteady');
    } finally {
      if (!isTaken) this.#held.delete(held);
    }
  }

  /** The request was served: what it used takes the place of what was reserved. The second time changes nothing. */
  settle(reservation: Reservation, settlement: Settlement): Promise<void> {
    return this.#giveBack(reservation, settlement);
  }

  /**
   * The request was not served: it counts for nothing, but for the minute's requests when it was the client's own
   * mistake: somebody else had the work of saying no. The second time changes nothing.
   */
  release(reservation: Reservation, { isRejected = false } = {}): Promise<void> {
    return this.#giveBack(reservation, null, isRejected);
  }

  /** Says that we live, and settles what could not be settled before; run it each second. */
  async beat(): Promise<void> {
    const held = this.#held.size;
    const recorded = await this.#sweeper.beat();
    for (const { reservation, settlement } of this.#owed.values())
      await this.#giveBack(reservation, settlement).catch(unlessRefused);
    if (recorded > held) await this.#giveBackForgotten();
  }

  /** Gives back what dead gateways hold; run it every few seconds. Resolves to how many requests that were. */
  sweep(): Promise<number> {
    return this.#sweeper.sweep();
  }

  /** Of a gateway that is dead, or is taken for dead: what it settles from now on comes late. */
  giveBackAllOf(gatewayId: string): Promise<number> {
    return this.#sweeper.giveBackUnless(gatewayId, () => false);
  }

  /** Usage that the stream may have lost, and that no settlement has counted. */
  async addUsage(usages: readonly string[]): Promise<void> {
    for (const json of usages) {
      const usage = LateUsage.parse(JSON.parse(json));
      const owed = this.#owed.get(usage.requestId);
      if (owed) await this.#giveBack(owed.reservation, owed.settlement);
      else await this.#addLate(usage, json, '');
    }
  }

  /** By the clock of Redis; null = nothing waits. */
  async oldestUsageMs(): Promise<number | null> {
    const [entry] = await this.#redis.xrange(this.#names.usage, '-', '+', 'COUNT', 1);
    return entry ? Number(entry[0].split('-')[0]) : null;
  }

  /** Of those that Redis has for this gateway, who are held is asked again for each: more may come meanwhile. */
  async #giveBackForgotten(): Promise<void> {
    const isHeld = (requestId: string) => [...this.#held].some((held) => held.requestId === requestId);
    await this.#sweeper.giveBackUnless(this.#options.gatewayId, isHeld);
  }

  /** What was missing for a decision: the day, or counters. */
  async #learn(plan: Plan, { outcome, nowMs, values }: Answer): Promise<void> {
    if (outcome === 'day') this.#periods = periodsAt(this.#options.zone, nowMs);
    else if (outcome === 'everybody') await this.#seed(plan, null);
    else await Promise.all(values.slice(1).map((place) => this.#seed(plan, place - 1)));
  }

  #planOf(principal: Principal): Plan {
    const known = this.#plans.get(principal);
    if (known?.periods === this.#periods) return known;
    const plan = planOf(this.#names, principal, this.#periods);
    this.#plans.set(principal, plan);
    return plan;
  }

  /** Asks once for all who wait for the same counter; null = of everybody. */
  #seed(plan: Plan, index: number | null): Promise<void> {
    const { counters, periods } = plan;
    const key = (index !== null && counters[index]?.key) || this.#names.cost(EVERYBODY, periods.day.name);
    const underWay = this.#seeding.get(key);
    if (underWay) return underWay;
    const seeding = this.#askDatabase(plan, index, key).finally(() => this.#seeding.delete(key));
    this.#seeding.set(key, seeding);
    return seeding;
  }

  async #askDatabase({ counters, periods, scope }: Plan, index: number | null, key: string): Promise<void> {
    const { seeds } = this.#options;
    const counter = index === null ? undefined : counters[index];
    const period = periods[counter?.period ?? 'day'];
    const { tenantId, keyId } = scope;
    const owner = counter ? { tenantId, ...(counter.by === 'key' && { keyId }) } : null;
    const isMessages = owner && counter?.kind === 'messages';
    const value = isMessages ? await seeds.messages(owner, period) : await seeds.costNanoUsd(owner, period);
    await this.#redis.set(key, value, 'EX', keptS(period), 'NX');
  }

  async #giveBack(reservation: Reservation, settlement: Settlement | null, isRejected = false): Promise<void> {
    const { requestId, epoch, held } = reservation;
    const usage = settlement?.usage ?? '';
    try {
      const correction = correctionOf(this.#names, reservation, settlement, isRejected);
      const isDone = await this.#turns.giveBack(requestId, correction, usage);
      if (!isDone && settlement) await this.#addLate(LateUsage.parse(JSON.parse(usage)), usage, epoch);
    } catch (error) {
      this.#owed.set(requestId, { reservation, settlement });
      throw error;
    }
    if (this.#owed.size > 0) this.#owed.delete(requestId);
    this.#held.delete(held);
  }

  /** `epoch` is that of the reservation, should it perhaps have been settled before. */
  async #addLate({ requestId, tenantId, keyId, at, outcome, costNanoUsd }: LateUsage, json: string, epoch: string) {
    const names = this.#names;
    const { day, month } = this.#periodsOf(at);
    const scope = { tenantId, keyId, day: day.name, month: month.name };
    const counters = countersOf(names, scope, null).filter(({ period }) => period !== null);
    const keys = [names.cost(EVERYBODY, day.name), ...counters.map(({ key }) => key)];
    const amounts = [costNanoUsd, ...counters.map(({ kind }) => (kind === 'messages' ? 'm' : costNanoUsd))];
    await this.#redis.llmAddLate(
      ...[3 + keys.length, names.late(requestId), names.usage, names.epoch(this.#options.zone), ...keys],
      ...[json, epoch, outcome === 'interrupted' ? 'estimate' : 'true', ...amounts],
    );
  }

  #periodsOf(at: string): Periods {
    const atMs = Date.parse(at);
    const { day } = this.#periods;
    return atMs >= day.beganMs && atMs < day.endsMs ? this.#periods : periodsAt(this.#options.zone, atMs);
  }
}

/** What Redis itself refuses stays owed and holds up nothing else; when Redis is away there is no use in going on. */
function unlessRefused(error: unknown): void {
  if (!(error instanceof Error) || error.name !== 'ReplyError') throw error;
}

/** Undefined when the script has to be told something first. */
function decisionOf(plan: Plan, request: ReserveRequest, answer: Answer, held: Held): Decision | undefined {
  if (answer.outcome === 'config') return { kind: 'stale', what: 'config' };
  if (answer.outcome !== 'judged') return undefined;
  const code = answer.values[0];
  if (code === STALE) return { kind: 'stale', what: 'principal' };
  return code === UNKNOWN ? undefined : decide(plan, answer, reservationOf(plan, request, answer, held));
}

function reservationOf(
  { scope, counters }: Plan,
  { requestId, costNanoUsd, tokens }: ReserveRequest,
  { nowMs, epoch, values }: Answer,
  held: Held,
): Reservation {
  const isBudgetFallback = values[0] === 1;
  const minute = Math.floor(nowMs / MINUTE_MS);
  return { requestId, scope, counters, costNanoUsd: isBudgetFallback ? 0 : costNanoUsd, tokens, minute, epoch, held };
}
