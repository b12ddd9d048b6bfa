import type { Budget, BudgetPeriod, Limits } from './limits.ts';
import type { RedisNames } from './names.ts';

export type Party = 'tenant' | 'key';
/** What fills up: `messages` and `costs` within a period, `lives` while requests are under way, the others in a minute. */
export type Kind = 'messages' | 'costs' | 'lives' | 'logs' | 'tokens';

interface Slot {
  kind: Kind;
  by: Party;
  /** Null = its counter is not named for a period. */
  period: BudgetPeriod | null;
  /** In the layouts of the script; what is read at once comes first. */
  letter: 'm' | 'd' | 'n' | 'l' | 'r' | 't';
  limitOf(limits: Limits): number | null;
}

const DAY = { period: 'day', letter: 'd' } as const;
const MONTH = { period: 'month', letter: 'n' } as const;

/** Every limit that there may be; the place of each is its bit in a record. */
const SLOTS: readonly Slot[] = [
  { kind: 'messages', by: 'tenant', period: 'day', letter: 'm', limitOf: ({ tenant }) => tenant.messagesPerDay },
  { kind: 'messages', by: 'key', period: 'day', letter: 'm', limitOf: ({ key }) => key.messagesPerDay },
  { kind: 'costs', by: 'tenant', ...DAY, limitOf: (limits) => tenantBudget(limits, 'day') },
  { kind: 'costs', by: 'tenant', ...MONTH, limitOf: (limits) => tenantBudget(limits, 'month') },
  { kind: 'costs', by: 'key', ...DAY, limitOf: ({ key }) => amountOf(key.budget, 'day') },
  { kind: 'costs', by: 'key', ...MONTH, limitOf: ({ key }) => amountOf(key.budget, 'month') },
  { kind: 'lives', by: 'tenant', period: null, letter: 'l', limitOf: ({ tenant }) => tenant.concurrency },
  { kind: 'lives', by: 'key', period: null, letter: 'l', limitOf: ({ key }) => key.concurrency },
  { kind: 'logs', by: 'tenant', period: null, letter: 'r', limitOf: ({ tenant }) => tenant.requestsPerMinute },
  { kind: 'logs', by: 'key', period: null, letter: 'r', limitOf: ({ key }) => key.requestsPerMinute },
  { kind: 'tokens', by: 'tenant', period: null, letter: 't', limitOf: ({ tenant }) => tenant.tokensPerMinute },
  { kind: 'tokens', by: 'key', period: null, letter: 't', limitOf: ({ key }) => key.tokensPerMinute },
];
const READ_AT_ONCE: readonly Kind[] = ['messages', 'costs', 'lives'];

const amountOf = (budget: Budget | null, period: BudgetPeriod): number | null =>
  budget?.period === period ? budget.nanoUsd : null;

function tenantBudget({ tenant, ownBudget }: Limits, period: BudgetPeriod): number | null {
  const limits = [amountOf(tenant.budget, period), amountOf(ownBudget, period)].filter((limit) => limit !== null);
  return limits.length === 0 ? null : Math.min(...limits);
}

export interface Counter {
  kind: Kind;
  by: Party;
  period: BudgetPeriod | null;
  /** In Redis; of requests and tokens without the minute. */
  key: string;
}

/** Whose counters of which periods a request fills. */
export interface Scope {
  tenantId: string;
  keyId: string;
  /** Names of the periods. */
  day: string;
  month: string;
}

export interface LimitedCounters {
  counters: Counter[];
  /** Of each of them. */
  limits: number[];
  /** How many are read at once, then each one's letter. */
  layout: string;
  mask: number;
}

/** Counters that a request of these limits fills, and how far each may fill. */
export function countersFor(names: RedisNames, scope: Scope, limits: Limits): LimitedCounters {
  const set = SLOTS.flatMap((slot, index) => {
    const limit = slot.limitOf(limits);
    return limit === null ? [] : [{ slot, limit, bit: 1 << index }];
  });
  const readAtOnce = set.filter(({ slot }) => READ_AT_ONCE.includes(slot.kind)).length;
  return {
    counters: set.map(({ slot }) => counterOf(names, scope, slot)),
    limits: set.map(({ limit }) => limit),
    layout: [readAtOnce, ...set.map(({ slot }) => slot.letter)].join(''),
    mask: set.reduce((mask, { bit }) => mask | bit, 0),
  };
}

/** The same by what a record says; null takes all of them. */
export const countersOf = (names: RedisNames, scope: Scope, mask: number | null): Counter[] =>
  SLOTS.filter((_, index) => mask === null || (mask >> index) & 1).map((slot) => counterOf(names, scope, slot));

function counterOf(names: RedisNames, scope: Scope, { kind, by, period }: Slot): Counter {
  const id = by === 'tenant' ? scope.tenantId : scope.keyId;
  return { kind, by, period, key: nameOf(names, kind, id, period && scope[period]) };
}

function nameOf(names: RedisNames, kind: Kind, id: string, period: string | null): string {
  switch (kind) {
    case 'messages':
      return names.messages(id, period ?? '');
    case 'costs':
      return names.cost(id, period ?? '');
    case 'lives':
      return names.live(id);
    case 'logs':
      return names.minute(id);
    case 'tokens':
      return names.tokens(id);
  }
}
