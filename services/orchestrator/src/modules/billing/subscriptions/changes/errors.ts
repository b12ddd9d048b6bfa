import { defineError } from '#core/errors.ts';
import type { ChangeRow } from './queries.ts';

export const SubscriptionNotRunning = defineError<{ subscriptionId: string; status: string }>(
  'subscription.not_running',
  409,
  (d) => `The subscription ${d.subscriptionId} is ${d.status}; only one that runs can be changed.`,
);
export const SubscriptionIsDefault = defineError<{ subscriptionId: string }>(
  'subscription.is_default',
  409,
  'This is the free plan that every tenant has: it cannot be changed or cancelled. Subscribe to another plan beside it.',
);
export const SubscriptionUnpaid = defineError<{ subscriptionId: string; invoiceId: string | null }>(
  'subscription.unpaid',
  409,
  (d) =>
    d.invoiceId === null
      ? 'The subscription is not paid yet: its invoice is on its way. Order another plan to replace it.'
      : `The subscription has an invoice to be paid first: ${d.invoiceId}.`,
);
export const SamePlan = defineError<{ priceCode: string }>(
  'subscription.same_plan',
  409,
  (d) => `The subscription is on ${d.priceCode} already.`,
);
export const PlanNotInLine = defineError<{ priceCode: string; reason: 'line' | 'currency' }>(
  'subscription.other_line',
  409,
  (d) =>
    `${d.priceCode} is of another ${d.reason}, so this subscription cannot become it. Subscribe to it on its own, then cancel this one.`,
);
export const ChangeOpen = defineError<{
  changeId: string;
  kind: ChangeRow['kind'];
  state: ChangeRow['state'];
  invoiceId: string | null;
}>(
  'subscription.change_open',
  409,
  (d) =>
    `Another change of this subscription is under way (${d.kind}, ${d.state}). ${
      d.kind === 'upgrade' ? 'Pay its invoice, or take' : 'Take'
    } it back first (resume).`,
);
export const NothingToResume = defineError<{ subscriptionId: string }>(
  'subscription.nothing_to_resume',
  409,
  'Nothing of this subscription waits that could be taken back.',
);
export const ChangeTooLate = defineError<{ changeId: string }>(
  'subscription.change_too_late',
  409,
  'The change is being paid or carried out right now, so it can no longer be taken back.',
);
