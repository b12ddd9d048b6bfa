import { useNavigate } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useCan } from '#features/identity/api/me.ts';
import { useSites } from '#features/sites/api/sites.ts';
import { CreateSiteDialog } from '#features/sites/components/create-site-dialog.tsx';
import { SiteList } from '#features/sites/components/site-list.tsx';
import { Button } from '#ui/button.tsx';
import { Card } from '#ui/card.tsx';
import { Loaded } from '#ui/loaded.tsx';
import { MoreButton } from '#ui/more-button.tsx';
import { Page } from '#ui/page.tsx';
import { ListSkeleton } from '#ui/skeleton.tsx';
import { NoSites } from '../no-sites.tsx';
import { SiteLink } from '../site-link.tsx';

export function SitesPage() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const sites = useSites();
  const canChange = useCan('change');
  const [isCreating, setCreating] = useState(false);
  const hasSites = (sites.data?.items.length ?? 0) > 0;
  return (
    <Page
      title={t('sites.title')}
      description={t('sites.description')}
      actions={
        canChange &&
        hasSites && (
          <Button onClick={() => setCreating(true)}>
            <Plus aria-hidden />
            {t('sites.create.submit')}
          </Button>
        )
      }
    >
      <Card className="overflow-hidden [&>ul]:border-t-0">
        <Loaded query={sites} skeleton={<ListSkeleton />} errorClassName="m-5">
          {({ items }) =>
            items.length === 0 ? (
              <NoSites />
            ) : (
              <SiteList sites={items} link={(site, children) => <SiteLink site={site}>{children}</SiteLink>} />
            )
          }
        </Loaded>
        <MoreButton query={sites} />
      </Card>
      {isCreating && (
        <CreateSiteDialog
          onClose={() => setCreating(false)}
          onCreated={(site) => void navigate({ to: '/sites/$siteId', params: { siteId: site.id } })}
        />
      )}
    </Page>
  );
}
