import { type Context, type TenantContext, withTenant } from '#core/context.ts';
import { withTransaction } from '#core/db/transaction.ts';
import { NotFound, defineError } from '#core/errors.ts';
import { stableUuid } from '#core/ids.ts';
import { enqueue } from '#core/jobs/enqueue.ts';
import { record } from '#modules/audit/service.ts';
import { type PaymentRow, paymentById, paymentByProviderId, payments } from '../checkout/queries.ts';
import { forTenant } from '../customers.ts';
import { findGateway } from '../gateways/service.ts';
import { ProviderRefused } from '../providers/errors.ts';
import { applyRefund, failRefund, tellRefunded } from './apply.ts';
import { type RefundByHand, type RefundedPayment, sendRefund } from './schemas.ts';

export const NotRefundable = defineError<{ paymentId: string; state: PaymentRow['state'] }>(
  'payment.not_refundable',
  409,
  (d) =>
    `The payment ${d.paymentId} is not one to give back: its state is ${d.state}. Only what is refund_due or refund_failed is.`,
);
export const RefundNeedsHand = defineError<{ provider: string }>(
  'payment.refund_by_hand',
  409,
  (d) =>
    `${d.provider} takes no refunds from this server: it has no way to, or its keys are not set. Give the money back in its dashboard, then note it here as done by hand.`,
);

const REFUNDABLE: readonly PaymentRow['state'][] = ['refund_due', 'refund_failed'];

/**
 * Gives a payment back by the way it came. What is to be done is written down first; a job asks the provider, under a
 * key of this try, until it answers. A second call meanwhile is refused.
 */
export function refundPayment(ctx: Context, paymentId: string): Promise<RefundedPayment> {
  return onRefundable(ctx, paymentId, async (ctx, payment) => {
    if (!findGateway(ctx, payment.provider)?.refunds) throw RefundNeedsHand({ provider: payment.provider });
    const refundTry = payment.refund_try + 1;
    const change = { state: 'refund_pending', refund_try: refundTry, refund_problem: null } as const;
    await payments(ctx, ctx.tenantId).update(paymentId, change);
    await enqueue(ctx, sendRefund, { tenantId: ctx.tenantId, paymentId, refundTry });
    await record(ctx, { action: 'payment.refund', subject: paymentId, details: detailsOf(payment) });
    return { ...payment, ...change };
  });
}

/** A person has given the money back at the provider or by a transfer: nobody is asked whether that is so. */
export function markRefundedByHand(
  ctx: Context,
  paymentId: string,
  { reference }: RefundByHand,
): Promise<RefundedPayment> {
  return onRefundable(ctx, paymentId, async (ctx, payment) => {
    const change = {
      state: 'refunded',
      refunded_minor: payment.amount_minor,
      refunded_at: new Date(),
      refund_reference: reference,
      refund_problem: null,
    } as const;
    await payments(ctx, ctx.tenantId).update(paymentId, change);
    const details = { ...detailsOf(payment), reference };
    await record(ctx, { action: 'payment.refund_by_hand', subject: paymentId, details });
    await tellRefunded(ctx, payment);
    return { ...payment, ...change };
  });
}

async function onRefundable(
  ctx: Context,
  paymentId: string,
  act: (ctx: TenantContext, payment: PaymentRow) => Promise<PaymentRow>,
): Promise<RefundedPayment> {
  const found = await paymentById(ctx, paymentId);
  if (!found) throw NotFound({ entity: 'payment', id: paymentId });
  return withTransaction(withTenant(ctx, found.tenant_id), async (ctx) => {
    const payment = await payments(ctx, ctx.tenantId).lock(paymentId);
    if (!payment) throw NotFound({ entity: 'payment', id: paymentId });
    if (!REFUNDABLE.includes(payment.state)) throw NotRefundable({ paymentId, state: payment.state });
    return present(await act(ctx, payment));
  });
}

/** In the caller's turn for the tenant. */
export async function carryOutRefund(ctx: TenantContext, paymentId: string, refundTry: number): Promise<void> {
  const payment = await payments(ctx, ctx.tenantId).find(paymentId);
  if (payment?.state !== 'refund_pending' || payment.refund_try !== refundTry) return;
  const desk = findGateway(ctx, payment.provider)?.refunds;
  if (!desk) throw RefundNeedsHand({ provider: payment.provider });
  const { provider_payment_id: providerPaymentId } = payment;
  try {
    await desk.refund(providerPaymentId, stableUuid('refund', paymentId, refundTry));
  } catch (error) {
    if (!(error instanceof ProviderRefused)) throw error;
    // Refused also when somebody has given it back there already: what is there decides.
    const there = await desk.read(providerPaymentId);
    if (there.refundedMinor === 0 && !there.isPending) return failRefund(ctx, paymentId, error.said);
  }
  await applyRefund(ctx, paymentId, await desk.read(providerPaymentId));
}

/** A refund's news, ours or somebody's in the provider's dashboard. */
export async function followRefund(ctx: Context, providerPaymentId: string | null | undefined): Promise<string> {
  const payment = providerPaymentId == null ? undefined : await paymentByProviderId(ctx, 'stripe', providerPaymentId);
  const desk = payment && findGateway(ctx, payment.provider)?.refunds;
  if (!desk) return 'ignored: not a payment of ours';
  return forTenant(ctx, payment.tenant_id, async (ctx) =>
    (await applyRefund(ctx, payment.id, await desk.read(payment.provider_payment_id))) ? 'refund noted' : 'nothing new',
  );
}

const detailsOf = ({ invoice_id: invoiceId, amount_minor: amountMinor, currency, provider }: PaymentRow) => ({
  invoiceId,
  amountMinor,
  currency,
  provider,
});

const present = (row: PaymentRow): RefundedPayment => ({
  paymentId: row.id,
  state: row.state,
  amountMinor: row.amount_minor,
  currency: row.currency,
  refundedMinor: row.refunded_minor,
  refundedAt: row.refunded_at?.toISOString() ?? null,
  reference: row.refund_reference,
  problem: row.refund_problem,
});
