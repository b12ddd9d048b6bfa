import { withTenant } from '#core/context.ts';
import { type JobHandler, on } from '#core/jobs/define.ts';
import { invoiceFailed } from '#modules/billing/schemas.ts';
import { noteFailure } from './service.ts';

export const revenueHandlers: JobHandler[] = [
  on(invoiceFailed, (ctx, { tenantId, ...refusal }) => noteFailure(withTenant(ctx, tenantId), refusal), {
    as: 'revenue',
  }),
];
