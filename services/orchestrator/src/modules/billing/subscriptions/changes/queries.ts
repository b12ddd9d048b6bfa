import type { Context } from '#core/context.ts';

export interface ChangeRow {
  id: string;
  tenant_id: string;
  subscription_id: string;
  /** The subscription, while the change is not over: each has one at a time. */
  open_subscription_id: string | null;
  kind: 'upgrade' | 'downgrade' | 'cancel' | 'cancel_now';
  from_price_code: string;
  to_price_code: string | null;
  /**
   * requested: written here, perhaps done at the engine; awaiting_payment: switched there; scheduled: waits there for
   * the period's end; taking_back: from here on a payment of it is money to give back; the others are the end.
   */
  state: 'requested' | 'awaiting_payment' | 'scheduled' | 'taking_back' | 'done' | 'taken_back' | 'failed';
  taken_back_because: 'asked' | 'unpaid' | 'replaced' | null;
  /** Of an upgrade, once the engine has issued it. */
  invoice_id: string | null;
  effective_at: Date | null;
  problem: string | null;
  created_at: Date;
  ended_at: Date | null;
}

type NewRow = Pick<ChangeRow, 'id' | 'subscription_id' | 'kind' | 'from_price_code' | 'to_price_code'>;
type End = Extract<ChangeRow['state'], 'done' | 'taken_back' | 'failed'>;

export function subscriptionChanges({ db }: Context, tenantId: string) {
  const mine = () => db<ChangeRow>('subscription_changes').where({ tenant_id: tenantId });
  return {
    find: (id: string) => mine().where({ id }).first(),
    lock: (id: string) => mine().where({ id }).forUpdate().first(),
    openOf: (subscriptionId: string) => mine().where({ open_subscription_id: subscriptionId }).first(),
    openOfAll: (subscriptionIds: readonly string[]) => mine().whereIn('open_subscription_id', [...subscriptionIds]),
    lockOpenOf: (subscriptionId: string) => mine().where({ open_subscription_id: subscriptionId }).forUpdate().first(),
    lockByInvoice: (invoiceId: string) => mine().where({ invoice_id: invoiceId }).forUpdate().first(),
    insert: (row: NewRow): Promise<unknown> =>
      db('subscription_changes').insert({ tenant_id: tenantId, open_subscription_id: row.subscription_id, ...row }),
    update: (id: string, change: Partial<ChangeRow>) => mine().where({ id }).update(change),
    finish: (id: string, state: End, change: Partial<ChangeRow> = {}) =>
      mine()
        .where({ id })
        .whereNotNull('open_subscription_id')
        .update({ problem: null, ...change, state, open_subscription_id: null, ended_at: new Date() }),
    /** An upgrade that was taken back since: what was left of the old plan then is not credited again. */
    restoredSince: (subscriptionId: string, since: Date) =>
      mine()
        .where({ subscription_id: subscriptionId, kind: 'upgrade', state: 'taken_back' })
        .where('ended_at', '>=', since)
        .first(),
  };
}

/** Of all tenants: upgrades whose invoice has waited for its payment so long. */
export const unpaidUpgrades = ({ db }: Context, olderThanMs: number) =>
  db<ChangeRow>('subscription_changes')
    .join('invoices', 'invoices.id', 'subscription_changes.invoice_id')
    .where('subscription_changes.state', 'awaiting_payment')
    .whereRaw('invoices.created_at < now(3) - interval ? microsecond', [olderThanMs * 1000])
    .orderBy('subscription_changes.id')
    .limit(500)
    .select<ChangeRow[]>('subscription_changes.*');

/** Of all tenants: what should have gone on by now. */
export const stuckChanges = ({ db }: Context, olderThanMs: number) =>
  db<ChangeRow>('subscription_changes')
    .whereNotNull('open_subscription_id')
    .where((stuck) => {
      void stuck
        .whereIn('state', ['requested', 'taking_back'])
        .orWhere({ state: 'awaiting_payment', invoice_id: null })
        .orWhere((due) => void due.where({ state: 'scheduled' }).where('effective_at', '<', db.fn.now(3)));
    })
    .whereRaw('created_at < now(3) - interval ? microsecond', [olderThanMs * 1000])
    .orderBy('id')
    .limit(500);
