import type { TenantContext } from '#core/context.ts';
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
export async function recordUsage(ctx: TenantContext, usage: Usage): Promise<void> {
  const metric = catalogue(ctx).metrics.find(({ code }) => code === usage.metric);
  if (!metric) throw new Error(`The catalogue has no metric ${usage.metric}`);
  if (metric.field !== undefined && !(metric.field in usage.properties))
    throw new Error(`Usage of ${metric.code} needs the property ${metric.field}`);
  await usageEvents(ctx).insertNew({
    tenant_id: ctx.tenantId,
    metric: metric.code,
    line: metric.line,
    transaction_id: usage.transactionId,
    properties: toJson(usage.properties),
    at: usage.at,
  });
}
