import type { BillingTime, Interval, Subscription } from './model.ts';

/** From 00:00 UTC of the first day up to, not including, 00:00 UTC of `end`. OSS Lago bills in UTC. */
export interface Period {
  from: Date;
  end: Date;
}

const DAY_MS = 86_400_000;
const MONTHS: Record<Exclude<Interval, 'weekly'>, number> = { monthly: 1, quarterly: 3, semiannual: 6, yearly: 12 };
const PERIODS_PER_YEAR: Record<Interval, number> = { weekly: 52, monthly: 12, quarterly: 4, semiannual: 2, yearly: 1 };

export const startOfDay = (date: Date): Date =>
  new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()));

export const addDays = (date: Date, days: number): Date => new Date(date.getTime() + days * DAY_MS);

export const later = (a: Date, b: Date): Date => (a > b ? a : b);

/** Whole days from one midnight to another. */
export const daysBetween = (from: Date, end: Date): number =>
  Math.round((startOfDay(end).getTime() - startOfDay(from).getTime()) / DAY_MS);

export const yearlyAmountCents = (plan: { amountCents: number; interval: Interval }): number =>
  plan.amountCents * PERIODS_PER_YEAR[plan.interval];

interface Cycle {
  interval: Interval;
  billingTime: BillingTime;
  /** `subscription_at`: an anniversary cycle counts from its date. */
  anchor: Date;
}

export const cycleOf = ({ plan, billingTime, subscriptionAt }: Subscription): Cycle => ({
  interval: plan.interval,
  billingTime,
  anchor: subscriptionAt,
});

/** The billing period that contains the moment. */
export function periodAt(cycle: Cycle, at: Date): Period {
  if (cycle.interval === 'weekly') return weekAt(cycle, at);
  const step = MONTHS[cycle.interval];
  const anchor = cycle.billingTime === 'anniversary' ? startOfDay(cycle.anchor) : new Date(Date.UTC(2000, 0, 1));
  const monthsSince = (at.getUTCFullYear() - anchor.getUTCFullYear()) * 12 + at.getUTCMonth() - anchor.getUTCMonth();
  let index = Math.floor(monthsSince / step);
  if (addMonths(anchor, index * step) > at) index -= 1;
  return { from: addMonths(anchor, index * step), end: addMonths(anchor, (index + 1) * step) };
}

/** The period just before the one that starts at `from`. */
export const periodBefore = (cycle: Cycle, from: Date): Period => periodAt(cycle, new Date(from.getTime() - 1));

function weekAt(cycle: Cycle, at: Date): Period {
  // 2001-01-01 was a Monday.
  const anchor = cycle.billingTime === 'anniversary' ? startOfDay(cycle.anchor) : new Date(Date.UTC(2001, 0, 1));
  const weeks = Math.floor(daysBetween(anchor, at) / 7);
  return { from: addDays(anchor, weeks * 7), end: addDays(anchor, (weeks + 1) * 7) };
}

/** The 31st plus one month is the last day of the shorter month; always counted from the anchor, so it comes back. */
function addMonths(date: Date, months: number): Date {
  const first = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1));
  const lastDay = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate();
  return addDays(first, Math.min(date.getUTCDate(), lastDay) - 1);
}

/** The first full hour plus `minute` that is not before `date`: when one of Lago's hourly clock jobs sees it. */
export function nextHourly(date: Date, minute: number): Date {
  const hour = new Date(date);
  hour.setUTCMinutes(minute, 0, 0);
  return hour < date ? new Date(hour.getTime() + 3_600_000) : hour;
}
