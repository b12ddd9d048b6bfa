import type { Recurring } from './objects.ts';

export interface Period {
  start: number;
  end: number;
}

const DAY = 86_400;

/**
 * The anchor moved by `count` intervals. The 31st plus a month is the last day of the shorter month;
 * it is always counted from the anchor, so the 31st comes back.
 */
function moved(anchor: number, { interval, interval_count: step }: Recurring, count: number): number {
  if (interval === 'day') return anchor + count * step * DAY;
  if (interval === 'week') return anchor + count * step * 7 * DAY;
  const date = new Date(anchor * 1000);
  const months = count * step * (interval === 'year' ? 12 : 1);
  const first = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1));
  const lastDay = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate();
  const midnight = first.getTime() / 1000 + (Math.min(date.getUTCDate(), lastDay) - 1) * DAY;
  return midnight + (anchor % DAY);
}

/** The billing period that contains the moment. */
export function periodAt(anchor: number, recurring: Recurring, at: number): Period {
  let count = 0;
  if (at < anchor) while (moved(anchor, recurring, count) > at) count -= 1;
  else while (moved(anchor, recurring, count + 1) <= at) count += 1;
  return { start: moved(anchor, recurring, count), end: moved(anchor, recurring, count + 1) };
}

export const isSameCycle = (a: Recurring, b: Recurring): boolean =>
  a.interval === b.interval && a.interval_count === b.interval_count;
