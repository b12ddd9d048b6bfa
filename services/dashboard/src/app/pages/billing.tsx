import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { DueInvoiceNotice } from '#features/billing/components/due-invoice-notice.tsx';
import { InvoicesCard } from '#features/billing/components/invoices-card.tsx';
import { PaymentMethodCard } from '#features/billing/components/payment-method-card.tsx';
import { SubscriptionsCard } from '#features/billing/components/subscriptions-card.tsx';
import { useCan } from '#features/identity/api/me.ts';
import { useKnownText } from '#i18n/use-known-text.ts';
import { Button } from '#ui/button.tsx';
import { Page } from '#ui/page.tsx';
import { usePlanName } from '../use-plan-name.ts';

export function BillingPage() {
  const { t } = useTranslation();
  const planName = usePlanName();
  const knownText = useKnownText();
  const canPay = useCan('own');
  const seePlans = (
    <Button asChild variant="secondary">
      <Link to="/plans">{t('app.seePlans')}</Link>
    </Button>
  );
  return (
    <Page title={t('billing.title')} description={t('billing.description')}>
      <DueInvoiceNotice canPay={canPay} />
      <SubscriptionsCard
        describePlan={({ planKey, line }) => ({
          name: planName(planKey),
          line: knownText(`catalogue.lines.${line}`, line),
        })}
        actions={seePlans}
      />
      <PaymentMethodCard canPay={canPay} />
      <InvoicesCard canPay={canPay} emptyAction={seePlans} />
    </Page>
  );
}
