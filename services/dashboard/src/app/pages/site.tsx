import { Link, useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useCan } from '#features/identity/api/me.ts';
import { OperationTimeline } from '#features/operations/components/operation-timeline.tsx';
import { useRefreshSites, useSite, type Site } from '#features/sites/api/sites.ts';
import { OpenSiteButton } from '#features/sites/components/open-site-button.tsx';
import { SignInDetailsButton } from '#features/sites/components/sign-in-details.tsx';
import { SiteBadge } from '#features/sites/components/site-badge.tsx';
import { useFormat } from '#i18n/use-format.ts';
import { Card, CardBody, CardHeader } from '#ui/card.tsx';
import { Loaded } from '#ui/loaded.tsx';
import { Page } from '#ui/page.tsx';
import { usePlanName } from '../use-plan-name.ts';

export function SitePage() {
  const { t } = useTranslation();
  const { siteId } = useParams({ from: '/signed-in/shell/sites/$siteId' });
  const site = useSite(siteId);
  const refresh = useRefreshSites();
  const canChange = useCan('change');
  return (
    <Page
      title={site.data?.host ?? t('sites.one')}
      breadcrumb={
        <nav aria-label={t('app.breadcrumb')}>
          <Link to="/sites" className="rounded-sm hover:text-text hover:underline">
            {t('sites.title')}
          </Link>
        </nav>
      }
      actions={
        site.data && (
          <>
            <SiteBadge site={site.data} />
            {canChange && <SignInDetailsButton site={site.data} />}
            <OpenSiteButton site={site.data} />
          </>
        )
      }
    >
      <Loaded query={site}>
        {(data) => (
          <div className="grid grid-cols-1 items-start gap-6 lg:grid-cols-[minmax(0,2fr)_minmax(0,1fr)]">
            {data.operationId !== null && (
              <Card>
                <CardHeader title={t('sites.progress.title')} description={t(`sites.progress.${data.status}`)} />
                <CardBody>
                  <OperationTimeline operationId={data.operationId} canRetry={canChange} onFinished={refresh} />
                </CardBody>
              </Card>
            )}
            <Facts site={data} />
          </div>
        )}
      </Loaded>
    </Page>
  );
}

function Facts({ site }: { site: Site }) {
  const { t } = useTranslation();
  const format = useFormat();
  const planName = usePlanName();
  const facts = [
    [t('sites.facts.address'), site.host],
    [t('sites.facts.plan'), site.planKey === null ? '—' : planName(site.planKey)],
    [t('sites.facts.apps'), site.apps.length === 0 ? '—' : format.list(site.apps)],
    [t('sites.facts.created'), format.dateTime(site.createdAt)],
    [t('sites.facts.ready'), site.readyAt === null ? '—' : format.dateTime(site.readyAt)],
  ] as const;
  return (
    <Card>
      <CardHeader title={t('sites.facts.title')} />
      <CardBody>
        <dl className="space-y-3.5">
          {facts.map(([term, value]) => (
            <div key={term}>
              <dt className="text-[0.8125rem] text-muted">{term}</dt>
              <dd className="mt-0.5 wrap-anywhere">{value}</dd>
            </div>
          ))}
        </dl>
      </CardBody>
    </Card>
  );
}
