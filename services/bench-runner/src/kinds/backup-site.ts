import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { JobRun } from '../jobs/job-run.ts';
import { defineKind } from '../jobs/kind.ts';
import type { Json } from '../redact.ts';

/** Longest ending first: `-private-files.tar` ends with `-files.tar` too. */
const PARTS = [
  ['database', '-database.sql.gz'],
  ['site_config', '-site_config_backup.json'],
  ['private', '-private-files.tar'],
  ['public', '-files.tar'],
] as const;

const backups = (job: JobRun): string => job.sites.path(job.site, 'private', 'backups');
/** Bench writes here first, so that among the backups there is never half of one. */
const unfinished = (job: JobRun): string => path.join(backups(job), `.unfinished-${job.uid}`);

export const backupSite = defineKind({
  name: 'Backup Site',
  function: 'backup_job',
  lane: 'heavy',
  afterRestart: 'fail',
  request: z.object({
    with_files: z.boolean().default(false),
    offsite: z.strictObject({}, 'is not offered by this runner: fetch the files instead').nullish(),
  }),
  async run(job, { with_files: withFiles }) {
    const { backups: made } = await job.step('Backup Site', async () => {
      await mkdir(unfinished(job), { recursive: true });
      const options = [...(withFiles ? ['--with-files'] : []), `--backup-path=${unfinished(job)}`];
      const execution = await job.run(['--site', job.site, 'backup', ...options]);
      return { ...execution, backups: await publish(job) };
    });
    return { backups: made, offsite: {} };
  },
  async cleanUp(job) {
    await rm(unfinished(job), { recursive: true, force: true });
  },
});

async function publish(job: JobRun): Promise<Record<string, Json>> {
  const made: Record<string, Json> = {};
  for (const file of await readdir(unfinished(job))) {
    const part = PARTS.find(([, ending]) => file.endsWith(ending))?.[0];
    if (part === undefined) continue;
    const target = path.join(backups(job), file);
    await rename(path.join(unfinished(job), file), target);
    const { size } = await stat(target);
    made[part] = { file, path: target, size, url: `https://${job.site}/backups/${file}` };
  }
  if (made['database'] === undefined || !existsSync(backups(job))) throw new Error('bench made no database backup');
  await rm(unfinished(job), { recursive: true, force: true });
  return made;
}
