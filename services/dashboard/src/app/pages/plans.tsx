import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { isCurrent, useSubscribe, useSubscriptions } from '#features/billing/api/subscriptions.ts';
import { LINES, usePlans, type Plan, type Price } from '#features/catalogue/api/plans.ts';
import { PlanGrid } from '#features/catalogue/components/plan-grid.tsx';
import { useCan } from '#features/identity/api/me.ts';
import { useTenant } from '#features/identity/api/tenants.ts';
import { Button } from '#ui/button.tsx';
import { Loaded } from '#ui/loaded.tsx';
import { ErrorNotice, Notice } from '#ui/notice.tsx';
import { Page } from '#ui/page.tsx';
import { Tabs } from '#ui/tabs.tsx';
import { SubscribeButton } from '../subscribe-button.tsx';

export function PlansPage() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const plans = usePlans();
  const tenant = useTenant();
  const subscriptions = useSubscriptions();
  const subscribe = useSubscribe();
  const canBuy = useCan('own');
  const current = subscriptions.data?.items.filter(isCurrent) ?? [];
  // One paid plan per line, beside the free one that everybody has; generators are bought one by one.
  const isTaken = (plan: Plan) =>
    plan.line !== 'generators' &&
    current.some(({ line, isPaid, isDefault }) => line === plan.line && isPaid && !isDefault);

  const action = (plan: Plan, price: Price | undefined) => {
    if (current.some(({ planKey, isPaid }) => planKey === plan.key && isPaid)) {
      return (
        <Button variant="secondary" className="w-full" disabled>
          {t('catalogue.current')}
        </Button>
      );
    }
    if (!canBuy) return null;
    if (price && isTaken(plan)) {
      return (
        <Button variant="secondary" className="w-full" disabled>
          {t('catalogue.anotherIsActive')}
        </Button>
      );
    }
    return (
      <SubscribeButton
        plan={plan}
        price={price}
        subscribe={subscribe}
        onSubscribed={(id) => void navigate({ to: '/onboarding', search: { step: 'pay', subscription: id } })}
      />
    );
  };

  return (
    <Page title={t('app.plans.title')} description={t('app.plans.description')}>
      {!canBuy && <Notice>{t('app.plans.ownersOnly')}</Notice>}
      <ErrorNotice error={subscribe.error} />
      <Loaded query={plans}>
        {({ items }) => (
          <Loaded query={tenant}>
            {({ currency }) => (
              <Tabs
                label={t('catalogue.linesLabel')}
                tabs={LINES.filter((line) => items.some((plan) => plan.line === line)).map((line) => ({
                  value: line,
                  label: t(`catalogue.lines.${line}`),
                  content: (
                    <PlanGrid
                      plans={items.filter((plan) => plan.line === line)}
                      currency={currency}
                      currentPlanKeys={current.map(({ planKey }) => planKey)}
                      action={action}
                    />
                  ),
                }))}
              />
            )}
          </Loaded>
        )}
      </Loaded>
    </Page>
  );
}
