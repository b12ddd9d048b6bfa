import type { EngineInvoice, EngineInvoiceSummary, EngineSubscription } from '../engine.ts';
import { partsOf } from './parts.ts';
import type { LagoInvoice, LagoSubscription } from './shapes.ts';

/** Lago's objects in the words that every engine shares. */
export function toSubscription(remote: LagoSubscription): EngineSubscription {
  return {
    id: remote.external_id,
    customerId: remote.external_customer_id,
    planCode: remote.plan_code,
    // Incomplete: it waits for a payment that a provider of Lago's own would collect.
    status: remote.status === 'incomplete' ? 'pending' : remote.status,
    startedAt: remote.started_at,
    endedAt: remote.terminated_at ?? remote.canceled_at,
    periodEndsAt: nextSecond(remote.current_billing_period_ending_at),
    nextPlanCode: remote.downgrade_plan_date === null ? null : remote.next_plan_code,
    nextPlanAt: remote.downgrade_plan_date,
    endsAt: nextSecond(remote.ending_at),
    revision: remote.lago_id,
  };
}

/** Lago names the last second of a period, we the first moment after it. */
const nextSecond = (date: Date | null): Date | null => (date ? new Date(date.getTime() + 1000) : null);

export function toSummary(remote: LagoInvoice): EngineInvoiceSummary {
  return {
    id: remote.lago_id,
    customerId: remote.customer.external_id,
    number: remote.number,
    status: remote.status,
    paymentStatus: remote.payment_status,
    isOverdue: remote.payment_overdue,
    currency: remote.currency,
    totalMinor: remote.total_amount_cents,
    issuedAt: remote.issuing_date,
    dueAt: remote.payment_due_date ?? null,
    createdAt: remote.created_at,
    updatedAt: remote.updated_at,
    subscriptionIds: remote.billing_periods?.map((period) => period.external_subscription_id) ?? null,
  };
}

export const toInvoice = (remote: LagoInvoice): EngineInvoice => ({
  ...toSummary(remote),
  parts: partsOf(remote),
  title: remote.fees[0]?.item.name ?? null,
});
