import { Link } from '@tanstack/react-router';
import { Globe } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { isCurrent, useSubscriptions } from '#features/billing/api/subscriptions.ts';
import { useCan } from '#features/identity/api/me.ts';
import { Button } from '#ui/button.tsx';
import { EmptyState } from '#ui/empty-state.tsx';

/** What to do to get a first site: it depends on whether a plan was taken already. */
export function NoSites() {
  const { t } = useTranslation();
  const isOwner = useCan('own');
  const { data } = useSubscriptions();
  const hasPlan = data?.items.some((subscription) => subscription.line === 'sites' && isCurrent(subscription)) === true;
  if (!isOwner) {
    return <EmptyState icon={Globe} title={t('sites.emptyTitle')} hint={t('sites.emptyMemberHint')} />;
  }
  if (hasPlan) {
    return (
      <EmptyState
        icon={Globe}
        title={t('sites.emptyTitle')}
        hint={t('sites.emptyUnpaidHint')}
        action={
          <Button asChild variant="secondary">
            <Link to="/billing">{t('sites.seeInvoice')}</Link>
          </Button>
        }
      />
    );
  }
  return (
    <EmptyState
      icon={Globe}
      title={t('sites.emptyTitle')}
      hint={t('sites.emptyHint')}
      action={
        <Button asChild>
          <Link to="/onboarding" search={{ step: 'plan' }}>
            {t('sites.choosePlan')}
          </Link>
        </Button>
      }
    />
  );
}
