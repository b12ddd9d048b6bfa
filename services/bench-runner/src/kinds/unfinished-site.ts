import { createHash } from 'node:crypto';
import { dropDatabase } from '../bench/database.ts';
import type { JobRun } from '../jobs/job-run.ts';

/**
 * One name per attempt and not per site: what is cleaned up after an attempt can never belong to an earlier site of
 * that name, which may live on under another.
 */
export const databaseNameFor = (job: JobRun): string =>
  `_${createHash('sha1').update(`${job.bench.name}/${job.site}/${job.uid}`).digest('hex').slice(0, 16)}`;

/** Takes away a site whose creation began and did not end; the marker goes last, so that this can be repeated. */
export async function removeUnfinishedSite(job: JobRun, rootPassword: string): Promise<void> {
  const creation = await job.sites.creation(job.site);
  if (!creation) return;
  await dropDatabase(job.server, rootPassword, creation.databaseName);
  await job.sites.moveToArchive(job.site);
  await job.sites.endCreation(job.site);
}
