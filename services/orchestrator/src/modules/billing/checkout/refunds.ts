import type { TenantContext } from '#core/context.ts';
import { afterCommit } from '#core/db/transaction.ts';
import { record } from '#modules/audit/service.ts';
import { mailRefundDue } from '../invoices/mails.ts';
import type { InvoiceRow } from '../invoices/queries.ts';
import type { PaymentRow, RefundReason } from './queries.ts';

type Received = Pick<PaymentRow, 'id' | 'amount_minor' | 'currency'>;

/** Tells the owners, the audit log and whoever runs the product, in the transaction that wrote `refund_due`. */
export async function announceRefund(
  ctx: TenantContext,
  invoice: InvoiceRow,
  payment: Received,
  reason: RefundReason,
): Promise<void> {
  const { id, amount_minor: amountMinor, currency } = payment;
  const details = { invoiceId: invoice.id, amountMinor, currency, reason };
  await record(ctx, { action: 'payment.refund_due', subject: id, details });
  await mailRefundDue(ctx, invoice, { id, amountMinor, currency, isDouble: reason === 'invoice_already_paid' });
  afterCommit(ctx, () => {
    ctx.metrics.refundsDue.inc();
    ctx.log.error({ paymentId: id, ...details }, 'a payment is to be given back');
  });
}
