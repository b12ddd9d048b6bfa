import type { TenantContext } from '#core/context.ts';
import { toJson } from '#core/db/json.ts';
import { record } from '#modules/audit/service.ts';
import { recordUsage } from '#modules/billing/service.ts';
import { catalogue } from '#modules/catalogue/service.ts';
import { ownersOf } from '#modules/identity/members/service.ts';
import { getTenant } from '#modules/identity/tenants/service.ts';
import { sendMail } from '#modules/mail/service.ts';
import { urlOf } from '../address.ts';
import { sites } from '../queries.ts';
import { UsageMib } from '../schemas.ts';
import { type ProvisionFacts, findSite } from './context.ts';

const STORAGE = 'site_storage_gb';
const MIB_PER_GB = 1000 ** 3 / 1024 ** 2;

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
  await recordStorage(ctx, site.id, now);
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

/** The gauge is of the tenant as a whole: all of its sites as they were last measured. */
async function recordStorage(ctx: TenantContext, siteId: string, at: Date): Promise<void> {
  // An operator's catalogue need not sell storage.
  if (!catalogue(ctx).metrics.some(({ code }) => code === STORAGE)) return;
  const measured = (await sites(ctx.db, ctx.tenantId).all())
    .filter(({ usage_mib: usage }) => usage !== null)
    .map(({ usage_mib: usage }) => UsageMib.parse(JSON.parse(usage ?? '')));
  const totalMib = measured.reduce((sum, usage) => sum + usage.database + usage.public + usage.private, 0);
  await recordUsage(ctx, {
    metric: STORAGE,
    transactionId: `${siteId}/ready`,
    properties: { gb: Number((totalMib / MIB_PER_GB).toFixed(3)) },
    at,
  });
}
