import { z } from 'zod';
import { AppName, Argument, SiteName } from '../bench/names.ts';
import type { JobRun } from '../jobs/job-run.ts';
import { defineKind } from '../jobs/kind.ts';
import type { Execution } from '../jobs/present.ts';
import type { Json } from '../redact.ts';
import { ConfigPatch } from './configuration.ts';
import { databaseNameFor, removeUnfinishedSite } from './unfinished-site.ts';

const FirstUser = z.object({
  email: z.email(),
  first_name: Argument,
  last_name: z.union([Argument, z.literal('')]).default(''),
  password: Argument,
});

const NewSite = z.object({
  name: SiteName,
  config: ConfigPatch.default({}),
  apps: z.array(AppName).max(100),
  mariadb_root_password: Argument,
  admin_password: Argument,
  create_user: FirstUser.nullish(),
});
type NewSite = z.output<typeof NewSite>;

/** Leaves a finished site or nothing. */
export const newSite = defineKind({
  name: 'New Site',
  function: 'new_site',
  lane: 'heavy',
  // Bench cannot go on with half a site: it is taken away, and whoever asked may ask again.
  afterRestart: 'fail',
  request: NewSite,
  async run(job, request) {
    const onSite = (...args: string[]) => job.run(['--site', job.site, ...args]);
    await job.step('New Site', () => createSite(job, request));
    await job.step('Install Apps', () => installApps(request.apps, onSite));
    await job.step('Update Site Configuration', async () => {
      await job.sites.updateConfig(job.site, request.config);
      return {};
    });
    await job.step('Enable Scheduler', () => onSite('scheduler', 'enable'));
    const user = request.create_user;
    if (user)
      await job.step('Create User', () =>
        onSite(
          'add-system-manager',
          user.email,
          `--first-name=${user.first_name}`,
          `--last-name=${user.last_name}`,
          `--password=${user.password}`,
        ),
      );
    // The benches' nginx picks the site by its host name: there is nothing to set up per site.
    await job.step('Bench Setup NGINX', () => ({}));
    await job.step('Reload NGINX', () => ({}));
    await job.sites.endCreation(job.site);
    return {};
  },
  async cleanUp(job, request) {
    const creation = await job.sites.creation(job.site);
    // Another job's site, or one that was there before: not ours to remove.
    if (creation?.jobUid === job.uid) await removeUnfinishedSite(job, request().mariadb_root_password);
  },
  async isComplete(job) {
    return job.sites.isFinished(job.site) && (await job.sites.databaseName(job.site)) === databaseNameFor(job);
  },
});

async function createSite(job: JobRun, request: NewSite) {
  await removeUnfinishedSite(job, request.mariadb_root_password);
  const databaseName = databaseNameFor(job);
  // A site that exists is left to bench, which refuses it; without a marker nothing of it is ever removed.
  if (!job.sites.hasDirectory(job.site)) await job.sites.beginCreation(job.site, { jobUid: job.uid, databaseName });
  return job.run([
    'new-site',
    job.site,
    '--mariadb-user-host-login-scope=%',
    `--db-root-username=${job.server.adminUser}`,
    `--db-root-password=${request.mariadb_root_password}`,
    `--admin-password=${request.admin_password}`,
    `--db-name=${databaseName}`,
  ]);
}

async function installApps(apps: readonly string[], onSite: (...args: string[]) => Promise<Execution>) {
  const installed: Record<string, Json> = {};
  const output: string[] = [];
  for (const app of apps) {
    // It came with the site.
    if (app === 'frappe') {
      installed[app] = {};
      continue;
    }
    const execution = await onSite('install-app', app);
    installed[app] = { install: execution };
    output.push(execution.output);
  }
  return { apps: installed, output: output.join('\n') };
}
