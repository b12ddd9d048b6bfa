import type { Counter, Kind, Party } from './counters.ts';
import type { Plan } from './plan.ts';
import type { Reservation } from './limiter.ts';
import type { Answer } from './turns.ts';

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

/** What the script answers first, and where the values of its counters begin. */
const [GRANTED, SPENT, REFUSED] = [0, 1, 2];
const USED_AT = 3;

/** What the script says of a request, when it knew all that it had to know (turn-script.ts). */
export function decide(plan: Plan, { nowMs, values }: Answer, reservation: Reservation): Decision {
  const code = values[0] ?? -1;
  const second = values[1] ?? 0;
  const isGranted = code === GRANTED || code === SPENT;
  const allowances = allowancesOf(plan, nowMs, values, isGranted ? reservation.tokens : null);
  if (isGranted) return { kind: 'granted', reservation, allowances, ticket: second, isBudgetFallback: code === SPENT };
  const refusing = plan.counters[second - 1];
  if (code !== REFUSED || !refusing) throw new Error(`The limits' script answered ${values.join(' ')}`);
  const { kind, by, period } = refusing;
  const retryAfterMs = period ? plan.periods[period].endsMs - nowMs : (values[2] ?? 0);
  return { kind: 'refused', by, limit: LIMIT_OF[kind], allowances, retryAfterMs };
}

/** `tokens` are those that the request itself takes, beside a message; null = it takes nothing. */
function allowancesOf(
  { counters, limits, periods }: Plan,
  nowMs: number,
  values: readonly number[],
  tokens: number | null,
): Allowances {
  const allowances: Allowances = { requests: null, tokens: null };
  let at = USED_AT;
  for (let index = 0; index < counters.length; index += 1) {
    const { kind, period } = counters[index] as Counter;
    if (kind === 'costs' || kind === 'lives') continue;
    const taken = tokens === null ? 0 : kind === 'tokens' ? tokens : 1;
    const limit = limits[index] ?? 0;
    const remaining = Math.max(0, limit - (values[at] ?? 0) - taken);
    at += 1;
    const name = kind === 'tokens' ? 'tokens' : 'requests';
    const tightest = allowances[name];
    if (tightest && tightest.remaining <= remaining) continue;
    allowances[name] = { limit, remaining, resetMs: period ? periods[period].endsMs - nowMs : MINUTE_MS };
  }
  return allowances;
}
