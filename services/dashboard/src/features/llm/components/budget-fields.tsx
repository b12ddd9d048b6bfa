import { useTranslation } from 'react-i18next';
import { SelectField, TextField } from '#ui/field.tsx';
import { usdOf, type Budget } from '../api/key-values.ts';

const PERIODS = ['month', 'day'] as const;
const MAX_USD = 1e6;

interface BudgetFieldsProps {
  /** Of the budget in what the API takes. */
  name: string;
  given: Budget | null;
}

/** Dollars and a period; without dollars there is no budget. */
export function BudgetFields({ name, given }: BudgetFieldsProps) {
  const { t } = useTranslation();
  return (
    <div className="grid grid-cols-2 gap-x-4">
      <TextField
        name={`${name}.nanoUsd`}
        label={t('llm.budget.amount')}
        type="number"
        inputMode="decimal"
        min="0.000001"
        max={MAX_USD}
        step="any"
        placeholder={t('llm.keys.limits.none')}
        defaultValue={given ? usdOf(given.nanoUsd) : undefined}
      />
      <SelectField
        name={`${name}.period`}
        label={t('llm.budget.period')}
        defaultValue={given?.period ?? 'month'}
        options={PERIODS.map((period) => ({ value: period, label: t(`llm.budget.periods.${period}`) }))}
      />
    </div>
  );
}
