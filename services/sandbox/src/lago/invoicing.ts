import { measure } from './metering.ts';
import type { BillingPeriod, CreditNote, Fee, Invoice, InvoicingReason, Subscription } from './model.ts';
import { newId, type Organization } from './organization.ts';
import { addDays, cycleOf, daysBetween, later, periodAt, periodBefore, startOfDay } from './periods.ts';
import { customerSlug } from './present.ts';
import { presentFullInvoice } from './present-invoice.ts';

/** One subscription's part of an invoice. */
export interface Bill {
  period: BillingPeriod;
  /** Fee of the plan itself; null = none on this invoice. */
  planFeeCents: number | null;
  hasCharges: boolean;
}

/** Plan price of `days` of the period that contains `at`, not yet rounded. */
function priceOfDays(subscription: Subscription, at: Date, days: number): number {
  const { from, end } = periodAt(cycleOf(subscription), at);
  return (subscription.plan.amountCents * Math.max(0, days)) / daysBetween(from, end);
}

/** When the trial is over; null without one. It runs from the first row of the external id. */
export function trialEndOf(subscription: Subscription): Date | null {
  let first = subscription;
  while (first.previous) first = first.previous;
  const days = subscription.plan.trialPeriodDays;
  return days > 0 && first.startedAt ? addDays(first.startedAt, days) : null;
}

/** Paid in advance from the middle of a period: its remaining days, today included. */
export function billRestOfPeriod(subscription: Subscription, at: Date, reason: InvoicingReason): Bill {
  const period = periodAt(cycleOf(subscription), at);
  return {
    period: { subscription, reason, from: startOfDay(at), to: period.end, chargesFrom: at, chargesTo: at },
    planFeeCents: Math.round(priceOfDays(subscription, at, daysBetween(at, period.end))),
    hasCharges: false,
  };
}

/** First invoice of a plan paid in advance: whole on an anniversary cycle, by days on a calendar one. */
export function billStart(subscription: Subscription, at: Date): Bill {
  const bill = billRestOfPeriod(subscription, at, 'subscription_starting');
  return subscription.billingTime === 'anniversary' ? { ...bill, planFeeCents: subscription.plan.amountCents } : bill;
}

/** The invoice at the start of a period: the new one if paid in advance, else the past one, and the past one's usage. */
export function billRenewal(subscription: Subscription, boundary: Date): Bill {
  const cycle = cycleOf(subscription);
  const past = periodBefore(cycle, boundary);
  const current = periodAt(cycle, boundary);
  const usedFrom = later(past.from, subscription.startedAt ?? past.from);
  const trialEnd = trialEndOf(subscription);
  const { payInAdvance, amountCents } = subscription.plan;
  const advanceCents = trialEnd && trialEnd > boundary ? null : amountCents;
  const days = daysBetween(later(usedFrom, trialEnd ?? usedFrom), past.end);
  return {
    period: {
      subscription,
      reason: 'subscription_periodic',
      from: payInAdvance ? current.from : usedFrom,
      to: payInAdvance ? current.end : past.end,
      chargesFrom: usedFrom,
      chargesTo: past.end,
    },
    planFeeCents: payInAdvance ? advanceCents : Math.round(priceOfDays(subscription, past.from, days)),
    hasCharges: true,
  };
}

/** The last bill of a row that ended at `endedAt`. An upgrade leaves the day itself to the new plan. */
export function billEnd(subscription: Subscription, endedAt: Date, reason: InvoicingReason): Bill {
  // At a period's very boundary it is the past period that is billed.
  const lastMoment = new Date(endedAt.getTime() - 1);
  const period = periodAt(cycleOf(subscription), lastMoment);
  const from = later(period.from, subscription.startedAt ?? period.from);
  const lastDayEnd = addDays(startOfDay(lastMoment), reason === 'upgrading' && endedAt < period.end ? 0 : 1);
  const days = daysBetween(later(from, trialEndOf(subscription) ?? from), lastDayEnd);
  return {
    period: { subscription, reason, from, to: later(from, lastDayEnd), chargesFrom: from, chargesTo: endedAt },
    planFeeCents: subscription.plan.payInAdvance ? null : Math.round(priceOfDays(subscription, lastMoment, days)),
    hasCharges: true,
  };
}

