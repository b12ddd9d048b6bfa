import type { TenantContext } from '#core/context.ts';
import { afterCommit, withTransaction } from '#core/db/transaction.ts';
import { record } from '#modules/audit/service.ts';
import { ownersOf } from '#modules/identity/members/service.ts';
import { sendMail } from '#modules/mail/service.ts';
import { type PaymentRow, payments } from '../checkout/queries.ts';
import type { Refunded } from '../gateways/gateway.ts';
import { invoices } from '../invoices/queries.ts';

/** Makes the ledger say what the provider says of the money that went back. True when something was different. */
export function applyRefund(ctx: TenantContext, paymentId: string, there: Refunded): Promise<boolean> {
  return withTransaction(ctx, async (ctx) => {
    const ledger = payments(ctx, ctx.tenantId);
    const payment = await ledger.lock(paymentId);
    if (!payment || payment.refund_reference !== null) return false;
    const state = stateAfter(payment, there);
    const { refundedMinor: refunded_minor, refundId } = there;
    if (state === payment.state && refunded_minor === payment.refunded_minor) return false;
    await ledger.update(paymentId, {
      state,
      refunded_minor,
      provider_refund_id: refundId,
      refunded_at: state === 'refunded' ? (payment.refunded_at ?? new Date()) : null,
      refund_problem: state === 'refund_failed' ? there.problem : null,
    });
    await tell(ctx, { ...payment, refunded_minor }, state, there.problem);
    return true;
  });
}

function stateAfter({ state, amount_minor: amount }: PaymentRow, there: Refunded): PaymentRow['state'] {
  if (there.refundedMinor >= amount) return 'refunded';
  // What settles an invoice and went back in part settles it still: an operator's kindness.
  if (state === 'settling' || state === 'settled') return state;
  if (there.isPending) return 'refund_pending';
  // A bank may send back what had succeeded.
  return there.problem !== null && state !== 'refund_due' ? 'refund_failed' : state;
}

/** The provider refused, and nothing has gone back. */
export function failRefund(ctx: TenantContext, paymentId: string, problem: string): Promise<void> {
  return withTransaction(ctx, async (ctx) => {
    const ledger = payments(ctx, ctx.tenantId);
    const payment = await ledger.lock(paymentId);
    if (payment?.state !== 'refund_pending') return;
    await ledger.update(paymentId, { state: 'refund_failed', refund_problem: problem });
    await tell(ctx, payment, 'refund_failed', problem);
  });
}

async function tell(
  ctx: TenantContext,
  payment: PaymentRow,
  state: PaymentRow['state'],
  problem: string | null,
): Promise<void> {
  const { id: subject, state: before, amount_minor: amountMinor, currency, refunded_minor: refundedMinor } = payment;
  const details = { amountMinor, currency, refundedMinor, ...(problem !== null && { problem }) };
  if (state === 'refund_failed') {
    await record(ctx, { action: 'payment.refund_failed', subject, details });
    afterCommit(ctx, () => {
      ctx.metrics.refundsDue.inc();
      ctx.log.error({ paymentId: subject, ...details }, 'a refund did not go through');
    });
  } else if (state !== 'refund_pending') {
    await record(ctx, { action: 'payment.refunded', subject, details });
    if (state === 'refunded' && before !== 'refunded') await tellRefunded(ctx, payment);
    if (before === 'settled' || before === 'settling')
      afterCommit(ctx, () =>
        ctx.log.warn(
          { paymentId: subject, ...details },
          'money that settled an invoice was given back at the provider',
        ),
      );
  }
}

export async function tellRefunded(ctx: TenantContext, payment: PaymentRow): Promise<void> {
  const invoice = await invoices(ctx, ctx.tenantId).find(payment.invoice_id);
  for (const owner of await ownersOf(ctx))
    await sendMail(ctx, {
      template: 'refund_sent',
      key: `${payment.id}/${payment.refund_try}/${owner.userId}`,
      to: owner,
      data: {
        number: invoice?.number ?? payment.invoice_id,
        currency: payment.currency,
        totalMinor: payment.amount_minor,
        invoiceUrl: `${ctx.config.PUBLIC_URL}/billing?invoice=${payment.invoice_id}`,
      },
    });
}
