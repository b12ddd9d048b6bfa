import { useTranslation } from 'react-i18next';
import { Badge, type Tone } from '#ui/badge.tsx';
import { isUnderWay, type Site, type SiteStatus } from '../api/sites.ts';

const TONES: Record<SiteStatus, Tone> = {
  requested: 'accent',
  provisioning: 'accent',
  active: 'success',
  failed: 'danger',
};

export function SiteBadge({ site }: { site: Site }) {
  const { t } = useTranslation();
  return (
    <Badge tone={TONES[site.status]} dot={isUnderWay(site) ? 'pulsing' : 'still'}>
      {t(`sites.status.${site.status}`)}
    </Badge>
  );
}
