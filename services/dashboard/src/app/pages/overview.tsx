import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { DueInvoiceNotice } from '#features/billing/components/due-invoice-notice.tsx';
import { LimitsCard } from '#features/catalogue/components/limits-card.tsx';
import { useCan, useMe, useMembership } from '#features/identity/api/me.ts';
import { UsageCard } from '#features/llm/components/usage-card.tsx';
import { useSites } from '#features/sites/api/sites.ts';
import { SiteList } from '#features/sites/components/site-list.tsx';
import { Button } from '#ui/button.tsx';
import { Card, CardHeader } from '#ui/card.tsx';
import { Loaded } from '#ui/loaded.tsx';
import { Page } from '#ui/page.tsx';
import { ListSkeleton } from '#ui/skeleton.tsx';
import { ChecklistCard } from '../checklist-card.tsx';
import { NoSites } from '../no-sites.tsx';
import { SiteLink } from '../site-link.tsx';

export function OverviewPage() {
  const { t } = useTranslation();
  const { user } = useMe();
  const tenant = useMembership();
  const canPay = useCan('own');
  return (
    <Page
      title={t('app.overview.title', { name: user.name.split(' ')[0] ?? user.name })}
      description={t('app.overview.description', { tenant: tenant?.name ?? '' })}
    >
      <DueInvoiceNotice canPay={canPay} />
      <ChecklistCard />
      <SitesCard />
      <div className="grid grid-cols-1 items-start gap-6 xl:grid-cols-2">
        <LimitsCard
          emptyAction={
            <Button asChild variant="secondary">
              <Link to="/plans">{t('app.seePlans')}</Link>
            </Button>
          }
        />
        <UsageCard />
      </div>
    </Page>
  );
}

function SitesCard() {
  const { t } = useTranslation();
  const sites = useSites();
  return (
    <Card className="overflow-hidden">
      <CardHeader
        title={t('sites.title')}
        description={t('sites.description')}
        actions={
          <Button asChild variant="ghost" size="sm">
            <Link to="/sites">{t('app.overview.allSites')}</Link>
          </Button>
        }
      />
      <Loaded query={sites} skeleton={<ListSkeleton rows={2} />} errorClassName="m-5">
        {({ items }) =>
          items.length === 0 ? (
            <NoSites />
          ) : (
            <SiteList sites={items} link={(site, children) => <SiteLink site={site}>{children}</SiteLink>} />
          )
        }
      </Loaded>
    </Card>
  );
}
