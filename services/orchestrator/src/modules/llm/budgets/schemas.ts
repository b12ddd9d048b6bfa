import { z } from 'zod';
import { idSchema } from '#core/ids.ts';
import { BudgetPeriod } from '../limits/limits.ts';

/** A million dollars: more is a typing error. */
const MAX_NANO_USD = 1e15;

const BudgetInput = z
  .object({
    nanoUsd: z
      .number()
      .int()
      .min(0)
      .max(MAX_NANO_USD)
      .meta({ description: '1 000 000 000 is one dollar; with 0 only what costs nothing is answered.' }),
    period: BudgetPeriod.meta({ description: "A day or a month of the operator's calendar." }),
  })
  .meta({ id: 'LlmBudgetInput' });

const BudgetStatus = z
  .object({
    nanoUsd: z.number().int(),
    period: BudgetPeriod,
    spentNanoUsd: z.number().int().meta({ description: 'A few seconds behind.' }),
    remainingNanoUsd: z.number().int(),
    resetsAt: z.iso.datetime(),
  })
  .meta({ id: 'LlmBudgetStatus' });

export const LlmBudget = z
  .object({
    own: BudgetStatus.nullable().meta({ description: 'What the tenant set for itself; null = nothing.' }),
    allowed: BudgetStatus.nullable().meta({
      description: 'What its plan or the operator lets it spend; null = no limit.',
    }),
  })
  .meta({ id: 'LlmBudget', description: 'Whichever is spent first refuses what costs something.' });
export type LlmBudget = z.output<typeof LlmBudget>;

export const SetLlmBudget = z.object({
  budget: BudgetInput.nullable().meta({ description: 'null = none.' }),
});
export type SetLlmBudget = z.output<typeof SetLlmBudget>;

export const TenantLlmBudget = LlmBudget.extend({
  plan: z
    .object({ nanoUsd: z.number().int(), period: BudgetPeriod })
    .nullable()
    .meta({ description: 'What the plans say; null = nothing.' }),
  isOverridden: z.boolean().meta({ description: "True: the operator's word counts instead of the plans'." }),
}).meta({ id: 'TenantLlmBudget' });
export type TenantLlmBudget = z.output<typeof TenantLlmBudget>;

export const OverrideLlmBudget = z.object({
  override: z
    .object({ budget: BudgetInput.nullable().meta({ description: 'null = no limit.' }) })
    .nullable()
    .meta({ description: 'Counts instead of what the plans say; null = the plans count again.' }),
});
export type OverrideLlmBudget = z.output<typeof OverrideLlmBudget>;

export const TenantBudgetParams = z.object({ tenantId: idSchema('tenant') });
