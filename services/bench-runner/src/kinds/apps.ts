import { z } from 'zod';
import { AppName } from '../bench/names.ts';
import { defineKind } from '../jobs/kind.ts';

const App = z.object({ name: AppName });

export const installApp = defineKind({
  name: 'Install App on Site',
  function: 'install_app_job',
  lane: 'heavy',
  // Half an app may be there; whoever asked looks (list apps) and asks again.
  afterRestart: 'fail',
  request: App,
  async run(job, { name }) {
    await job.step('Install App on Site', () => job.run(['--site', job.site, 'install-app', name, '--force']));
    return {};
  },
});

export const uninstallApp = defineKind({
  name: 'Uninstall App on Site',
  function: 'uninstall_app_job',
  lane: 'heavy',
  afterRestart: 'fail',
  request: App,
  async run(job, { name }) {
    await job.step('Uninstall App from Site', () =>
      job.run(['--site', job.site, 'uninstall-app', name, '--yes', '--no-backup']),
    );
    return {};
  },
});
