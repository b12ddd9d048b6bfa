import { type Schedule, defineSchedule } from '#core/jobs/define.ts';
import { reconcile } from './service.ts';

export const reconcileSchedules: Schedule[] = [
  defineSchedule({ name: 'billing.reconcile', everyMs: (ctx) => ctx.config.BILLING_RECONCILE_MS, run: reconcile }),
];
