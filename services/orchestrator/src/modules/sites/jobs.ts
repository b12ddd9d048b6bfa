import { withTenant } from '#core/context.ts';
import { type JobHandler, on } from '#core/jobs/define.ts';
import { invoicePaid } from '#modules/billing/schemas.ts';
import { ensureFirstSite } from './service.ts';

export const siteHandlers: JobHandler[] = [
  on(
    invoicePaid,
    async (ctx, { tenantId, line, planKey }) => {
      if (line === 'sites') await ensureFirstSite(withTenant(ctx, tenantId), planKey);
    },
    { as: 'sites' },
  ),
];
