import type { Knex } from 'knex';
import { type Page, type PageQuery, paginate } from '#core/http/pagination.ts';
import type { Line } from '#modules/catalogue/schemas.ts';

export interface PlanGrantRow {
  id: string;
  tenant_id: string;
  line: Line;
  plan_key: string;
  /** What the entitlements know it by. */
  plan_code: string;
  currency: string;
  period: 'month' | 'year';
  amount_minor: number;
  reason: string;
  ends_at: Date | null;
  slot: string | null;
  granted_by: string | null;
  granted_by_name: string | null;
  created_at: Date;
  ended_at: Date | null;
  ended_by: string | null;
  ended_by_name: string | null;
  end_reason: string | null;
}

type NewRow = Omit<PlanGrantRow, 'created_at' | 'ended_at' | 'ended_by' | 'ended_by_name' | 'end_reason'>;

/** Of all tenants: plans given by hand. */
export const planGrants = (db: Knex) => {
  const rows = () => db<PlanGrantRow>('plan_grants');
  return {
    find: (id: string) => rows().where({ id }).first(),
    lock: (id: string) => rows().where({ id }).forUpdate().first(),
    ofSlot: (slot: string) => rows().where({ slot }).first(),
    /** Rejects as a duplicate when the tenant has the plan by hand already. */
    insert: async (row: NewRow): Promise<void> => {
      await rows().insert(row);
    },
    end: (id: string, change: Partial<PlanGrantRow>) =>
      rows()
        .where({ id })
        .update({ ...change, slot: null }),
    due: (): Promise<string[]> =>
      rows().whereNull('ended_at').where('ends_at', '<=', db.fn.now(3)).orderBy('ends_at').limit(500).pluck('id'),
    page: (
      filter: { tenantId?: string | undefined; isOpen?: boolean | undefined },
      query: PageQuery,
    ): Promise<Page<PlanGrantRow>> => {
      const found = rows();
      if (filter.tenantId !== undefined) void found.where('tenant_id', filter.tenantId);
      if (filter.isOpen !== undefined) void found[filter.isOpen ? 'whereNull' : 'whereNotNull']('ended_at');
      return paginate(found as unknown as Knex.QueryBuilder<PlanGrantRow, PlanGrantRow[]>, query);
    },
  };
};

export async function tenantNames(db: Knex, ids: readonly string[]): Promise<Map<string, string>> {
  const rows = await db('tenants')
    .whereIn('id', [...ids])
    .select<{ id: string; name: string }[]>('id', 'name');
  return new Map(rows.map(({ id, name }) => [id, name]));
}
