import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { startPrivateRedis } from '#test/support/full-stack.ts';
import { type LimitsWorld, principalWith, requestOf, startLimitsWorld, usageOf } from '#test/support/limits-world.ts';
import { atEnd } from '#test/support/stack.ts';
import type { Principal } from '../keys/principal.ts';
import type { Limiter, Reservation } from './limiter.ts';
import type { Quota } from './limits.ts';

/** What one request has in the counters. */
interface Entry {
  principal: Principal;
  reservation: Reservation;
  gateway: string;
  at: number;
  cost: number;
  tokens: number;
  isLive: boolean;
  /** Counts as a message, and in the log of its minute. */
  isMessage: boolean;
  isLogged: boolean;
}

type Command =
  | { kind: 'ask'; together: { who: number; cost: number; tokens: number }[]; gateway: number }
  | { kind: 'settle' | 'again' | 'release' | 'late'; which: number; cost: number; tokens: number }
  | { kind: 'wait'; ms: number }
  | { kind: 'die'; gateway: number };

const DAILY = 150;
const amount = (max: number) => fc.nat({ max });
/** Mostly none: the first limit that refuses hides the others. */
const orNone = (max: number) => fc.oneof(fc.constant(null), fc.constant(null), amount(max));
const quota: fc.Arbitrary<Quota> = fc.record({
  requestsPerMinute: orNone(4),
  tokensPerMinute: orNone(60),
  messagesPerDay: orNone(8),
  concurrency: orNone(4),
  budget: fc.option(fc.record({ nanoUsd: amount(200), period: fc.constantFrom('day', 'month') }), { nil: null }),
});
const asked = fc.record({ who: fc.nat({ max: 2 }), cost: amount(60), tokens: amount(30) });
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('ask' as const),
      together: fc.array(asked, { minLength: 1, maxLength: 4 }),
      gateway: fc.nat({ max: 1 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'settle' as const,
        'settle' as const,
        'again' as const,
        'release' as const,
        'late' as const,
      ),
      ...{ which: fc.nat(), cost: amount(90), tokens: amount(40) },
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      ms: fc.oneof(amount(20_000), fc.constantFrom(59_999, 60_000, 60_001), amount(200_000), amount(86_400_000)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('die' as const), gateway: fc.nat({ max: 1 }) }) },
);

/** The same by looking at all that ever happened. */
class Model {
  readonly entries: Entry[] = [];
  now = Date.parse('2026-11-30T20:00:00Z');

