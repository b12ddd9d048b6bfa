import type { Step } from '#core/operations/define.ts';
import { type ProvisionInput, type Provisioning, workplace } from './context.ts';
import { follow } from './follow.ts';
import { PATIENT_ATTEMPTS } from './reserve.ts';

/** The second part of the same job: apps, configuration, scheduler, first user. */
export const install: Step<ProvisionInput, Provisioning> = {
  name: 'install',
  attempts: PATIENT_ATTEMPTS,
  run: async (ctx, operation) => {
    if (operation.result.isAdopted) return { done: true };
    return follow(operation, await workplace(ctx, operation), 'rest');
  },
};
