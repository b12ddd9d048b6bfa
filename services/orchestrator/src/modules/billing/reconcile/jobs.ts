import { type JobHandler, type Schedule, defineSchedule, on } from '#core/jobs/define.ts';
import { enqueue } from '#core/jobs/enqueue.ts';
import { reconcileRound } from './schemas.ts';
import { reconcile } from './service.ts';

export const reconcileHandlers: JobHandler[] = [on(reconcileRound, (ctx) => reconcile(ctx))];

export const reconcileSchedules: Schedule[] = [
  defineSchedule({
    name: 'billing.reconcile',
    everyMs: (ctx) => ctx.config.BILLING_RECONCILE_MS,
    run: (ctx) => enqueue(ctx, reconcileRound, { round: Date.now() }),
  }),
];
