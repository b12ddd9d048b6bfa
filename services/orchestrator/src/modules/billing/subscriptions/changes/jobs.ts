import { type JobHandler, type Schedule, defineSchedule, on } from '#core/jobs/define.ts';
import { forTenant } from '../../customers.ts';
import { carry } from './carry.ts';
import { carryChange } from './schemas.ts';
import { sweepChanges } from './sweep.ts';

export const changeHandlers: JobHandler[] = [
  on(carryChange, (ctx, job) => forTenant(ctx, job.tenantId, (ctx) => carry(ctx, job.changeId))),
];

export const changeSchedules: Schedule[] = [
  defineSchedule({
    name: 'billing.sweep_changes',
    everyMs: (ctx) => ctx.config.BILLING_RECONCILE_MS,
    run: sweepChanges,
  }),
];
