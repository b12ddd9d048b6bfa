import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { CommandFailed } from '../jobs/failures.ts';
import type { JobRun } from '../jobs/job-run.ts';
import { defineKind } from '../jobs/kind.ts';
import type { Execution } from '../jobs/present.ts';

const WAIT_MS = 2000;
const PATIENCE_MS = 300_000;

/** Where a site's data lies is decided once, when it is made: changed later, a site would open another's database. */
const isAboutDatabase = (key: string): boolean => key.startsWith('db_');

export const ConfigPatch = z
  .record(z.string(), z.json())
  .refine((config) => !Object.keys(config).some(isAboutDatabase), 'must not change db_… keys');

/** Press sends an object when there is nothing to remove. */
const Removal = z.union([
  z.array(z.string().refine((key) => !isAboutDatabase(key), 'must not remove db_… keys')),
  z.strictObject({}).transform((): string[] => []),
]);

export const updateSiteConfiguration = defineKind({
  name: 'Update Site Configuration',
  function: 'update_config_job',
  lane: 'short',
  afterRestart: 'repeat',
  request: z.object({ config: ConfigPatch, remove: Removal }),
  async run(job, { config, remove }) {
    await job.step('Update Site Configuration', async () => {
      await job.sites.updateConfig(job.site, config, remove);
      return {};
    });
    return {};
  },
});

export const activateSite = defineKind({
  name: 'Activate Site',
  function: 'activate_job',
  lane: 'heavy',
  afterRestart: 'repeat',
  request: z.object({}),
  async run(job) {
    await job.step('Disable Maintenance Mode', () => job.run(['--site', job.site, 'set-maintenance-mode', 'off']));
    await job.step('Build Search Index', () =>
      // A site without an index is up all the same.
      job.run(['--site', job.site, 'build-search-index']).catch((error: unknown) => job.failure(error)),
    );
    return {};
  },
});

export const deactivateSite = defineKind({
  name: 'Deactivate Site',
  function: 'deactivate_job',
  lane: 'heavy',
  afterRestart: 'repeat',
  request: z.object({}),
  async run(job) {
    await job.step('Enable Maintenance Mode', () => job.run(['--site', job.site, 'set-maintenance-mode', 'on']));
    await job.step('Wait for Enqueued Jobs', () => waitForEnqueuedJobs(job));
    return {};
  },
});

/** Bench looks once and exits with 1 while jobs are queued. Out of patience, the site stays in maintenance. */
async function waitForEnqueuedJobs(job: JobRun): Promise<Execution> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await job.run(['--site', job.site, 'ready-for-migration']);
    } catch (error) {
      if (!(error instanceof CommandFailed) || Date.now() > deadline) throw error;
    }
    await sleep(WAIT_MS, undefined, { signal: job.signal }).catch(() => job.signal.throwIfAborted());
  }
}
