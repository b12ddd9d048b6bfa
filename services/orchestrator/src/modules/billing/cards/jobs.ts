import { type JobHandler, on } from '#core/jobs/define.ts';
import { forTenant } from '../customers.ts';
import { invoiceIssued } from '../schemas.ts';
import { chargeCard } from './charge.ts';
import { keepCard } from './schemas.ts';
import { keepCardOf } from './service.ts';

export const cardHandlers: JobHandler[] = [
  on(keepCard, (ctx, { tenantId, paymentId }) => forTenant(ctx, tenantId, (ctx) => keepCardOf(ctx, paymentId))),
  on(invoiceIssued, (ctx, { tenantId, invoiceId }) => forTenant(ctx, tenantId, (ctx) => chargeCard(ctx, invoiceId)), {
    as: 'saved_card',
  }),
];
