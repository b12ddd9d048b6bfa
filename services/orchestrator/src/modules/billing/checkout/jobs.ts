import { type JobHandler, on } from '#core/jobs/define.ts';
import { forTenant } from '../customers.ts';
import { closePageBeside, closeStrayPages } from './close.ts';
import { check } from './payments.ts';
import { checkAttempt, closeOtherPage, settlePayment } from './schemas.ts';
import { settle } from './settle.ts';

export const checkoutHandlers: JobHandler[] = [
  on(checkAttempt, async (ctx, job) => {
    await forTenant(ctx, job.tenantId, async (ctx) => {
      await check(ctx, job.attemptId);
      await closeStrayPages(ctx, job.attemptId);
    });
  }),
  on(closeOtherPage, (ctx, job) =>
    forTenant(ctx, job.tenantId, (ctx) => closePageBeside(ctx, job.attemptId, job.pageId)),
  ),
  on(settlePayment, (ctx, job) => forTenant(ctx, job.tenantId, (ctx) => settle(ctx, job.paymentId))),
];
