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
    ofSubscription: (subscriptionId: string) => mine().where({ subscription_id: subscriptionId }),
  };
}

/** Of all tenants, by the engine's id: what we believe of it, and since when. */
export const knownInvoices = ({ db }: Context, lagoIds: readonly string[]) =>
  db<InvoiceRow>('invoices').whereIn('lago_id', [...lagoIds]);

/** Of all tenants: those that somebody still has to pay. */
export const openInvoices = ({ db }: Context) =>
  db<InvoiceRow>('invoices').where({ status: 'finalized' }).whereNot({ payment_status: 'succeeded' });
