import type { Kind, Party } from './counters.ts';
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

const GRANTED = [0, 1];
const REFUSED = 2;

/** What the script says of a request, when it knew all that it had to know (turn-script.ts). */
export function decide(plan: Plan, { nowMs, values }: Answer, reservation: Reservation): Decision {
  const [code = -1, second = 0, waitMs = 0, ...used] = values;
  const isGranted = GRANTED.includes(code);
  const taken = isGranted ? { messages: 1, tokens: reservation.tokens } : { messages: 0, tokens: 0 };
  const allowances = allowancesOf(plan, nowMs, used, taken);
  if (isGranted) return { kind: 'granted', reservation, allowances, ticket: second, isBudgetFallback: code === 1 };
  const refusing = plan.counters[second - 1];
  if (code !== REFUSED || !refusing) throw new Error(`The limits' script answered ${values.join(' ')}`);
  const { kind, by, period } = refusing;
  const retryAfterMs = period ? plan.periods[period].endsMs - nowMs : waitMs;
  return { kind: 'refused', by, limit: LIMIT_OF[kind], allowances, retryAfterMs };
}

function allowancesOf(
  { counters, limits, periods }: Plan,
  nowMs: number,
  used: readonly number[],
  taken: { messages: number; tokens: number },
): Allowances {
  const allowances: Allowances = { requests: null, tokens: null };
  let at = 0;
  counters.forEach(({ kind, period }, index) => {
    if (kind === 'costs' || kind === 'lives') return;
    const name = kind === 'tokens' ? 'tokens' : 'requests';
    const now = (used[at] ?? 0) + (kind === 'tokens' ? taken.tokens : taken.messages);
    at += 1;
    const limit = limits[index] ?? 0;
    const resetMs = period ? periods[period].endsMs - nowMs : MINUTE_MS;
    const allowance = { limit, remaining: Math.max(0, limit - now), resetMs };
    const tightest = allowances[name];
    if (!tightest || allowance.remaining < tightest.remaining) allowances[name] = allowance;
  });
  return allowances;
}
