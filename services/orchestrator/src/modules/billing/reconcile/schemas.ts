import { z } from 'zod';
import { defineJob } from '#core/jobs/define.ts';

/** One round of comparing; a job, because it may take longer than the schedules may wait. */
export const reconcileRound = defineJob({
  name: 'billing.reconcile',
  schema: z.object({ round: z.number().int() }),
  key: ({ round }) => String(round),
  attempts: 10,
});
