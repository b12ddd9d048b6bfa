import type { TenantContext } from '#core/context.ts';
import { ownersOf } from '#modules/identity/members/service.ts';
import { sendMail } from '#modules/mail/service.ts';
import type { InvoiceRow } from '../invoices/queries.ts';

/** The kept card could not be charged, because its bank wants to hear it from its owner. Once per attempt. */
export async function mailOwnerNeeded(ctx: TenantContext, invoice: InvoiceRow, attemptId: string): Promise<void> {
  for (const owner of await ownersOf(ctx))
    await sendMail(ctx, {
      template: 'payment_action',
      key: `${attemptId}/${owner.userId}`,
      to: owner,
      data: {
        number: invoice.number,
        currency: invoice.currency,
        totalMinor: invoice.total_minor,
        invoiceUrl: `${ctx.config.PUBLIC_URL}/billing?invoice=${invoice.id}`,
      },
    });
}
