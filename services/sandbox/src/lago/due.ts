import { activate, endTrial, renew, terminate } from './lifecycle.ts';
import { trialEndOf } from './invoicing.ts';
import { reportEventErrors } from './events.ts';
import { markOverdue } from './invoices.ts';
import type { Subscription } from './model.ts';
import type { Organization } from './organization.ts';
import { addDays, nextHourly } from './periods.ts';
import { nextOf } from './present.ts';

interface Due {
  at: Date;
  run: () => void;
}

/**
 * Does, in the order of time, what Lago's clock process would have done until now: activate, end (:05), check events (:05),
 * bill (:10), mark overdue (:25).
 */
export function runDue(org: Organization, now: Date): void {
  for (let due = earliest(org); due && due.at <= now; due = earliest(org)) due.run();
}

function earliest(org: Organization): Due | undefined {
  let first: Due | undefined;
  for (const due of candidates(org)) if (!first || due.at < first.at) first = due;
  return first;
}

function* candidates(org: Organization): Generator<Due> {
  for (const row of org.rows.subscriptions) yield* subscriptionDues(org, row);
  for (const invoice of org.rows.invoices) {
    const isOpen = invoice.status === 'finalized' && invoice.paymentStatus !== 'succeeded' && !invoice.paymentOverdue;
    if (isOpen) yield { at: nextHourly(addDays(invoice.paymentDueDate, 1), 25), run: () => markOverdue(org, invoice) };
  }
  const event = org.rows.events.find((row) => !row.isValidated);
  if (event) {
    const at = nextHourly(event.createdAt, 5);
    yield { at, run: () => reportEventErrors(org, at) };
  }
}

function* subscriptionDues(org: Organization, row: Subscription): Generator<Due> {
  if (row.status === 'pending' && row.previous === null) {
    yield { at: row.subscriptionAt, run: () => activate(org, row, row.subscriptionAt) };
  }
  if (row.status !== 'active') return;
  if (row.endingAt) {
    const { endingAt } = row;
    const options = { creditNote: row.onTerminationCreditNote ?? 'credit', invoice: row.onTerminationInvoice } as const;
    yield { at: nextHourly(endingAt, 5), run: () => terminate(org, row, options, endingAt) };
  }
  const trialEnd = trialEndOf(row);
  if (trialEnd && !row.trialEndedAt) {
    const at = nextHourly(trialEnd, 10);
    yield { at, run: () => endTrial(org, row, at) };
  }
  if (row.nextBillingAt) {
    const at = nextHourly(row.nextBillingAt, 10);
    yield { at, run: () => bill(org, row, at) };
  }
}

/** A downgrade that waited for this moment takes place; otherwise all that the customer owes today comes on one invoice. */
function bill(org: Organization, row: Subscription, at: Date): void {
  const next = nextOf(org, row);
  const boundary = row.nextBillingAt ?? at;
  if (next?.status === 'pending') return activate(org, next, boundary);
  const together = org.rows.subscriptions.filter(
    (other) =>
      other.customer === row.customer &&
      other.status === 'active' &&
      other.nextBillingAt?.getTime() === boundary.getTime() &&
      other.plan.currency === row.plan.currency &&
      nextOf(org, other)?.status !== 'pending',
  );
  renew(org, together, at);
}
