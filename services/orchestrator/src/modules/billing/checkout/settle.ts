import type { TenantContext } from '#core/context.ts';
import { withTransaction } from '#core/db/transaction.ts';
import { type InvoiceRow, invoices } from '../invoices/queries.ts';
import { projectInvoice } from '../projection/invoice.ts';
import { engineOf } from '../providers/engine.ts';
import { type PaymentRow, payments } from './queries.ts';
import { announceRefund } from './refunds.ts';

/**
 * Tells the engine that the invoice is paid, and believes it only when it says so itself (contracts/billing.md F4).
 * In the caller's turn for the tenant.
 */
export async function settle(ctx: TenantContext, paymentId: string): Promise<void> {
  const ledger = payments(ctx, ctx.tenantId);
  const payment = await ledger.find(paymentId);
  if (payment?.state !== 'settling') return;
  const invoice = await invoices(ctx, ctx.tenantId).find(payment.invoice_id);
  if (!invoice) throw new Error(`The payment ${paymentId} is for an invoice that is not there`);
  const engine = engineOf(ctx);
  const read = async () => {
    const remote = await engine.readInvoice(invoice.lago_id);
    if (!remote) throw new Error(`${engine.name} does not know the invoice ${invoice.lago_id}`);
    return remote;
  };
  let remote = await read();
  if (remote.status !== 'voided' && remote.paymentStatus !== 'succeeded') {
    const { provider, provider_payment_id: reference } = payment;
    await engine.markPaid(invoice.lago_id, { provider, reference });
    remote = await read();
  }
  const { status, paymentStatus } = remote;
  if (status === 'voided') await giveBack(ctx, invoice, payment);
  else if (paymentStatus !== 'succeeded')
    throw new Error(`${engine.name} still says ${paymentStatus} of ${invoice.lago_id}`);
  await projectInvoice(ctx, remote);
  await ledger.markSettled(paymentId);
}

function giveBack(ctx: TenantContext, invoice: InvoiceRow, payment: PaymentRow): Promise<void> {
  return withTransaction(ctx, async (ctx) => {
    if (await payments(ctx, ctx.tenantId).markRefundDue(payment.id, 'invoice_voided'))
      await announceRefund(ctx, invoice, payment, 'invoice_voided');
  });
}
