import { useTranslation } from 'react-i18next';
import { ApiError } from '#api/errors.ts';
import type { useSubscribe } from '#features/billing/api/subscriptions.ts';
import type { Plan, Price } from '#features/catalogue/api/plans.ts';
import { useLocale } from '#i18n/use-locale.ts';
import { Button } from '#ui/button.tsx';

interface SubscribeButtonProps {
  plan: Plan;
  price: Price | undefined;
  subscribe: ReturnType<typeof useSubscribe>;
  onSubscribed: (subscriptionId: string) => void;
}

export function SubscribeButton({ plan, price, subscribe, onSubscribed }: SubscribeButtonProps) {
  const { t } = useTranslation();
  const name = plan.name[useLocale()];
  // On request: there is nothing to press.
  if (plan.prices.length === 0) return null;
  if (!price) {
    return (
      <Button variant="secondary" className="w-full" disabled>
        {t('catalogue.unavailable')}
      </Button>
    );
  }
  return (
    <Button
      className="w-full"
      disabled={subscribe.isPending}
      isPending={subscribe.isPending && subscribe.variables === price.code}
      onClick={() =>
        subscribe.mutate(price.code, {
          onSuccess: ({ id }) => onSubscribed(id),
          onError: (error) => {
            const unpaid = unpaidOrder(error);
            if (unpaid !== null) onSubscribed(unpaid);
          },
        })
      }
    >
      {t('catalogue.chooseOne', { plan: name })}
    </Button>
  );
}

/** Ordered before and not paid yet: what is left to do is to pay. */
function unpaidOrder(error: unknown): string | null {
  if (!(error instanceof ApiError) || error.code !== 'subscription.exists' || error.details.isPaid !== false)
    return null;
  return typeof error.details.subscriptionId === 'string' ? error.details.subscriptionId : null;
}
