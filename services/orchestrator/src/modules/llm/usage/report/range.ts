import { addDays, dayIn, daysFrom } from '#core/calendar.ts';
import type { Context } from '#core/context.ts';
import { InvalidInput } from '#core/errors.ts';

/** Days of the operator's calendar, both included. */
export interface DayRange {
  from: string;
  to: string;
}

const DEFAULT_DAYS = 30;

export const today = ({ config }: Pick<Context, 'config'>): string => dayIn(config.LLM_TIME_ZONE, Date.now());

/** The range that a query means; throws `request.invalid` when it is none, or longer than `maxDays`. */
export function rangeOf(
  ctx: Pick<Context, 'config'>,
  query: { from?: string | undefined; to?: string | undefined },
  maxDays: number,
): DayRange {
  const to = query.to ?? today(ctx);
  const from = query.from ?? addDays(to, 1 - Math.min(DEFAULT_DAYS, maxDays));
  if (from > to) throw invalidFrom(`must not be after \`to\` (${to})`);
  if (daysFrom(from, to) > maxDays) throw invalidFrom(`must be less than ${maxDays} days before \`to\` (${to})`);
  return { from, to };
}

const invalidFrom = (message: string) => InvalidInput({ issues: [{ path: 'query.from', message }] });
