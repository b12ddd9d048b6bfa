import type { Context, TenantContext } from '#core/context.ts';
import { afterCommit, withTransaction } from '#core/db/transaction.ts';
import { raiseVersion } from '../limits/version.ts';
import { type TenantVersion, tenantVersions } from './queries.ts';

/** A change is looked for this long: longer than any transaction that makes one stays open. */
const CHANGES_SEEN_S = 60;

/**
 * What gateways remember of this tenant's keys becomes out of date with the commit: the version in Redis refuses it at
 * the next request, and the row is what they look for twice a second should Redis not have heard of it.
 */
export async function forgetPrincipals(ctx: TenantContext): Promise<void> {
  await withTransaction(ctx, async (ctx) => {
    const version = await tenantVersions(ctx.db).raise(ctx.tenantId);
    afterCommit(ctx, () => {
      raiseVersion(ctx, ctx.tenantId, version).catch((error: unknown) => {
        ctx.log.warn(
          { err: error, tenantId: ctx.tenantId },
          'redis did not hear of a change; gateways will look it up',
        );
      });
    });
  });
}

export const recentChanges = (ctx: Context): Promise<TenantVersion[]> =>
  tenantVersions(ctx.db).changedLately(CHANGES_SEEN_S);
