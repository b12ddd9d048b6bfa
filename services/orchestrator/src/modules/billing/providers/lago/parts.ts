import type { InvoicePart } from '../engine.ts';
import type { LagoInvoice } from './shapes.ts';

/** What an invoice is for, the dearest first: Lago bills together what falls due on one day. */
export function partsOf(remote: LagoInvoice): InvoicePart[] {
  const ids = new Set([
    ...(remote.billing_periods ?? []).map((period) => period.external_subscription_id),
    ...remote.subscriptions.map((subscription) => subscription.external_id),
  ]);
  return [...ids]
    .map((subscriptionId) => ({
      subscriptionId,
      priceCode: planFeeOf(remote, subscriptionId) ?? startedPlanOf(remote, subscriptionId) ?? null,
      amountMinor: feesOf(remote, subscriptionId).reduce((sum, fee) => sum + fee.amount_cents, 0),
    }))
    .sort((a, b) => b.amountMinor - a.amountMinor);
}

const feesOf = (remote: LagoInvoice, subscriptionId: string) =>
  remote.fees.filter((fee) => fee.external_subscription_id === subscriptionId);

/** After an upgrade the new plan's, whatever becomes of the subscription later. */
const planFeeOf = (remote: LagoInvoice, subscriptionId: string) =>
  feesOf(remote, subscriptionId).findLast(({ item }) => item.type === 'subscription')?.item.code;

/** The first invoice of a free plan need not have a fee. */
function startedPlanOf(remote: LagoInvoice, subscriptionId: string): string | undefined {
  const hasStarted = remote.billing_periods?.some(
    (period) =>
      period.external_subscription_id === subscriptionId && period.invoicing_reason === 'subscription_starting',
  );
  return hasStarted ? remote.subscriptions.find(({ external_id: id }) => id === subscriptionId)?.plan_code : undefined;
}
