import type { MonthlyMovement, MovementKind, PaidPart } from './queries.ts';
import type { RevenueByCurrency, RevenueLine } from './schemas.ts';

const TWELFTHS = 12;

/** What one month of one series (a currency, or a line of it) adds up to; amounts of MRR in twelfths of a minor unit. */
interface Tally {
  openingTwelfths: number;
  openingCount: number;
  twelfths: Record<MovementKind, number>;
  count: Record<MovementKind, number>;
  receivedMinor: number;
  paidInvoices: number;
  failedPayments: number;
}

export interface Facts {
  months: readonly string[];
  /** From the very beginning on. */
  movements: readonly Pick<MonthlyMovement, 'month' | 'kind' | 'twelfths' | 'count'>[];
  received: readonly { month: string; amountMinor: number; isMain: boolean }[];
  failures: readonly { month: string; count: number }[];
}

export type MonthFigures = Omit<RevenueByCurrency, 'currency'>;

/** A series month by month: what a month begins with is what the months before it have left. */
export function monthsOf(facts: Facts): MonthFigures[] {
  return facts.months.map((month) => present(month, tallyOf(month, facts)));
}

const none = (): Record<MovementKind, number> => ({
  ...{ new: 0, reactivation: 0, expansion: 0, contraction: 0, change: 0, churn: 0 },
});

function tallyOf(month: string, { movements, received, failures }: Facts): Tally {
  const tally: Tally = {
    ...{ openingTwelfths: 0, openingCount: 0, receivedMinor: 0, paidInvoices: 0, failedPayments: 0 },
    ...{ twelfths: none(), count: none() },
  };
  for (const movement of movements) {
    if (movement.month < month) {
      tally.openingTwelfths += movement.twelfths;
      tally.openingCount += movement.count;
    } else if (movement.month === month) {
      tally.twelfths[movement.kind] += movement.twelfths;
      tally.count[movement.kind] += movement.count;
    }
  }
  for (const part of received)
    if (part.month === month) {
      tally.receivedMinor += part.amountMinor;
      tally.paidInvoices += part.isMain ? 1 : 0;
    }
  for (const failure of failures) if (failure.month === month) tally.failedPayments += failure.count;
  return tally;
}

const sum = (values: Record<string, number>): number =>
  Object.values(values).reduce((total, value) => total + value, 0);
/** Of a hundred, with two decimals; never -0. */
const hundredths = (part: number, whole: number): number | null =>
  whole > 0 ? Math.round((part / whole) * 10_000) / 100 || 0 : null;

/** Rounded after it was added up; never -0. */
export const minorOf = (twelfths: number): number => Math.round(twelfths / TWELFTHS) || 0;

function present(month: string, tally: Tally): MonthFigures {
  const { openingTwelfths, openingCount, twelfths, count } = tally;
  const closingTwelfths = openingTwelfths + sum(twelfths);
  const churned = -count.churn || 0;
  return {
    month,
    openingMrrMinor: minorOf(openingTwelfths),
    newMrrMinor: minorOf(twelfths.new),
    reactivationMrrMinor: minorOf(twelfths.reactivation),
    expansionMrrMinor: minorOf(twelfths.expansion),
    contractionMrrMinor: minorOf(twelfths.contraction),
    churnMrrMinor: minorOf(twelfths.churn),
    closingMrrMinor: minorOf(closingTwelfths),
    closingArrMinor: closingTwelfths,
    openingSubscriptions: openingCount,
    newSubscriptions: count.new,
    reactivatedSubscriptions: count.reactivation,
    churnedSubscriptions: churned,
    closingSubscriptions: openingCount + sum(count),
    churnPercent: hundredths(churned, openingCount),
    mrrChurnPercent: hundredths(-twelfths.churn, openingTwelfths),
    receivedMinor: tally.receivedMinor,
    paidInvoices: tally.paidInvoices,
    failedPayments: tally.failedPayments,
  };
}

export interface ReceivedPart {
  month: string;
  currency: string;
  line: RevenueLine;
  amountMinor: number;
  isMain: boolean;
}

/**
 * What was paid, line by line: a total (with tax, less credits) in the proportion of its parts, to the last minor unit.
 * Where the parts' amounts are not known all of it is the main part's.
 */
export function receivedOf(parts: readonly PaidPart[]): ReceivedPart[] {
  const byInvoice = Map.groupBy(parts, ({ invoiceId }) => invoiceId);
  return [...byInvoice.values()].flatMap(splitInvoice);
}

function splitInvoice(parts: readonly PaidPart[]): ReceivedPart[] {
  const main = parts.find(({ isMain }) => Number(isMain) === 1) ?? parts[0];
  if (!main) return [];
  const { month, currency } = main;
  const lineOf = (part: PaidPart) => (part.line ?? 'other') as RevenueLine;
  const total = Number(main.totalMinor);
  const weights = parts.map(({ amountMinor }) => Math.max(0, Number(amountMinor ?? 0)));
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  const isSplit = whole > 0 && parts.every(({ amountMinor }) => amountMinor !== null);
  if (!isSplit) return [{ month, currency, line: lineOf(main), amountMinor: total, isMain: true }];
  let seen = 0;
  let given = 0;
  return parts.map((part, index) => {
    seen += weights[index] ?? 0;
    const upToHere = Math.round((total * seen) / whole);
    const amountMinor = upToHere - given;
    given = upToHere;
    return { month, currency, line: lineOf(part), amountMinor, isMain: part === main };
  });
}
