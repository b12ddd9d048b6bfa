import type { Kind, Party } from './counters.ts';
import type { Plan } from './plan.ts';
import { FIRST_COUNTER } from './plan.ts';
import type { Reservation } from './limiter.ts';

const MINUTE_MS = 60_000;

/** How much of a limit is left after this request, for the answer's headers. */
export interface Allowance {
  limit: number;
  remaining: number;
  /** Until all of it is there again. */
  resetMs: number;
}

/** The tightest of those that there are. */
export interface Allowances {
  requests: Allowance | null;
  tokens: Allowance | null;
}

export type LimitName = 'requests' | 'tokens' | 'messages' | 'concurrency' | 'budget';

export type Decision =
  | {
      kind: 'granted';
      reservation: Reservation;
      allowances: Allowances;
      /** Of the route's counter; 0 without one. */
      ticket: number;
      /** What may be spent in a day is spent: only what costs nothing may be asked. Nothing is reserved then. */
      isBudgetFallback: boolean;
    }
  | { kind: 'refused'; by: Party; limit: LimitName; allowances: Allowances; retryAfterMs: number }
  /** What the gateway knows is out of date: read it again and ask again. */
  | { kind: 'stale'; what: 'principal' | 'config' };

const LIMIT_OF: Record<Kind, LimitName> = {
  messages: 'messages',
  costs: 'budget',
  lives: 'concurrency',
  logs: 'requests',
  tokens: 'tokens',
};

/** What the reserving script says of a request that could be judged. */
export interface Judgement {
  isGranted: boolean;
  nowMs: number;
  ticket: number;
  /** Place among the script's keys of the limit that refuses. */
  refusedBy: number;
  isBudgetFallback: boolean;
  waitMs: number;
  /** Before this request, of each counter of messages, then of requests, then of tokens of a minute. */
  used: readonly number[];
}

export function decide(plan: Plan, judgement: Judgement, reservation: Reservation): Decision {
  const { isGranted, ticket, isBudgetFallback } = judgement;
  const allowances = allowancesOf(plan, judgement, isGranted ? reservation.tokens : 0);
  if (isGranted) return { kind: 'granted', reservation, allowances, ticket, isBudgetFallback };
  const refusing = plan.counters[judgement.refusedBy - FIRST_COUNTER];
  if (!refusing) throw new Error(`The reserving script refuses by its key ${judgement.refusedBy}`);
  const { kind, by, period } = refusing;
  const retryAfterMs = period ? plan.periods[period].endsMs - judgement.nowMs : judgement.waitMs;
  return { kind: 'refused', by, limit: LIMIT_OF[kind], allowances, retryAfterMs };
}

function allowancesOf(plan: Plan, { isGranted, nowMs, used }: Judgement, tokens: number): Allowances {
  const allowances: Allowances = { requests: null, tokens: null };
  let at = 0;
  plan.counters.forEach(({ kind, period }, index) => {
    if (kind === 'costs' || kind === 'lives') return;
    const name = kind === 'tokens' ? 'tokens' : 'requests';
    const taken = (used[at] ?? 0) + (kind === 'tokens' ? tokens : Number(isGranted));
    at += 1;
    const limit = plan.limits[index] ?? 0;
    const resetMs = period ? plan.periods[period].endsMs - nowMs : MINUTE_MS;
    const allowance = { limit, remaining: Math.max(0, limit - taken), resetMs };
    const tightest = allowances[name];
    if (!tightest || allowance.remaining < tightest.remaining) allowances[name] = allowance;
  });
  return allowances;
}
