import { type Context, type TenantContext, withTenant } from '#core/context.ts';
import { withLock } from '#core/db/lock.ts';

const TENANT_ID_LENGTH = 'ten_'.length + 26;
const LOCK_WAIT_S = 10;

/**
 * A Lago customer has one currency, and plans are sold in several: a tenant is one customer per currency it buys in.
 * In its own currency the id is the tenant's.
 */
export const customerIdOf = (tenantId: string, tenantCurrency: string, currency: string): string =>
  currency === tenantCurrency ? tenantId : `${tenantId}_${currency.toLowerCase()}`;

/** Undefined for a customer that is not ours. */
export function tenantIdOf(customerId: string): string | undefined {
  const tenantId = customerId.slice(0, TENANT_ID_LENGTH);
  const rest = customerId.slice(TENANT_ID_LENGTH);
  return /^ten_[0-9A-Z]{26}$/.test(tenantId) && /^(_[a-z]{3})?$/.test(rest) ? tenantId : undefined;
}

/** Whatever reads a provider and writes what it read takes turns per tenant, so that nothing older overwrites. */
export function forTenant<T>(ctx: Context, tenantId: string, work: (ctx: TenantContext) => Promise<T>): Promise<T> {
  return withLock(ctx.db, `tenant/${tenantId}`, LOCK_WAIT_S, () => work(withTenant(ctx, tenantId)));
}
