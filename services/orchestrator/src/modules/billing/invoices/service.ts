import type { TenantContext } from '#core/context.ts';
import { NotFound } from '#core/errors.ts';
import type { Page, PageQuery } from '#core/http/pagination.ts';
import { type InvoiceRow, invoices } from './queries.ts';
import type { Invoice } from './schemas.ts';

export async function getInvoice(ctx: TenantContext, id: string): Promise<Invoice> {
  const row = await invoices(ctx, ctx.tenantId).find(id);
  if (!row) throw NotFound({ entity: 'invoice', id });
  return present(row);
}

export async function listInvoices(ctx: TenantContext, query: PageQuery): Promise<Page<Invoice>> {
  const page = await invoices(ctx, ctx.tenantId).page(query);
  return { ...page, items: page.items.map(present) };
}

const present = (row: InvoiceRow): Invoice => ({
  id: row.id,
  number: row.number,
  status: row.status,
  paymentStatus: row.payment_status,
  isOverdue: row.is_overdue === 1,
  currency: row.currency,
  totalMinor: row.total_minor,
  issuedAt: row.issued_at.toISOString(),
  dueAt: row.due_at?.toISOString() ?? null,
  paidAt: row.paid_at?.toISOString() ?? null,
  subscriptionId: row.subscription_id,
  description: row.description,
});
