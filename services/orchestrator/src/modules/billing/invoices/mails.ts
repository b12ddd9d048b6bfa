import type { TenantContext } from '#core/context.ts';
import { ownersOf } from '#modules/identity/members/service.ts';
import { sendMail } from '#modules/mail/service.ts';
import type { InvoiceRow } from './queries.ts';

/** To every owner, in their language. */
export async function mailInvoice(ctx: TenantContext, invoice: InvoiceRow): Promise<void> {
  const { description } = invoice;
  for (const owner of await ownersOf(ctx))
    await sendMail(ctx, {
      template: 'invoice',
      key: `${invoice.id}/${owner.userId}`,
      to: owner,
      data: { ...amountOf(ctx, invoice), isPaid: false, ...(description !== null && { description }) },
    });
}

/** Once per payment attempt, however often it was declined. */
export async function mailPaymentFailed(
  ctx: TenantContext,
  invoice: InvoiceRow,
  attempt: { id: string; reason: string | null },
): Promise<void> {
  for (const owner of await ownersOf(ctx))
    await sendMail(ctx, {
      template: 'payment_failed',
      key: `${attempt.id}/${owner.userId}`,
      to: owner,
      data: { ...amountOf(ctx, invoice), ...(attempt.reason !== null && { reason: attempt.reason }) },
    });
}

/** Once per payment. */
export async function mailRefundDue(
  ctx: TenantContext,
  invoice: InvoiceRow,
  payment: { id: string; amountMinor: number; currency: string; isDouble: boolean },
): Promise<void> {
  const { id, amountMinor: totalMinor, currency, isDouble } = payment;
  for (const owner of await ownersOf(ctx))
    await sendMail(ctx, {
      template: 'refund_due',
      key: `${id}/${owner.userId}`,
      to: owner,
      data: { ...amountOf(ctx, invoice), totalMinor, currency, isDouble },
    });
}

const amountOf = (ctx: TenantContext, invoice: InvoiceRow) => ({
  number: invoice.number,
  currency: invoice.currency,
  totalMinor: invoice.total_minor,
  invoiceUrl: `${ctx.config.PUBLIC_URL}/billing?invoice=${invoice.id}`,
});
