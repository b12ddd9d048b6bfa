import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '#i18n/use-format.ts';
import { Button } from '#ui/button.tsx';
import { Card, CardBody, CardHeader } from '#ui/card.tsx';
import { Loaded } from '#ui/loaded.tsx';
import { Progress } from '#ui/progress.tsx';
import { Skeleton } from '#ui/skeleton.tsx';
import { useLlmBudget, type BudgetStatus, type LlmBudget } from '../api/budget.ts';
import { BudgetDialog } from './budget-dialog.tsx';

const NEAR = 0.9;

/** What all keys together may cost: by the plan, and by the tenant's own word. */
export function BudgetCard({ canManage }: { canManage: boolean }) {
  const { t } = useTranslation();
  const budget = useLlmBudget();
  return (
    <Card>
      <CardHeader
        title={t('llm.budget.title')}
        description={t('llm.budget.description')}
        {...(canManage && budget.data ? { actions: <ChangeButton own={budget.data.own} /> } : {})}
      />
      <Loaded query={budget} skeleton={<Skeleton className="mx-6 mb-6 h-12" />} errorClassName="m-5">
        {({ own, allowed }) => (
          <CardBody className="space-y-5">
            {own && <BudgetBar label={t('llm.budget.own')} status={own} />}
            {allowed && <BudgetBar label={t('llm.budget.allowed')} status={allowed} />}
            {!own && !allowed && <p className="text-muted">{t('llm.budget.none')}</p>}
          </CardBody>
        )}
      </Loaded>
    </Card>
  );
}

function ChangeButton({ own }: { own: LlmBudget['own'] }) {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button variant="secondary" size="sm" onClick={() => setOpen(true)}>
        {own ? t('llm.budget.change') : t('llm.budget.set')}
      </Button>
      {isOpen && <BudgetDialog own={own} onClose={() => setOpen(false)} />}
    </>
  );
}

function BudgetBar({ label, status }: { label: string; status: BudgetStatus }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { nanoUsd, spentNanoUsd, period, resetsAt } = status;
  const share = nanoUsd === 0 ? 1 : spentNanoUsd / nanoUsd;
  const amounts = { spent: format.nanoUsd(spentNanoUsd), limit: format.nanoUsd(nanoUsd) };
  return (
    <div>
      <div className="mb-2 flex flex-wrap items-baseline justify-between gap-x-3">
        <span className="font-medium">{label}</span>
        <span className="text-muted tabular-nums">{t(`llm.budget.spent.${period}`, amounts)}</span>
      </div>
      <Progress label={label} value={share} tone={share >= 1 ? 'danger' : share >= NEAR ? 'warning' : 'accent'} />
      <p className="mt-1.5 text-xs text-muted">{t('llm.budget.resets', { at: format.dateTime(resetsAt) })}</p>
    </div>
  );
}
