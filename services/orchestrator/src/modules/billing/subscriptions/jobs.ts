import { withTenant } from '#core/context.ts';
import { type JobHandler, on } from '#core/jobs/define.ts';
import { tenantCreated } from '#modules/identity/schemas.ts';
import { forTenant } from '../customers.ts';
import { carryOut, catchUp, withdraw } from './orders.ts';
import { lookAgain, placeOrder, withdrawOrder } from './schemas.ts';
import { subscribeToDefaults } from './service.ts';

export const subscriptionHandlers: JobHandler[] = [
  on(tenantCreated, (ctx, { tenantId }) => subscribeToDefaults(withTenant(ctx, tenantId)), { as: 'billing' }),
  on(placeOrder, (ctx, job) => forTenant(ctx, job.tenantId, (ctx) => carryOut(ctx, job.subscriptionId))),
  on(withdrawOrder, (ctx, job) => forTenant(ctx, job.tenantId, (ctx) => withdraw(ctx, job.subscriptionId))),
  on(lookAgain, (ctx, job) => forTenant(ctx, job.tenantId, (ctx) => catchUp(ctx, job.subscriptionId))),
];
