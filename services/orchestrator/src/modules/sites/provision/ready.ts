import type { TenantContext } from '#core/context.ts';
import { toJson } from '#core/db/json.ts';
import { record } from '#modules/audit/service.ts';
import { ownersOf } from '#modules/identity/members/service.ts';
import { getTenant } from '#modules/identity/tenants/service.ts';
import { sendMail } from '#modules/mail/service.ts';
import { urlOf } from '../address.ts';
import { sites } from '../queries.ts';
import { type ProvisionFacts, findSite } from './context.ts';

/** In the transaction that ends the operation: the site is in use from here on, and its owners are told once. */
export async function welcome(ctx: TenantContext, { id, input, result }: ProvisionFacts): Promise<void> {
  const own = sites(ctx.db, ctx.tenantId);
  const now = new Date();
  await own.move(input.siteId, 'active', {
    ready_at: now,
    ...(result.usageMib && { usage_mib: toJson(result.usageMib), usage_at: now }),
  });
  await own.release(input.siteId, id);
  const site = await findSite(ctx, input.siteId);
  await record(ctx, { action: 'site.ready', subject: site.id, details: { host: site.host } });
  const { name: tenantName } = await getTenant(ctx, ctx.tenantId);
  const dashboardUrl = `${ctx.config.PUBLIC_URL}/sites/${site.id}`;
  for (const owner of await ownersOf(ctx))
    await sendMail(ctx, {
      template: 'site_ready',
      key: `${site.id}/${owner.userId}`,
      to: { email: owner.email, name: owner.name, locale: owner.locale },
      data: { tenantName, host: site.host, siteUrl: urlOf(ctx, site.host), dashboardUrl },
    });
}
