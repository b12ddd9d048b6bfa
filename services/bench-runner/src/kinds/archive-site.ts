import { z } from 'zod';
import { databaseExists, dropDatabase } from '../bench/database.ts';
import { Argument } from '../bench/names.ts';
import { CommandFailed } from '../jobs/failures.ts';
import type { JobRun } from '../jobs/job-run.ts';
import { defineKind } from '../jobs/kind.ts';
import { removeUnfinishedSite } from './unfinished-site.ts';

export const archiveSite = defineKind({
  name: 'Archive Site',
  function: 'archive_site_job',
  lane: 'heavy',
  afterRestart: 'repeat',
  request: z.object({
    mariadb_root_password: Argument,
    force: z.boolean().nullish(),
    offsite: z.strictObject({}, 'is not offered by this runner: take a backup first').nullish(),
  }),
  async run(job, { mariadb_root_password: rootPassword, force }) {
    const isUnfinished = (await job.sites.creation(job.site)) !== undefined;
    if (!isUnfinished && !job.sites.hasDirectory(job.site)) return {};
    await job.step('Archive Site', async () => {
      if (!isUnfinished) return dropSite(job, rootPassword, force ?? false);
      await removeUnfinishedSite(job, rootPassword);
      return {};
    });
    await job.step('Bench Setup NGINX', () => ({}));
    return {};
  },
});

/**
 * Bench cannot drop a site whose database is gone, and that is how an archive looks that was cut off in the middle:
 * then, and when told to force it, the rest is done here.
 */
async function dropSite(job: JobRun, rootPassword: string, isForced: boolean) {
  const database = await job.sites.databaseName(job.site);
  if (database !== undefined) await refuseSharedDatabase(job, database);
  try {
    return await job.run([
      'drop-site',
      job.site,
      `--db-root-username=${job.server.adminUser}`,
      `--db-root-password=${rootPassword}`,
      '--no-backup',
      '--force',
      `--archived-sites-path=${job.sites.archive}`,
    ]);
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    const isGone = database !== undefined && !(await databaseExists(job.server, rootPassword, database));
    if (!isForced && !isGone) throw error;
    if (database !== undefined) await dropDatabase(job.server, rootPassword, database);
    await job.sites.moveToArchive(job.site);
    return {
      ...job.failure(error),
      note: 'bench could not drop the site; its database and folder were removed directly',
    };
  }
}

/** A site's configuration can be written from within the site: it must not talk us into dropping a neighbour's data. */
async function refuseSharedDatabase(job: JobRun, database: string): Promise<void> {
  for (const other of await job.sites.list())
    if (other !== job.site && (await job.sites.databaseName(other)) === database)
      throw new Error(`The database of ${job.site} is also that of ${other}`);
}
