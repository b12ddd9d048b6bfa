import type { TenantContext } from '#core/context.ts';
import { withTransaction } from '#core/db/transaction.ts';
import { NotFound } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import { record } from '#modules/audit/service.ts';
import { type InvoiceRow, invoices } from '../invoices/queries.ts';
import { isWithdrawn } from '../subscriptions/withdrawn.ts';
import { InvoiceNotPayable, type Obstacle } from './errors.ts';
import { type AttemptRow, attempts, payments } from './queries.ts';

export async function requirePayable(ctx: TenantContext, invoiceId: string): Promise<InvoiceRow> {
  const invoice = await invoices(ctx, ctx.tenantId).find(invoiceId);
  if (!invoice) throw NotFound({ entity: 'invoice', id: invoiceId });
  const refuse = (reason: Obstacle) => InvoiceNotPayable({ invoiceId, reason });
  if (invoice.payment_status === 'succeeded') throw refuse('paid');
  if (invoice.status !== 'finalized') throw refuse('voided');
  if (invoice.total_minor <= 0) throw refuse('zero');
  if (await isWithdrawn(ctx, invoiceId)) throw refuse('withdrawn');
  if (await payments(ctx, ctx.tenantId).settling(invoiceId)) throw refuse('processing');
  return invoice;
}

type Way = Pick<AttemptRow, 'provider' | 'kind' | 'keep_card' | 'expires_at'>;

/** The row before the call. Nothing happens when another attempt of the invoice is live. */
export function startAttempt(ctx: TenantContext, invoice: InvoiceRow, way: Way): Promise<void> {
  return withTransaction(ctx, async (ctx) => {
    // Its order may have been taken back since we looked; from here on it cannot be, until this attempt can be seen.
    if (await isWithdrawn(ctx, invoice.id)) throw InvoiceNotPayable({ invoiceId: invoice.id, reason: 'withdrawn' });
    const id = newId('paymentAttempt');
    const { total_minor: amountMinor, currency } = invoice;
    const rows = attempts(ctx, ctx.tenantId);
    await rows.insertLive({ id, invoice_id: invoice.id, amount_minor: amountMinor, currency, ...way });
    if (!(await rows.find(id))) return;
    const { provider, kind, keep_card: keepCard } = way;
    const details = { attemptId: id, provider, ...(kind === 'page' && { keepCard: keepCard === 1 }) };
    const action = kind === 'page' ? 'invoice.checkout' : 'invoice.charge';
    await record(ctx, { action, subject: invoice.id, details });
  });
}
