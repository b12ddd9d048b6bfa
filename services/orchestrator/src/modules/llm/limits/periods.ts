import { addDays, dayBegins, dayIn, monthDays, monthOf } from '#core/calendar.ts';

/** A day or a month of the operator's calendar. */
export interface Period {
  /** `2026-01-31` or `2026-01`; other zones than UTC are part of it, for their days are other days. */
  name: string;
  /** The first day, as the database names it. */
  from: string;
  /** The last day. */
  to: string;
  beganMs: number;
  endsMs: number;
}

export interface Periods {
  day: Period;
  month: Period;
}

/** The day and the month that a moment belongs to. Costs some Intl calls: keep it as long as it lasts. */
export function periodsAt(zone: string, atMs: number): Periods {
  const day = dayIn(zone, atMs);
  const month = monthDays(monthOf(day));
  return {
    day: periodOf(zone, day, { from: day, to: day }),
    month: periodOf(zone, monthOf(day), month),
  };
}

function periodOf(zone: string, name: string, { from, to }: { from: string; to: string }): Period {
  return {
    name: zone === 'UTC' ? name : `${name}@${zone}`,
    from,
    to,
    beganMs: dayBegins(zone, from).getTime(),
    endsMs: dayBegins(zone, addDays(to, 1)).getTime(),
  };
}
