import { ArrowUpRight } from 'lucide-react';
import type { ComponentProps } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '#ui/button.tsx';
import type { Site } from '../api/sites.ts';

interface OpenSiteButtonProps extends Pick<ComponentProps<typeof Button>, 'variant' | 'size' | 'className'> {
  site: Site;
}

export function OpenSiteButton({ site, ...button }: OpenSiteButtonProps) {
  const { t } = useTranslation();
  if (site.status !== 'active') return null;
  return (
    <Button asChild {...button}>
      <a href={site.url} target="_blank" rel="noopener noreferrer">
        {t('sites.open')}
        <ArrowUpRight aria-hidden />
        <span className="sr-only">{t('sites.opensNewTab', { host: site.host })}</span>
      </a>
    </Button>
  );
}
