import type { Kind } from '../jobs/kind.ts';
import { installApp, uninstallApp } from '../kinds/apps.ts';
import { archiveSite } from '../kinds/archive-site.ts';
import { backupSite } from '../kinds/backup-site.ts';
import { activateSite, deactivateSite, updateSiteConfiguration } from '../kinds/configuration.ts';
import { migrateSite } from '../kinds/migrate-site.ts';
import { newSite } from '../kinds/new-site.ts';
import { ping } from '../kinds/ping.ts';

type Fields = Record<string, unknown>;

interface JobDoor {
  method: 'post' | 'delete';
  path: string;
  kind: Kind;
  /** Whether the site must exist (404 otherwise), may be gone, comes with the body, or plays no part. */
  site: 'required' | 'optional' | 'in body' | 'none';
  request?: (body: Fields, params: Record<string, string>) => Fields;
}

const SITE = '/benches/:bench/sites/:site';

/** Every request that becomes a job. */
export const JOB_DOORS: readonly JobDoor[] = [
  { method: 'post', path: '/ping_job', kind: ping, site: 'none' },
  { method: 'post', path: '/benches/:bench/sites', kind: newSite, site: 'in body' },
  { method: 'post', path: `${SITE}/archive`, kind: archiveSite, site: 'optional' },
  { method: 'post', path: `${SITE}/config`, kind: updateSiteConfiguration, site: 'required' },
  { method: 'post', path: `${SITE}/activate`, kind: activateSite, site: 'required' },
  { method: 'post', path: `${SITE}/deactivate`, kind: deactivateSite, site: 'required' },
  { method: 'post', path: `${SITE}/apps`, kind: installApp, site: 'required' },
  {
    method: 'delete',
    path: `${SITE}/apps/:app`,
    kind: uninstallApp,
    site: 'required',
    request: (body, { app }) => ({ ...body, name: app }),
  },
  { method: 'post', path: `${SITE}/migrate`, kind: migrateSite, site: 'required' },
  { method: 'post', path: `${SITE}/backup`, kind: backupSite, site: 'required' },
];