/** Issues one finalised invoice over the bills, uses up the customer's credit, and says so by `invoice.created`. */
export function issueInvoice(org: Organization, bills: Bill[], at: Date): Invoice | undefined {
  const subscription = bills[0]?.period.subscription;
  if (!subscription) return undefined;
  const { customer } = subscription;
  const fees = bills.flatMap((bill) => feesOf(org, bill));
  const feesCents = fees.reduce((sum, fee) => sum + fee.amountCents, 0);
  if (feesCents === 0 && customer.attributes['finalize_zero_amount_invoice'] === 'skip') return undefined;
  const sequentialId = org.rows.invoices.filter((row) => row.customer === customer).length + 1;
  const currency = subscription.plan.currency;
  const credits = useCredit(org, customer.id, currency, feesCents);
  const credited = credits.reduce((sum, credit) => sum + credit.amountCents, 0);
  const totalAmountCents = feesCents - credited;
  const issuingDate = startOfDay(at);
  const invoice: Invoice = {
    id: newId(),
    sequentialId,
    number: `${customerSlug(customer)}-${String(sequentialId).padStart(3, '0')}`,
    customer,
    currency,
    status: 'finalized',
    paymentStatus: totalAmountCents === 0 ? 'succeeded' : 'pending',
    paymentOverdue: false,
    issuingDate,
    paymentDueDate: addDays(issuingDate, customer.netPaymentTerm ?? 0),
    periods: bills.map((bill) => bill.period),
    fees,
    creditNotesAmountCents: credited,
    credits,
    totalAmountCents,
    metadata: [],
    fileUrl: null,
    createdAt: at,
    updatedAt: at,
    voidedAt: null,
  };
  org.rows.invoices.push(invoice);
  org.webhooks.send(org, 'invoice.created', 'invoice', presentFullInvoice(org, invoice));
  return invoice;
}

function feesOf(org: Organization, { period, planFeeCents, hasCharges }: Bill): Fee[] {
  const { subscription, from, to, chargesFrom, chargesTo } = period;
  const planFee: Fee[] =
    planFeeCents === null
      ? []
      : [{ id: newId(), subscription, charge: null, amountCents: planFeeCents, units: 1, eventsCount: null, from, to }];
  if (!hasCharges) return planFee;
  const usage = measure(org, subscription, { from: chargesFrom, end: chargesTo });
  const charges = usage.map((used) => ({ ...used, id: newId(), subscription, from: chargesFrom, to: chargesTo }));
  return [...planFee, ...charges];
}

/**
 * What was billed in advance and not consumed comes back as credit, whether that invoice was paid or not:
 * so does Lago, which only leaves out voided ones.
 */
export function creditUnused(org: Organization, subscription: Subscription, endedAt: Date, isUpgrade: boolean): void {
  const last = lastPlanFee(org, subscription);
  if (!last || last.fee.amountCents === 0 || last.invoice.status === 'voided') return;
  const period = periodAt(cycleOf(subscription), endedAt);
  // The day of an upgrade is credited, for the new plan bills it; the day of a termination was used.
  const days = daysBetween(endedAt, period.end) - (isUpgrade ? 0 : 1);
  const amountCents = Math.min(Math.round(priceOfDays(subscription, endedAt, days)), last.fee.amountCents);
  if (amountCents <= 0) return;
  const note: CreditNote = {
    id: newId(),
    customer: subscription.customer,
    invoice: last.invoice,
    currency: last.invoice.currency,
    amountCents,
    balanceCents: amountCents,
    subscription,
    createdAt: endedAt,
  };
  org.rows.creditNotes.push(note);
}

function lastPlanFee(org: Organization, subscription: Subscription): { invoice: Invoice; fee: Fee } | undefined {
  for (const invoice of org.rows.invoices.toReversed()) {
    const fee = invoice.fees.find((row) => row.subscription === subscription && row.charge === null);
    if (fee) return { invoice, fee };
  }
  return undefined;
}

function useCredit(org: Organization, customerId: string, currency: string, upToCents: number) {
  let used = 0;
  const credits: { note: CreditNote; amountCents: number }[] = [];
  for (const note of org.rows.creditNotes) {
    if (note.customer.id !== customerId || note.currency !== currency) continue;
    const part = Math.min(note.balanceCents, upToCents - used);
    if (part <= 0) continue;
    note.balanceCents -= part;
    used += part;
    credits.push({ note, amountCents: part });
  }
  return credits;
}
