import type { Knex } from 'knex';
import type { Context } from '#core/context.ts';
import { type PageQuery, paginate } from '#core/http/pagination.ts';

export interface InvoiceRow {
  id: string;
  lago_id: string;
  tenant_id: string;
  subscription_id: string | null;
  price_code: string | null;
  number: string;
  description: string | null;
  status: string;
  payment_status: 'pending' | 'succeeded' | 'failed';
  is_overdue: 0 | 1;
  currency: string;
  total_minor: number;
  issued_at: Date;
  due_at: Date | null;
  paid_at: Date | null;
  lago_updated_at: Date;
}

/** A part of an invoice. */
export interface CoverRow {
  invoice_id: string;
  subscription_id: string;
  /** The plan whose fee it is; null when it is only about usage. */
  price_code: string | null;
  /** What it comes to; null when it was projected by an earlier version. */
  amount_minor: number | null;
}

export function invoices({ db }: Context, tenantId: string) {
  const mine = () => db<InvoiceRow>('invoices').where({ tenant_id: tenantId });
  return {
    find: (id: string) => mine().where({ id }).first(),
    lock: (id: string) => mine().where({ id }).forUpdate().first(),
    lockByLagoId: (lagoId: string) => mine().where({ lago_id: lagoId }).forUpdate().first(),
    insertNew: (row: Omit<InvoiceRow, 'tenant_id'>): Promise<unknown> =>
      db('invoices')
        .insert({ tenant_id: tenantId, ...row })
        .onConflict('lago_id')
        .ignore(),
    update: (id: string, change: Partial<InvoiceRow>) => mine().where({ id }).update(change),
    page: (query: PageQuery) => paginate(mine() as Knex.QueryBuilder<InvoiceRow, InvoiceRow[]>, query),
    cover: async (invoiceId: string, parts: readonly Omit<CoverRow, 'invoice_id'>[]): Promise<void> => {
      const rows = parts.map((part) => ({ invoice_id: invoiceId, ...part }));
      if (rows.length > 0) await db('invoice_subscriptions').insert(rows).onConflict().ignore();
    },
    coveredBy: (invoiceId: string) => db<CoverRow>('invoice_subscriptions').where({ invoice_id: invoiceId }),
    /** The first that somebody still has to pay for this subscription. */
    openOf: (subscriptionId: string) =>
      mine()
        .where({ status: 'finalized' })
        .whereNot({ payment_status: 'succeeded' })
        .where('total_minor', '>', 0)
        .whereIn(
          'id',
          db<CoverRow>('invoice_subscriptions').where({ subscription_id: subscriptionId }).select('invoice_id'),
        )
        .orderBy('id')
        .first(),
    /** For the plan, first seen since then, and not void. */
    ofPlanSince: (subscriptionId: string, priceCode: string, since: Date) =>
      mine()
        .where({ status: 'finalized' })
        .where('created_at', '>=', since)
        .whereIn(
          'id',
          db<CoverRow>('invoice_subscriptions')
            .where({ subscription_id: subscriptionId, price_code: priceCode })
            .select('invoice_id'),
        )
        .orderBy('created_at', 'desc')
        .first(),
    ofSubscription: (subscriptionId: string) =>
      mine().whereIn(
        'id',
        db<CoverRow>('invoice_subscriptions').where({ subscription_id: subscriptionId }).select('invoice_id'),
      ),
  };
}

/** Of all tenants, by the engine's id: what we believe of it, and since when. */
export const knownInvoices = ({ db }: Context, lagoIds: readonly string[]) =>
  db<InvoiceRow>('invoices').whereIn('lago_id', [...lagoIds]);

/** Of all tenants: those that somebody still has to pay. */
export const openInvoices = ({ db }: Context) =>
  db<InvoiceRow>('invoices').where({ status: 'finalized' }).whereNot({ payment_status: 'succeeded' });
