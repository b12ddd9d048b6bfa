import {
  billEnd,
  billRenewal,
  billRestOfPeriod,
  billStart,
  creditUnused,
  issueInvoice,
  trialEndOf,
} from './invoicing.ts';
import type { CreditNoteOption, Subscription } from './model.ts';
import type { Organization } from './organization.ts';
import { cycleOf, periodAt, yearlyAmountCents } from './periods.ts';
import { nextOf, presentSubscription } from './present.ts';

export function notify(org: Organization, type: string, subscription: Subscription): void {
  const payload = presentSubscription(org, subscription, ['plan', 'customer']);
  org.webhooks.send(org, `subscription.${type}`, 'subscription', payload);
}

/** Same yearly price counts as an upgrade. */
export const isUpgrade = (from: Subscription, to: Subscription): boolean =>
  yearlyAmountCents(to.plan) >= yearlyAmountCents(from.plan);

/** A pending row comes to life: on its own, as an upgrade of a running one, or as the downgrade that was waiting. */
export function activate(org: Organization, subscription: Subscription, at: Date): void {
  const { previous } = subscription;
  if (!previous) return activateAlone(org, subscription, at);
  if (isUpgrade(previous, subscription)) upgrade(org, previous, subscription, at);
  else switchDown(org, previous, subscription, at);
}

/** A subscription dated in the past runs, but its first invoice is the next period's. */
export function activateInPast(org: Organization, subscription: Subscription, at: Date): void {
  markActive(subscription, subscription.subscriptionAt, at);
  notify(org, 'started', subscription);
}

function activateAlone(org: Organization, subscription: Subscription, at: Date): void {
  markActive(subscription, at, at);
  if (isBilledAtOnce(subscription, at)) issueInvoice(org, [billStart(subscription, at)], at);
  notify(org, 'started', subscription);
}

function upgrade(org: Organization, old: Subscription, fresh: Subscription, at: Date): void {
  markTerminated(old, at);
  if (old.plan.payInAdvance) creditUnused(org, old, at, true);
  notify(org, 'terminated', old);
  markActive(fresh, at, at);
  notify(org, 'started', fresh);
  billSwitch(org, old, fresh, at);
}

function switchDown(org: Organization, old: Subscription, fresh: Subscription, at: Date): void {
  markTerminated(old, at);
  markActive(fresh, at, at);
  notify(org, 'terminated', old);
  notify(org, 'started', fresh);
  billSwitch(org, old, fresh, at);
}

/** One invoice for both halves of a change of plan. */
function billSwitch(org: Organization, old: Subscription, fresh: Subscription, at: Date): void {
  const bills = [billEnd(old, at, 'upgrading')];
  if (isBilledAtOnce(fresh, at)) bills.push(billRestOfPeriod(fresh, at, 'upgrading'));
  issueInvoice(org, bills, at);
}

function isBilledAtOnce(subscription: Subscription, at: Date): boolean {
  const trialEnd = trialEndOf(subscription);
  return subscription.plan.payInAdvance && !(trialEnd && trialEnd > at);
}

export function renew(org: Organization, subscriptions: Subscription[], at: Date): void {
  const bills = subscriptions.map((subscription) => {
    const boundary = subscription.nextBillingAt ?? at;
    subscription.nextBillingAt = periodAt(cycleOf(subscription), boundary).end;
    return billRenewal(subscription, boundary);
  });
  issueInvoice(org, bills, at);
}

/** The trial is over: a plan paid in advance is billed for the rest of the period. */
export function endTrial(org: Organization, subscription: Subscription, at: Date): void {
  subscription.trialEndedAt = at;
  notify(org, 'trial_ended', subscription);
  if (!subscription.plan.payInAdvance) return;
  const bill = billRestOfPeriod(subscription, trialEndOf(subscription) ?? at, 'subscription_starting');
  issueInvoice(org, [bill], at);
}

export interface TerminationOptions {
  creditNote: CreditNoteOption;
  invoice: 'generate' | 'skip';
}

export function terminate(org: Organization, subscription: Subscription, options: TerminationOptions, at: Date): void {
  markTerminated(subscription, at);
  subscription.onTerminationInvoice = options.invoice;
  if (subscription.plan.payInAdvance) {
    subscription.onTerminationCreditNote = options.creditNote;
    if (options.creditNote !== 'skip') creditUnused(org, subscription, at, false);
  }
  if (options.invoice === 'generate') issueInvoice(org, [billEnd(subscription, at, 'subscription_terminating')], at);
  const next = nextOf(org, subscription);
  if (next) markCanceled(next, at);
  notify(org, 'terminated', subscription);
}

/** A pending row never ran; its end is announced as `subscription.terminated` all the same. */
export function cancel(org: Organization, subscription: Subscription, at: Date): void {
  markCanceled(subscription, at);
  if (subscription.previous) notify(org, 'updated', subscription.previous);
  notify(org, 'terminated', subscription);
}

export function markCanceled(subscription: Subscription, at: Date): void {
  subscription.status = 'canceled';
  subscription.canceledAt = at;
}

function markActive(subscription: Subscription, startedAt: Date, at: Date): void {
  subscription.status = 'active';
  subscription.startedAt = startedAt;
  subscription.activatedAt = at;
  subscription.nextBillingAt = periodAt(cycleOf(subscription), at).end;
  // A trial runs once for an external id: after a change of plan it may be over already.
  const trialEnd = trialEndOf(subscription);
  if (trialEnd && trialEnd <= at) subscription.trialEndedAt = trialEnd;
}

function markTerminated(subscription: Subscription, at: Date): void {
  subscription.status = 'terminated';
  subscription.terminatedAt = at;
  subscription.nextBillingAt = null;
}
