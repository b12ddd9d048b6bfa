import type { Context } from '#core/context.ts';
import type { Line } from '#modules/catalogue/schemas.ts';

export interface UsageRow {
  id: number;
  tenant_id: string;
  metric: string;
  line: Line;
  transaction_id: string;
  properties: string;
  at: Date;
  /** Chosen before the first sending and never changed: with another one Lago would count the event twice. */
  subscription_id: string | null;
  stamped_at: Date | null;
  state: 'waiting' | 'sent' | 'refused' | 'late';
  attempts: number;
  problem: string | null;
}

type NewRow = Pick<UsageRow, 'tenant_id' | 'metric' | 'line' | 'transaction_id' | 'properties' | 'at'>;

export const usageEvents = ({ db }: Context) => ({
  /** What was written first stays. */
  insertNew: async (rows: readonly NewRow[]): Promise<void> => {
    if (rows.length === 0) return;
    await db('usage_events').insert(rows).onConflict(['tenant_id', 'metric', 'transaction_id']).ignore();
  },
  /** Due rows that nobody else is sending; only meaningful in a transaction. */
  claim: (limit: number) =>
    db<UsageRow>('usage_events')
      .where({ state: 'waiting' })
      .where('due_at', '<=', db.fn.now(3))
      .orderBy('id')
      .limit(limit)
      .forUpdate()
      .skipLocked(),
  assign: (id: number, subscriptionId: string, stampedAt: Date) =>
    db<UsageRow>('usage_events')
      .where({ id })
      .whereNull('subscription_id')
      .update({ subscription_id: subscriptionId, stamped_at: stampedAt }),
  defer: (ids: readonly number[], seconds: number, problem: string | null, isFailure: boolean) =>
    db('usage_events')
      .whereIn('id', [...ids])
      .update({
        due_at: db.raw('now(3) + interval ? second', [seconds]),
        problem,
        ...(isFailure && { attempts: db.raw('attempts + 1') }),
      }),
  markSent: (ids: readonly number[]) =>
    db('usage_events')
      .whereIn('id', [...ids])
      .update({ state: 'sent', sent_at: db.fn.now(3), problem: null }),
  setAside: (ids: readonly number[], state: 'refused' | 'late', problem: string) =>
    db('usage_events')
      .whereIn('id', [...ids])
      .update({ state, problem }),
});
