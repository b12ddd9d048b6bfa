import type { Knex } from 'knex';
import { type Page, type PageQuery, paginate } from '#core/http/pagination.ts';
import type { RefundedPayment } from '#modules/billing/refunds/schemas.ts';

export type PaymentState = RefundedPayment['state'];

export interface PaymentRow {
  id: string;
  tenant_id: string;
  tenant_name: string | null;
  invoice_id: string;
  invoice_number: string | null;
  attempt_id: string;
  provider: 'stripe' | 'chargily';
  provider_payment_id: string;
  amount_minor: number;
  currency: string;
  state: PaymentState;
  reason: string | null;
  received_at: Date;
  settled_at: Date | null;
  refunded_minor: number;
  refunded_at: Date | null;
  refund_reference: string | null;
  refund_problem: string | null;
  dispute_status: string | null;
}

/** Of all tenants, newest first. */
export function paymentPage(
  db: Knex,
  filter: { tenantId?: string; states?: readonly PaymentState[] },
  query: PageQuery,
): Promise<Page<PaymentRow>> {
  const rows = db('payments as p')
    .leftJoin('tenants as t', 't.id', 'p.tenant_id')
    .leftJoin('invoices as i', 'i.id', 'p.invoice_id')
    .select('p.*', { tenant_name: 't.name', invoice_number: 'i.number' });
  if (filter.tenantId !== undefined) void rows.where('p.tenant_id', filter.tenantId);
  if (filter.states) void rows.whereIn('p.state', [...filter.states]);
  return paginate(rows as unknown as Knex.QueryBuilder<PaymentRow, PaymentRow[]>, query, 'p.id');
}
