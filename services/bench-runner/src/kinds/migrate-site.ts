import { z } from 'zod';
import { defineKind } from '../jobs/kind.ts';

export const migrateSite = defineKind({
  name: 'Migrate Site',
  function: 'migrate_job',
  lane: 'heavy',
  // A patch that was cut off may not bear a second run: a person decides, with a backup at hand.
  afterRestart: 'fail',
  request: z.object({ skip_failing_patches: z.boolean().default(false), activate: z.boolean().default(true) }),
  async run(job, { skip_failing_patches: skipFailing, activate }) {
    const migrate = ['--site', job.site, 'migrate', ...(skipFailing ? ['--skip-failing'] : [])];
    await job.step('Migrate Site', () => job.run(migrate));
    if (activate)
      await job.step('Disable Maintenance Mode', () => job.run(['--site', job.site, 'set-maintenance-mode', 'off']));
    return {};
  },
});
