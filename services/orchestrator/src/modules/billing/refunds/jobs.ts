import { type JobHandler, on } from '#core/jobs/define.ts';
import { forTenant } from '../customers.ts';
import { sendRefund } from './schemas.ts';
import { carryOutRefund } from './service.ts';

export const refundHandlers: JobHandler[] = [
  on(sendRefund, (ctx, { tenantId, paymentId, refundTry }) =>
    forTenant(ctx, tenantId, (ctx) => carryOutRefund(ctx, paymentId, refundTry)),
  ),
];
