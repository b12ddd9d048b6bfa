import { withTenant } from '#core/context.ts';
import { type JobHandler, on } from '#core/jobs/define.ts';
import { invoicePaid } from '#modules/billing/schemas.ts';
import { ensureFirstSite } from './service.ts';

export const siteHandlers: JobHandler[] = [
  on(
    invoicePaid,
    async (ctx, { tenantId, covers }) => {
      const plan = covers.find(({ line }) => line === 'sites');
      if (plan) await ensureFirstSite(withTenant(ctx, tenantId), plan.planKey);
    },
    { as: 'sites' },
  ),
];
