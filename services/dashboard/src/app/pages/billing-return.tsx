import { Link, useSearch } from '@tanstack/react-router';
import { CircleCheck, CircleX } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { isPaid, useInvoices, useInvoiceUntilPaid, type Invoice } from '#features/billing/api/invoices.ts';
import { useSubscriptions } from '#features/billing/api/subscriptions.ts';
import { PayButton } from '#features/billing/components/pay-button.tsx';
import { useCan } from '#features/identity/api/me.ts';
import { OperationTimeline } from '#features/operations/components/operation-timeline.tsx';
import { useRefreshSites, useSites, type Site } from '#features/sites/api/sites.ts';
import { OpenSiteButton } from '#features/sites/components/open-site-button.tsx';
import { useFormat } from '#i18n/use-format.ts';
import { Button } from '#ui/button.tsx';
import { Card, CardBody, CardHeader } from '#ui/card.tsx';
import { EmptyState } from '#ui/empty-state.tsx';
import { Loaded } from '#ui/loaded.tsx';
import { Page } from '#ui/page.tsx';
import { Progress } from '#ui/progress.tsx';

export function BillingReturnPage() {
  const { t } = useTranslation();
  const search = useSearch({ from: '/signed-in/shell/billing/return' });
  const invoices = useInvoices();
  // A provider that forgets our parameters still leads back to the newest invoice.
  const invoiceId = search.invoice ?? invoices.data?.items[0]?.id ?? null;
  const invoice = useInvoiceUntilPaid(invoiceId);
  const isRefused = (data: Invoice) => search.result === 'cancel' || data.paymentStatus === 'failed';
  return (
    <Page title={t('app.return.title')}>
      {invoiceId === null && invoices.data ? (
        <NothingToShow />
      ) : (
        <Loaded query={invoice}>
          {(data) =>
            isPaid(data) ? <Paid invoice={data} /> : isRefused(data) ? <Canceled invoice={data} /> : <Waiting />
          }
        </Loaded>
      )}
    </Page>
  );
}

function Outcome({ icon, title, children }: { icon: ReactNode; title: string; children: ReactNode }) {
  return (
    <Card className="flex flex-wrap items-start gap-4 p-5 sm:p-6">
      {icon}
      <div className="min-w-0 flex-1 basis-60">
        <h2 className="text-base font-semibold">{title}</h2>
        {children}
      </div>
    </Card>
  );
}

function Waiting() {
  const { t } = useTranslation();
  return (
    <Card className="p-5 sm:p-6">
      <div role="status">
        <h2 className="text-base font-semibold">{t('app.return.waitingTitle')}</h2>
        <p className="mt-1 mb-5 text-pretty text-muted">{t('app.return.waiting')}</p>
      </div>
      <Progress label={t('app.return.waitingTitle')} value={null} />
    </Card>
  );
}

function Canceled({ invoice }: { invoice: Invoice }) {
  const { t } = useTranslation();
  return (
    <Outcome icon={<CircleX aria-hidden className="size-6 text-warning" />} title={t('app.return.canceledTitle')}>
      <p className="mt-1 text-pretty text-muted">{t('app.return.canceled')}</p>
      <div className="mt-4 flex flex-wrap gap-2">
        <PayButton invoice={invoice} label={t('app.return.payAgain')} />
        <Button asChild variant="secondary">
          <Link to="/billing">{t('app.return.toBilling')}</Link>
        </Button>
      </div>
    </Outcome>
  );
}

function Paid({ invoice }: { invoice: Invoice }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { data: subscriptions } = useSubscriptions();
  const subscription = subscriptions?.items.find(({ id }) => id === invoice.subscriptionId);
  return (
    <>
      <Outcome icon={<CircleCheck aria-hidden className="size-6 text-success" />} title={t('app.return.paidTitle')}>
        <p role="status" className="mt-1 text-pretty text-muted">
          {t('app.return.paid', { amount: format.money(invoice.totalMinor, invoice.currency) })}
        </p>
        {subscription && subscription.line !== 'sites' && (
          <Button asChild className="mt-4">
            <Link to="/overview">{t('app.backToOverview')}</Link>
          </Button>
        )}
      </Outcome>
      {subscription?.line === 'sites' && <FirstSite />}
    </>
  );
}

function FirstSite() {
  const { t } = useTranslation();
  const sites = useSites({ expectsOne: true });
  const site = sites.data?.items[0];
  return site ? (
    <SiteComingUp site={site} />
  ) : (
    <Card className="p-5 sm:p-6">
      <p role="status" className="mb-5 text-muted">
        {t('app.return.siteSoon')}
      </p>
      <Progress label={t('app.return.siteSoon')} value={null} />
    </Card>
  );
}

function SiteComingUp({ site }: { site: Site }) {
  const { t } = useTranslation();
  const canChange = useCan('change');
  const refresh = useRefreshSites();
  return (
    <Card>
      <CardHeader
        title={site.host}
        description={t(`sites.progress.${site.status}`)}
        actions={<OpenSiteButton site={site} />}
      />
      <CardBody className="space-y-6">
        {site.operationId !== null && (
          <OperationTimeline operationId={site.operationId} canRetry={canChange} onFinished={refresh} />
        )}
        <Button asChild variant="secondary">
          <Link to="/sites/$siteId" params={{ siteId: site.id }}>
            {t('app.return.toSite')}
          </Link>
        </Button>
      </CardBody>
    </Card>
  );
}

function NothingToShow() {
  const { t } = useTranslation();
  return (
    <Card>
      <EmptyState
        icon={CircleX}
        title={t('billing.invoices.emptyTitle')}
        hint={t('billing.invoices.emptyHint')}
        action={
          <Button asChild variant="secondary">
            <Link to="/plans">{t('app.seePlans')}</Link>
          </Button>
        }
      />
    </Card>
  );
}
