import { useTranslation } from 'react-i18next';
import { Button } from '#ui/button.tsx';
import { Dialog, DialogFooter } from '#ui/dialog.tsx';
import { Form } from '#ui/form.tsx';
import { budgetIn } from '../api/key-values.ts';
import { useSetLlmBudget, type LlmBudget } from '../api/budget.ts';
import { BudgetFields } from './budget-fields.tsx';

export function BudgetDialog({ own, onClose }: { own: LlmBudget['own']; onClose: () => void }) {
  const { t } = useTranslation();
  const set = useSetLlmBudget();
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={t('llm.budget.dialogTitle')}
      description={t('llm.budget.dialogDescription')}
    >
      <Form
        onSubmit={(values) => set.mutate(budgetIn(values, 'budget'), { onSuccess: onClose })}
        error={set.error}
        footer={
          <DialogFooter>
            <Button variant="secondary" onClick={onClose}>
              {t('ui.cancel')}
            </Button>
            <Button type="submit" isPending={set.isPending}>
              {t('ui.save')}
            </Button>
          </DialogFooter>
        }
      >
        <BudgetFields name="budget" given={own} />
      </Form>
    </Dialog>
  );
}
