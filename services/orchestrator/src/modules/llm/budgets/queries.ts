import type { Knex } from 'knex';
import type { Budget, BudgetPeriod } from '../limits/limits.ts';

interface LlmBudgetRow {
  tenant_id: string;
  own_nano_usd: number | null;
  own_period: BudgetPeriod | null;
  is_overridden: 0 | 1;
  override_nano_usd: number | null;
  override_period: BudgetPeriod | null;
  changed_at: Date;
}

export interface TenantBudgets {
  own: Budget | null;
  /** What the operator says instead of the plans; null = the plans count. */
  override: { budget: Budget | null } | null;
}

export const llmBudgets = (db: Knex, tenantId: string) => {
  const put = async (columns: Partial<LlmBudgetRow>): Promise<void> => {
    const changed = { ...columns, changed_at: db.fn.now(3) };
    await db('llm_budgets')
      .insert({ tenant_id: tenantId, ...changed })
      .onConflict('tenant_id')
      .merge(changed);
  };
  return {
    find: async (): Promise<TenantBudgets> => {
      const row = await db<LlmBudgetRow>('llm_budgets').where({ tenant_id: tenantId }).first();
      return {
        own: row ? budgetOf(row.own_nano_usd, row.own_period) : null,
        override: row?.is_overridden === 1 ? { budget: budgetOf(row.override_nano_usd, row.override_period) } : null,
      };
    },
    setOwn: (budget: Budget | null) =>
      put({ own_nano_usd: budget?.nanoUsd ?? null, own_period: budget?.period ?? null }),
    setOverride: (override: TenantBudgets['override']) =>
      put({
        is_overridden: override ? 1 : 0,
        override_nano_usd: override?.budget?.nanoUsd ?? null,
        override_period: override?.budget?.period ?? null,
      }),
  };
};

const budgetOf = (nanoUsd: number | null, period: BudgetPeriod | null): Budget | null =>
  nanoUsd === null || period === null ? null : { nanoUsd: Number(nanoUsd), period };
