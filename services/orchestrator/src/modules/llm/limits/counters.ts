import type { Budget, BudgetPeriod, Limits } from './limits.ts';
import type { RedisNames } from './names.ts';

/** What fills up: `messages` and `costs` within a period, `lives` while requests are under way, the others in a minute. */
export const KINDS = ['messages', 'costs', 'lives', 'logs', 'tokens'] as const;
export type Kind = (typeof KINDS)[number];
export type Party = 'tenant' | 'key';

interface Slot {
  kind: Kind;
  by: Party;
  /** Null = its counter is not named for a period. */
  period: BudgetPeriod | null;
  limitOf(limits: Limits): number | null;
}

/** Every limit that there may be, ordered by kind as the scripts have it; the place of each is its bit in a record. */
const SLOTS: readonly Slot[] = [
  { kind: 'messages', by: 'tenant', period: 'day', limitOf: ({ tenant }) => tenant.messagesPerDay },
  { kind: 'messages', by: 'key', period: 'day', limitOf: ({ key }) => key.messagesPerDay },
  { kind: 'costs', by: 'tenant', period: 'day', limitOf: (limits) => tenantBudget(limits, 'day') },
  { kind: 'costs', by: 'tenant', period: 'month', limitOf: (limits) => tenantBudget(limits, 'month') },
  { kind: 'costs', by: 'key', period: 'day', limitOf: ({ key }) => budgetOf(key.budget, 'day') },
  { kind: 'costs', by: 'key', period: 'month', limitOf: ({ key }) => budgetOf(key.budget, 'month') },
  { kind: 'lives', by: 'tenant', period: null, limitOf: ({ tenant }) => tenant.concurrency },
  { kind: 'lives', by: 'key', period: null, limitOf: ({ key }) => key.concurrency },
  { kind: 'logs', by: 'tenant', period: null, limitOf: ({ tenant }) => tenant.requestsPerMinute },
  { kind: 'logs', by: 'key', period: null, limitOf: ({ key }) => key.requestsPerMinute },
  { kind: 'tokens', by: 'tenant', period: null, limitOf: ({ tenant }) => tenant.tokensPerMinute },
  { kind: 'tokens', by: 'key', period: null, limitOf: ({ key }) => key.tokensPerMinute },
];

const budgetOf = (budget: Budget | null, period: BudgetPeriod): number | null =>
  budget?.period === period ? budget.nanoUsd : null;

function tenantBudget({ tenant, ownBudget }: Limits, period: BudgetPeriod): number | null {
  const limits = [budgetOf(tenant.budget, period), budgetOf(ownBudget, period)].filter((limit) => limit !== null);
  return limits.length === 0 ? null : Math.min(...limits);
}

export interface Counter {
  kind: Kind;
  by: Party;
  period: BudgetPeriod | null;
  /** Whose it is: of a tenant or a key. */
  id: string;
  /** In Redis; of tokens without the minute. */
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

/** Counters that a request of these limits fills, and how far each may fill. */
export function countersFor(
  names: RedisNames,
  scope: Scope,
  limits: Limits,
): { counters: Counter[]; limits: number[] } {
  const set = SLOTS.map((slot) => ({ slot, limit: slot.limitOf(limits) })).filter(({ limit }) => limit !== null);
  return {
    counters: set.map(({ slot }) => counterOf(names, scope, slot)),
    limits: set.map(({ limit }) => limit ?? 0),
  };
}

/** The same by what a record says; null takes all of them. */
export const countersOf = (names: RedisNames, scope: Scope, mask: number | null): Counter[] =>
  SLOTS.filter((_, index) => mask === null || (mask >> index) & 1).map((slot) => counterOf(names, scope, slot));

export const maskOf = (limits: Limits): number =>
  SLOTS.reduce((mask, slot, index) => (slot.limitOf(limits) === null ? mask : mask | (1 << index)), 0);

function counterOf(names: RedisNames, scope: Scope, { kind, by, period }: Slot): Counter {
  const id = by === 'tenant' ? scope.tenantId : scope.keyId;
  return { kind, by, period, id, key: nameOf(names, kind, id, period && scope[period]) };
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
