import type { Knex } from 'knex';
import type { Context } from '#core/context.ts';
import { type PageQuery, paginate } from '#core/http/pagination.ts';
import type { Line } from '#modules/catalogue/schemas.ts';

export interface SubscriptionRow {
  id: string;
  tenant_id: string;
  line: Line;
  plan_key: string;
  price_code: string;
  currency: string;
  is_default: 0 | 1;
  status: 'pending' | 'active' | 'terminated' | 'canceled';
  /** Taken back by us before it was paid: it gives no rights, whatever arrives later. */
  is_withdrawn: 0 | 1;
  slot: string | null;
  /** The plan whose rights are in force. */
  paid_price_code: string | null;
  /** By the engine's clock: an invoice from before this does not change it. */
  rights_from: Date | null;
  problem: string | null;
  started_at: Date | null;
  ended_at: Date | null;
  period_ends_at: Date | null;
  /** A cheaper plan that waits for the period's end. */
  next_price_code: string | null;
  next_price_at: Date | null;
  /** It ends then, unless that is taken back. */
  ends_at: Date | null;
  created_at: Date;
}

type NewRow = Pick<SubscriptionRow, 'id' | 'line' | 'plan_key' | 'price_code' | 'currency' | 'is_default' | 'slot'>;

export function subscriptions({ db }: Context, tenantId: string) {
  const mine = () => db<SubscriptionRow>('subscriptions').where({ tenant_id: tenantId });
  return {
    find: (id: string) => mine().where({ id }).first(),
    lock: (id: string) => mine().where({ id }).forUpdate().first(),
    lockSlot: (slot: string) => mine().where({ slot }).forUpdate().first(),
    insert: (row: NewRow): Promise<unknown> => db('subscriptions').insert({ tenant_id: tenantId, ...row }),
    update: (id: string, change: Partial<SubscriptionRow>) => mine().where({ id }).update(change),
    page: (query: PageQuery) => paginate(mine() as Knex.QueryBuilder<SubscriptionRow, SubscriptionRow[]>, query),
    /** What usage of a line belongs to: what is paid before what is not, a bought plan before the free one. */
    activeOf: (line: Line) =>
      mine()
        .where({ line, status: 'active' })
        .orderByRaw('paid_price_code is null, is_default, created_at desc')
        .first(),
    startedOf: (line: Line) => mine().where({ line }).whereNotNull('started_at').orderBy('started_at', 'desc'),
  };
}

/** Of all tenants: ordered, and not there after a while. */
export const overdueOrders = ({ db }: Context, olderThanMs: number) =>
  db<SubscriptionRow>('subscriptions')
    .where({ status: 'pending', is_withdrawn: 0 })
    .whereRaw('created_at < now(3) - interval ? microsecond', [olderThanMs * 1000])
    .orderBy('created_at')
    .limit(500);

/** Of all tenants: what should be running at the billing engine. */
export const runningSubscriptions = ({ db }: Context) =>
  db<SubscriptionRow>('subscriptions').where({ status: 'active' }).select('id', 'tenant_id', 'price_code');

export const subscriptionById = ({ db }: Context, id: string) =>
  db<SubscriptionRow>('subscriptions').where({ id }).first();

/** Of all tenants: orders whose invoice has waited for its payment so long. */
export const unpaidOrders = ({ db }: Context, olderThanMs: number) =>
  db<SubscriptionRow>('subscriptions')
    .where({ status: 'active', is_withdrawn: 0, is_default: 0, paid_price_code: null })
    .whereIn(
      'id',
      db('invoice_subscriptions')
        .join('invoices', 'invoices.id', 'invoice_subscriptions.invoice_id')
        .where('invoices.status', 'finalized')
        .whereNot('invoices.payment_status', 'succeeded')
        .whereRaw('invoices.created_at < now(3) - interval ? microsecond', [olderThanMs * 1000])
        .select('invoice_subscriptions.subscription_id'),
    )
    .orderBy('id')
    .limit(500);
