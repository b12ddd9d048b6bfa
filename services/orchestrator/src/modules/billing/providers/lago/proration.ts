/** How Lago divides a period by days when a plan paid in advance is switched (contracts/billing.md A2); in UTC. */
interface PlanPrice {
  /** monthly | yearly: what the catalogue sells. */
  interval: string;
  amount_cents: number;
}

interface Switch {
  from: PlanPrice;
  to: PlanPrice;
  /** From which the periods of an anniversary cycle are counted. */
  anchor: Date;
  at: Date;
}

const DAY_MS = 86_400_000;

/** The day of the switch is credited on the old plan and charged on the new one. */
export function switchPrice({ from, to, anchor, at }: Switch): { chargeMinor: number; creditMinor: number } {
  return { chargeMinor: restOf(to, anchor, at), creditMinor: restOf(from, anchor, at) };
}

function restOf(plan: PlanPrice, anchor: Date, at: Date): number {
  const { from, end } = periodAt(plan.interval === 'yearly' ? 12 : 1, startOfDay(anchor), at);
  return Math.round((plan.amount_cents * daysBetween(startOfDay(at), end)) / daysBetween(from, end));
}

function periodAt(months: number, anchor: Date, at: Date): { from: Date; end: Date } {
  const since = (at.getUTCFullYear() - anchor.getUTCFullYear()) * 12 + at.getUTCMonth() - anchor.getUTCMonth();
  let index = Math.floor(since / months);
  if (addMonths(anchor, index * months) > at) index -= 1;
  return { from: addMonths(anchor, index * months), end: addMonths(anchor, (index + 1) * months) };
}

/** The 31st plus a month is the last day of the shorter month; always counted from the anchor, so it comes back. */
function addMonths(date: Date, months: number): Date {
  const first = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1));
  const lastDay = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate();
  return new Date(first.getTime() + (Math.min(date.getUTCDate(), lastDay) - 1) * DAY_MS);
}

export const startOfDay = (date: Date): Date =>
  new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()));

const daysBetween = (from: Date, end: Date): number => Math.round((end.getTime() - from.getTime()) / DAY_MS);
