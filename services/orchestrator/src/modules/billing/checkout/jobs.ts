import { type JobHandler, on } from '#core/jobs/define.ts';
import { forTenant } from '../customers.ts';
import { check, settle } from './payments.ts';
import { checkAttempt, settlePayment } from './schemas.ts';

export const checkoutHandlers: JobHandler[] = [
  on(checkAttempt, async (ctx, job) => {
    await forTenant(ctx, job.tenantId, (ctx) => check(ctx, job.attemptId));
  }),
  on(settlePayment, (ctx, job) => forTenant(ctx, job.tenantId, (ctx) => settle(ctx, job.paymentId))),
];
