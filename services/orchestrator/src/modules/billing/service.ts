import type { Context, TenantContext } from '#core/context.ts';
import { toJson } from '#core/db/json.ts';
import type { Line } from '#modules/catalogue/schemas.ts';
import { catalogue } from '#modules/catalogue/service.ts';
import { subscriptions } from './subscriptions/queries.ts';
import { usageEvents } from './usage/queries.ts';

export interface ActiveSubscription {
  id: string;
  planKey: string;
  priceCode: string;
  isPaid: boolean;
  startedAt: Date | null;
}

/** What the tenant has of this line: what is paid before what is not, a bought plan before the free one. */
export async function activeSubscription(ctx: TenantContext, line: Line): Promise<ActiveSubscription | undefined> {
  const row = await subscriptions(ctx, ctx.tenantId).activeOf(line);
  return (
    row && {
      id: row.id,
      planKey: row.plan_key,
      priceCode: row.price_code,
      isPaid: row.paid_price_code !== null,
      startedAt: row.started_at,
    }
  );
}

export interface Usage {
  /** A metric of the catalogue; `properties` must hold its field. */
  metric: string;
  /** With the metric it makes the event unique in the tenant: a request's id, or a gauge's window. */
  transactionId: string;
  properties: Record<string, string | number>;
  at: Date;
}

/** Writes usage down in the caller's transaction; it reaches the bill later, once. The same again changes nothing. */
export const recordUsage = (ctx: TenantContext, usage: Usage): Promise<void> =>
  recordUsages(ctx, [{ ...usage, tenantId: ctx.tenantId }]);

/** The same for several tenants at once, in the order given. */
export async function recordUsages(ctx: Context, usages: readonly (Usage & { tenantId: string })[]): Promise<void> {
  const metrics = new Map(catalogue(ctx).metrics.map((metric) => [metric.code, metric]));
  const rows = usages.map(({ tenantId, transactionId, properties, at, ...usage }) => {
    const metric = metrics.get(usage.metric);
    if (!metric) throw new Error(`The catalogue has no metric ${usage.metric}`);
    if (metric.field !== undefined && !(metric.field in properties))
      throw new Error(`Usage of ${metric.code} needs the property ${metric.field}`);
    return {
      ...{ tenant_id: tenantId, metric: metric.code, line: metric.line, transaction_id: transactionId },
      ...{ properties: toJson(properties), at },
    };
  });
  await usageEvents(ctx).insertNew(rows);
}
