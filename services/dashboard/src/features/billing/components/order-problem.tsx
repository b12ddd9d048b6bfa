import { useTranslation } from 'react-i18next';
import { Button } from '#ui/button.tsx';
import { Notice } from '#ui/notice.tsx';
import { useErrorToast } from '#ui/use-error-toast.ts';
import { isPending, useRetryOrder, type Subscription } from '../api/subscriptions.ts';

/** Why an order is not getting on, and a way to try again at once; nothing when all is well. */
export function OrderProblem({ subscription }: { subscription: Subscription }) {
  const { t } = useTranslation();
  const retry = useRetryOrder();
  const showError = useErrorToast();
  if (!isPending(subscription) || subscription.problem === null) return null;
  return (
    <Notice
      tone="warning"
      title={t('billing.orderProblem.title')}
      action={
        <Button
          size="sm"
          variant="secondary"
          isPending={retry.isPending}
          onClick={() => retry.mutate(subscription.id, { onError: showError })}
        >
          {t('ui.retry')}
        </Button>
      }
    >
      {t('billing.orderProblem.description', { problem: subscription.problem })}
    </Notice>
  );
}
