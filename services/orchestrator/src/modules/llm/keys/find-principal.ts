import { type Context, withTenant } from '#core/context.ts';
import { tenantLimits } from '../budgets/service.ts';
import type { Principal } from './principal.ts';
import { presentedLlmKey, tenantVersions } from './queries.ts';
import { modelsOf, quotaOf, scopesOf } from './rows.ts';

/** Undefined when there never was such a key or it is revoked. The version is read first: a change meanwhile shows. */
export async function findPrincipal(ctx: Context, keyHash: string): Promise<Principal | undefined> {
  const seen = await presentedLlmKey(ctx.db).find(keyHash);
  if (!seen) return undefined;
  const tenant = withTenant(ctx, seen.tenant_id);
  const version = await tenantVersions(ctx.db).of(tenant.tenantId);
  const row = await presentedLlmKey(ctx.db).find(keyHash);
  if (!row) return undefined;
  return {
    keyId: row.id,
    tenantId: row.tenant_id,
    userId: row.user_id,
    version,
    scopes: scopesOf(row),
    models: modelsOf(row),
    expiresAtMs: earliest(row.expires_at, row.secret_expires_at),
    isReplaced: row.secret_expires_at !== null && (!row.expires_at || row.secret_expires_at < row.expires_at),
    usesCache: row.uses_cache === 1,
    limits: { ...(await tenantLimits(tenant)), key: quotaOf(row) },
  };
}

/** A secret that was replaced ends by itself, in whatever memory its principal is. */
function earliest(...dates: (Date | null)[]): number | null {
  const times = dates.filter((date) => date !== null).map((date) => date.getTime());
  return times.length === 0 ? null : Math.min(...times);
}
