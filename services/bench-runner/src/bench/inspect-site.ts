import { maskSecrets } from '../redact.ts';
import { siteDatabaseFacts, type DatabaseServer } from './database.ts';
import type { Sites } from './sites.ts';

const MIB = 1024 * 1024;
/** The contract's unit: whole MiB, rounded up. */
const mebibytes = (bytes: number): number => Math.ceil(bytes / MIB);

/** A site's configuration without its secrets, and what it takes up. */
export async function inspectSite(sites: Sites, server: DatabaseServer, site: string) {
  const config = await sites.config(site);
  const [database, publicBytes, privateBytes, backupBytes] = await Promise.all([
    siteDatabaseFacts(server, config),
    sites.sizeBytes(site, 'public'),
    sites.sizeBytes(site, 'private'),
    sites.sizeBytes(site, 'private', 'backups'),
  ]);
  return {
    config: maskSecrets(config),
    timezone: database.timezone,
    usage: {
      database: mebibytes(database.sizeBytes),
      public: mebibytes(publicBytes),
      private: mebibytes(privateBytes - backupBytes),
      backups: mebibytes(backupBytes),
    },
  };
}
