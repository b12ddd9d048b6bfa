import type { Kind } from '../jobs/kind.ts';
import { installApp, uninstallApp } from './apps.ts';
import { archiveSite } from './archive-site.ts';
import { backupSite } from './backup-site.ts';
import { activateSite, deactivateSite, updateSiteConfiguration } from './configuration.ts';
import { migrateSite } from './migrate-site.ts';
import { newSite } from './new-site.ts';
import { ping } from './ping.ts';

const KINDS = new Map<string, Kind>(
  [
    newSite,
    archiveSite,
    updateSiteConfiguration,
    activateSite,
    deactivateSite,
    installApp,
    uninstallApp,
    migrateSite,
    backupSite,
    ping,
  ].map((kind) => [kind.name, kind]),
);

export const kindNames: readonly string[] = [...KINDS.keys()];

export function kindNamed(name: string): Kind {
  const kind = KINDS.get(name);
  if (!kind) throw new Error(`This runner knows no job "${name}"`);
  return kind;
}
