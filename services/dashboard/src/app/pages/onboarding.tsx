import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useCurrentTenantId } from '#api/current-tenant.ts';
import { useSubscribe, useSubscriptions } from '#features/billing/api/subscriptions.ts';
import { OrderProblem } from '#features/billing/components/order-problem.tsx';
import { PayFirstInvoice } from '#features/billing/components/pay-first-invoice.tsx';
import { usePlans } from '#features/catalogue/api/plans.ts';
import { PlanGrid } from '#features/catalogue/components/plan-grid.tsx';
import { useTenant } from '#features/identity/api/tenants.ts';
import { CreateTenantForm } from '#features/identity/components/create-tenant-form.tsx';
import { Button } from '#ui/button.tsx';
import { Card } from '#ui/card.tsx';
import { Loaded } from '#ui/loaded.tsx';
import { ErrorNotice } from '#ui/notice.tsx';
import { useDocumentTitle } from '#ui/page.tsx';
import { Stepper } from '#ui/stepper.tsx';
import { FocusedLayout } from '../layout/focused-layout.tsx';
import { SubscribeButton } from '../subscribe-button.tsx';
import { usePlanName } from '../use-plan-name.ts';

const STEPS = ['tenant', 'plan', 'pay'] as const;
type Step = (typeof STEPS)[number];

export function OnboardingPage() {
  const { t } = useTranslation();
  const { step: asked, subscription } = useSearch({ from: '/signed-in/onboarding' });
  const tenantId = useCurrentTenantId();
  const step: Step =
    tenantId === null
      ? 'tenant'
      : asked === 'pay' && subscription !== undefined
        ? 'pay'
        : asked === 'plan'
          ? 'plan'
          : 'tenant';
  useDocumentTitle(t(`app.onboarding.${step}.title`));
  return (
    <FocusedLayout>
      <div className={step === 'plan' ? 'mx-auto w-full max-w-5xl' : 'mx-auto w-full max-w-lg'}>
        <Stepper
          label={t('app.onboarding.progress')}
          steps={STEPS.map((name) => t(`app.onboarding.${name}.step`))}
          current={STEPS.indexOf(step)}
        />
        <h1 className="mt-8 text-2xl font-semibold">{t(`app.onboarding.${step}.title`)}</h1>
        <p className="mt-1.5 mb-7 text-pretty text-muted">{t(`app.onboarding.${step}.description`)}</p>
        {step === 'tenant' && <TenantStep />}
        {step === 'plan' && <PlanStep />}
        {step === 'pay' && <PayStep subscriptionId={subscription ?? ''} />}
      </div>
    </FocusedLayout>
  );
}

function TenantStep() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { data } = usePlans();
  const soldIn = new Set(
    data?.items.filter(({ line }) => line === 'sites').flatMap(({ prices }) => prices.map((price) => price.currency)),
  );
  return (
    <Card className="p-5 sm:p-7">
      <CreateTenantForm
        onCreated={() => void navigate({ to: '/onboarding', search: { step: 'plan' } })}
        currencyNote={(currency) =>
          soldIn.size === 0 || soldIn.has(currency)
            ? undefined
            : t('app.onboarding.tenant.notSoldIn', { currency, sold: [...soldIn].join(', ') })
        }
      />
    </Card>
  );
}

function PlanStep() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const plans = usePlans();
  const tenant = useTenant();
  const subscribe = useSubscribe();
  return (
    <div className="space-y-6">
      <ErrorNotice error={subscribe.error} />
      <Loaded query={plans}>
        {({ items }) => (
          <Loaded query={tenant}>
            {({ currency }) => (
              <PlanGrid
                plans={items.filter((plan) => plan.line === 'sites')}
                currency={currency}
                action={(plan, price) => (
                  <SubscribeButton
                    plan={plan}
                    price={price}
                    subscribe={subscribe}
                    onSubscribed={(id) =>
                      void navigate({ to: '/onboarding', search: { step: 'pay', subscription: id } })
                    }
                  />
                )}
              />
            )}
          </Loaded>
        )}
      </Loaded>
      <Later>{t('app.onboarding.plan.later')}</Later>
    </div>
  );
}

function PayStep({ subscriptionId }: { subscriptionId: string }) {
  const { t } = useTranslation();
  const planName = usePlanName();
  const { data } = useSubscriptions();
  const subscription = data?.items.find(({ id }) => id === subscriptionId);
  return (
    <div className="space-y-6">
      {subscription && <OrderProblem subscription={subscription} />}
      <Card className="p-5 sm:p-7">
        <PayFirstInvoice
          subscriptionId={subscriptionId}
          planName={subscription ? planName(subscription.planKey) : '…'}
          whenPaid={
            <Button asChild size="lg" className="w-full">
              <Link to="/overview">{t('app.onboarding.pay.continue')}</Link>
            </Button>
          }
        />
      </Card>
      <Later>{t('app.onboarding.pay.later')}</Later>
    </div>
  );
}

function Later({ children }: { children: ReactNode }) {
  return (
    <p className="text-center">
      <Button asChild variant="ghost">
        <Link to="/overview">{children}</Link>
      </Button>
    </p>
  );
}