  expected(principal: Principal, cost: number, tokens: number): string {
    const { tenantId, keyId, limits } = principal;
    const parties = [
      ['tenant', tenantId, limits.tenant],
      ['key', keyId, limits.key],
    ] as const;
    const spent = this.#cost(() => true, 'day');
    const isSpent = spent >= DAILY || spent + cost > DAILY;
    const charge = isSpent ? 0 : cost;
    const of = (id: string) => (entry: Entry) => entry.principal.tenantId === id || entry.principal.keyId === id;
    const over = (used: number, limit: number | null) => limit !== null && used > limit;
    for (const [by, id, { messagesPerDay }] of parties)
      if (over(this.#messages(of(id)) + 1, messagesPerDay)) return `${by} messages`;
    for (const [by, id, { budget }] of [['tenant', tenantId, { budget: limits.ownBudget }], ...parties] as const)
      if (charge > 0 && budget && this.#cost(of(id), budget.period) + charge > budget.nanoUsd) return `${by} budget`;
    for (const [by, id, { requestsPerMinute }] of parties)
      if (over(this.#recent(of(id)) + 1, requestsPerMinute)) return `${by} requests`;
    for (const [by, id, { tokensPerMinute }] of parties)
      if (tokens > 0 && over(this.#tokens(of(id)) + tokens, tokensPerMinute)) return `${by} tokens`;
    for (const [by, id, { concurrency }] of parties)
      if (over(this.entries.filter(of(id)).filter(({ isLive }) => isLive).length + 1, concurrency))
        return `${by} concurrency`;
    return isSpent ? 'granted for nothing' : 'granted';
  }

  /** Every counter that is not 0. */
  counted(): Record<string, number> {
    const counted: Record<string, number> = {};
    const add = (name: string, count: number) => {
      counted[name] = (counted[name] ?? 0) + count;
      if (counted[name] === 0) delete counted[name];
    };
    for (const { principal, gateway, at, cost, tokens, isLive, isMessage, isLogged } of this.entries) {
      const { tenantId, keyId, limits } = principal;
      const [day, month, minute] = [text(at, 10), text(at, 7), Math.floor(at / 60_000)];
      add(`cost:all:${day}`, cost);
      if (isLive) add(`reserved:${gateway}`, 1);
      const tenantPeriods = new Set([limits.tenant.budget?.period, limits.ownBudget?.period]);
      for (const [id, one, periods] of [
        [tenantId, limits.tenant, tenantPeriods],
        [keyId, limits.key, new Set([limits.key.budget?.period])],
      ] as const) {
        if (periods.has('day')) add(`cost:${id}:${day}`, cost);
        if (periods.has('month')) add(`cost:${id}:${month}`, cost);
        if (isMessage && one.messagesPerDay !== null) add(`messages:${id}:${day}`, 1);
        if (isLogged && one.requestsPerMinute !== null) add(`minute:${id}:${minute}`, 1);
        if (one.tokensPerMinute !== null) add(`tokens:${id}:${minute}`, tokens);
        if (isLive && one.concurrency !== null) add(`live:${id}`, 1);
      }
    }
    return counted;
  }

  #messages(of: (entry: Entry) => boolean): number {
    return this.entries.filter((e) => e.isMessage && of(e) && text(e.at, 10) === text(this.now, 10)).length;
  }

  #cost(of: (entry: Entry) => boolean, period: 'day' | 'month'): number {
    const length = period === 'day' ? 10 : 7;
    const within = this.entries.filter((e) => of(e) && text(e.at, length) === text(this.now, length));
    return within.reduce((sum, { cost }) => sum + cost, 0);
  }

  #recent(of: (entry: Entry) => boolean): number {
    return this.entries.filter((e) => e.isLogged && of(e) && e.at > this.now - 60_000).length;
  }

  #tokens(of: (entry: Entry) => boolean): number {
    const minute = Math.floor(this.now / 60_000);
    const inMinute = (wanted: number) =>
      this.entries
        .filter((e) => of(e) && Math.floor(e.at / 60_000) === wanted)
        .reduce((sum, { tokens }) => sum + tokens, 0);
    return inMinute(minute) + (inMinute(minute - 1) * (60_000 - (this.now % 60_000))) / 60_000;
  }
}

const text = (at: number, length: number) => new Date(at).toISOString().slice(0, length);

/** Two gateways, of which some die, against the model. */
class Run {
  readonly #t: ExecutionContext;
  readonly #world: LimitsWorld;
  readonly #principals: readonly Principal[];
  readonly #model = new Model();
  readonly #gateways: { id: string; limiter: Limiter }[] = [];
  #born = 0;

  constructor(t: ExecutionContext, world: LimitsWorld, principals: readonly Principal[]) {
    this.#t = t;
    this.#world = world;
    this.#principals = principals;
  }

  async begin(): Promise<void> {
    await this.#world.setClock(this.#model.now);
    // Redis has always been counting: who is asked for in the database would be judged after others of the same turn.
    await this.#world.redis.set(`${this.#world.prefix}:llm:epoch:UTC`, 1);
    for (const place of [0, 1]) await this.#bear(place);
  }

  async step(command: Command): Promise<void> {
    if (command.kind === 'ask') await this.#ask(command);
    else if (command.kind === 'wait') await this.#world.setClock((this.#model.now += command.ms));
    else if (command.kind === 'die') await this.#die(command.gateway);
    else await this.#end(command);
  }

  async check(): Promise<void> {
    this.#t.deepEqual(await this.#world.counted(), this.#model.counted());
  }

  /** Whatever is still under way is given back: nothing may be left of it. */
  async finish(): Promise<void> {
    for (const place of [0, 1]) await this.#die(place);
    await this.check();
    const left = Object.keys(await this.#world.counted()).filter((name) => /^(live|reserved)/.test(name));
    this.#t.deepEqual(left, []);
  }

  async #ask({ together, gateway }: Extract<Command, { kind: 'ask' }>): Promise<void> {
    const { limiter, id } = this.#gateways[gateway] ?? this.#t.fail('no gateway');
    const requests = together.map(({ who, cost, tokens }) => {
      const principal = this.#principals[who] ?? this.#t.fail('nobody');
      return requestOf(principal, { costNanoUsd: cost, tokens });
    });
    const decisions = await Promise.all(requests.map((request) => limiter.reserve(request)));
    decisions.forEach((decision, index) => {
      const request = requests[index] ?? this.#t.fail('no request');
      const { principal, costNanoUsd, tokens } = request;
      const expected = this.#model.expected(principal, costNanoUsd, tokens);
      if (decision.kind === 'refused') this.#t.is(`${decision.by} ${decision.limit}`, expected);
      if (decision.kind !== 'granted') return;
      const { reservation, isBudgetFallback } = decision;
      this.#t.is(isBudgetFallback ? 'granted for nothing' : 'granted', expected);
      const cost = isBudgetFallback ? 0 : costNanoUsd;
      const state = { isLive: true, isMessage: true, isLogged: true };
      this.#model.entries.push({ principal, reservation, gateway: id, at: this.#model.now, cost, tokens, ...state });
    });
  }

  async #end({ kind, which, cost, tokens }: Extract<Command, { which: number }>): Promise<void> {
    const candidates = this.#model.entries.filter(({ isLive }) => isLive === (kind === 'settle' || kind === 'release'));
    const entry = candidates[which % Math.max(1, candidates.length)];
    if (!entry) return;
    const { reservation } = entry;
    const usage = usageOf(reservation, cost);
    const limiter = this.#gateways.find(({ id }) => id === entry.gateway)?.limiter;
    if (kind === 'late') {
      // A journal has it only when it was never settled; as often as it comes, it counts once.
      if (entry.isLogged || entry.isMessage) return;
      for (const { limiter: any } of this.#gateways) await any.addUsage([usage]);
      Object.assign(entry, { isMessage: true, cost });
    } else if (kind === 'release') {
      await limiter?.release(reservation);
      Object.assign(entry, { isLive: false, isMessage: true, isLogged: true, cost: 0, tokens: 0 });
      this.#model.entries.splice(this.#model.entries.indexOf(entry), 1);
    } else if (limiter) {
      await limiter.settle(reservation, { usage, costNanoUsd: cost, tokens });
      if (kind === 'settle') Object.assign(entry, { isLive: false, cost, tokens });
    }
  }

  async #die(place: number): Promise<void> {
    const dead = this.#gateways[place];
    await this.#bear(place);
    const limiters = this.#gateways.map(({ limiter }) => limiter);
    for (const limiter of limiters) await limiter.sweep();
    for (const limiter of limiters) await limiter.beat();
    await Promise.all(limiters.map((limiter) => limiter.sweep()));
    for (const entry of this.#model.entries.filter(({ gateway, isLive }) => isLive && gateway === dead?.id))
      Object.assign(entry, { isLive: false, isMessage: false, isLogged: false, cost: 0, tokens: 0 });
  }

  async #bear(place: number): Promise<void> {
    this.#born += 1;
    const id = `wrk_${this.#born}`;
    const limiter = this.#world.limiter({ gatewayId: id, deadMs: 0, dailyBudgetNanoUsd: DAILY });
    this.#gateways[place] = { id, limiter };
    await limiter.beat();
  }
}

test('whatever is reserved, settled, released, late or left behind: the counters are what happened', async (t) => {
  const redis = await startPrivateRedis(atEnd(t));
  const budget = fc.option(
    fc.record({ nanoUsd: amount(200), period: fc.constantFrom('day' as const, 'month' as const) }),
    {
      nil: null,
    },
  );
  const property = fc.asyncProperty(
    fc.array(command, { minLength: 10, maxLength: 60 }),
    ...([quota, quota, quota, quota, quota, budget] as const),
    async (commands, tenant, key1, key2, tenant2, key3, ownBudget) => {
      const endings: (() => Promise<void>)[] = [];
      const world = startLimitsWorld((end) => endings.push(end), redis.url);
      const first = principalWith({ tenant, key: key1, ownBudget });
      const second = principalWith({ tenant, key: key2, ownBudget }, first);
      const run = new Run(t, world, [first, second, principalWith({ tenant: tenant2, key: key3 })]);
      try {
        await run.begin();
        for (const one of commands) {
          await run.step(one);
          await run.check();
        }
        await run.finish();
      } finally {
        for (const end of endings) await end();
      }
    },
  );
  await fc.assert(property, { numRuns: 100 });
});
