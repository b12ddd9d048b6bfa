import { Globe } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '#i18n/use-format.ts';
import type { Site } from '../api/sites.ts';
import { OpenSiteButton } from './open-site-button.tsx';
import { SiteBadge } from './site-badge.tsx';

interface SiteListProps {
  sites: readonly Site[];
  /** The router's link to a site's page. */
  link: (site: Site, children: ReactNode) => ReactNode;
}

export function SiteList({ sites, link }: SiteListProps) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <ul aria-label={t('sites.title')} className="divide-y divide-line border-t border-line">
      {sites.map((site) => (
        <li
          key={site.id}
          className="relative flex flex-wrap items-center gap-x-4 gap-y-3 px-5 py-4 transition-colors hover:bg-sunken sm:px-6"
        >
          <div className="grid size-9 shrink-0 place-items-center rounded-lg border border-line bg-sunken text-muted">
            <Globe aria-hidden className="size-4" />
          </div>
          <div className="min-w-0 flex-1 basis-40">
            <p className="font-medium wrap-anywhere">{link(site, site.host)}</p>
            <p className="text-[0.8125rem] text-muted">
              {site.apps.length === 0
                ? t('sites.created', { when: format.relative(site.createdAt) })
                : t('sites.createdWithApps', { when: format.relative(site.createdAt), apps: format.list(site.apps) })}
            </p>
          </div>
          <SiteBadge site={site} />
          <OpenSiteButton site={site} variant="secondary" size="sm" className="relative z-10" />
        </li>
      ))}
    </ul>
  );
}
