import { useTranslation } from 'react-i18next';
import type { Subscription, useSubscribe } from '#features/billing/api/subscriptions.ts';
import type { Plan, Price } from '#features/catalogue/api/plans.ts';
import { useLocale } from '#i18n/use-locale.ts';
import { Button } from '#ui/button.tsx';

interface SubscribeButtonProps {
  plan: Plan;
  price: Price | undefined;
  subscribe: ReturnType<typeof useSubscribe>;
  onSubscribed: (subscription: Subscription) => void;
}

export function SubscribeButton({ plan, price, subscribe, onSubscribed }: SubscribeButtonProps) {
  const { t } = useTranslation();
  const name = plan.name[useLocale()];
  if (!price) {
    return (
      <Button variant="secondary" className="w-full" disabled>
        {plan.prices.length === 0 ? t('catalogue.askUs') : t('catalogue.unavailable')}
      </Button>
    );
  }
  return (
    <Button
      className="w-full"
      disabled={subscribe.isPending}
      isPending={subscribe.isPending && subscribe.variables === price.code}
      onClick={() => subscribe.mutate(price.code, { onSuccess: onSubscribed })}
    >
      {t('catalogue.chooseOne', { plan: name })}
    </Button>
  );
}
