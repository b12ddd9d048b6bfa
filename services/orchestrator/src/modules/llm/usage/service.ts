import type { Context, TenantContext } from '#core/context.ts';
import { withTenant } from '#core/context.ts';
import { withTransaction } from '#core/db/transaction.ts';
import { recordUsage } from '#modules/billing/service.ts';
import { tenantUsage, usageRows } from './queries.ts';
import type { UsageRecord } from './record.ts';
import type { LlmUsage, LlmUsageTotals, UsageQuery } from './schemas.ts';

const DAY_MS = 86_400_000;

/**
 * Stores what is not stored yet and tells billing about exactly that, in one transaction: copies of a record count for
 * nothing. Resolves to how many were new.
 */
export async function storeUsage(ctx: Context, records: readonly UsageRecord[]): Promise<number> {
  return withTransaction(ctx, async (ctx) => {
    const rows = usageRows(ctx.db);
    const newIds = await rows.insertNew(byRequestId(records));
    const added = byRequestId(records.filter(({ requestId }) => newIds.has(requestId)));
    for (const [keyId, at] of lastUses(added)) await rows.touchKey(keyId, at);
    for (const group of groupByTenantHour(added)) await bill(ctx, group);
    return added.length;
  });
}

export const storedRequestIds = (ctx: Context, requestIds: readonly string[]): Promise<Set<string>> =>
  usageRows(ctx.db).stored(requestIds);

export const countMessages = (ctx: Context, tenantId: string, since: Date): Promise<number> =>
  tenantUsage(ctx.db, tenantId).countSince(since);

export async function reportUsage(ctx: TenantContext, { from, to }: UsageQuery): Promise<LlmUsage> {
  const before = new Date(Date.parse(to) + DAY_MS);
  const days = await tenantUsage(ctx.db, ctx.tenantId).byDay(new Date(from), before);
  const totals: LlmUsageTotals = { requests: 0, promptTokens: 0, completionTokens: 0, costNanoUsd: 0 };
  for (const day of days) {
    totals.requests += day.requests;
    totals.promptTokens += day.promptTokens;
    totals.completionTokens += day.completionTokens;
    totals.costNanoUsd += day.costNanoUsd;
  }
  return { totals, days };
}

/** Sorted, so that two consumers lock rows in the same order; once each, should a batch hold a copy. */
function byRequestId(records: readonly UsageRecord[]): UsageRecord[] {
  const unique = new Map(records.map((record) => [record.requestId, record]));
  return [...unique.values()].sort((a, b) => (a.requestId < b.requestId ? -1 : 1));
}

function lastUses(records: readonly UsageRecord[]): [string, Date][] {
  const latest = new Map<string, Date>();
  for (const { keyId, at } of records) {
    const date = new Date(at);
    if (date > (latest.get(keyId) ?? 0)) latest.set(keyId, date);
  }
  return [...latest].sort(([a], [b]) => (a < b ? -1 : 1));
}

function groupByTenantHour(records: readonly UsageRecord[]): UsageRecord[][] {
  const groups = Map.groupBy(records, ({ tenantId, at }) => `${tenantId}/${at.slice(0, 13)}`);
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}

/**
 * One event per batch, tenant and hour, named for the first request in it: that request is new in this transaction only,
 * so the name is used once.
 */
async function bill(ctx: Context, group: readonly UsageRecord[]): Promise<void> {
  const [first] = group;
  if (!first) return;
  const tokens = group.reduce((sum, r) => sum + r.promptTokens + r.completionTokens, 0);
  const nanoUsd = group.reduce((sum, r) => sum + r.costNanoUsd, 0);
  const tenant = withTenant(ctx, first.tenantId);
  const at = new Date(first.at);
  await recordUsage(tenant, {
    metric: 'llm_tokens',
    transactionId: `${first.requestId}/tokens`,
    properties: { tokens },
    at,
  });
  if (nanoUsd > 0)
    await recordUsage(tenant, {
      metric: 'llm_cost_nano_usd',
      transactionId: `${first.requestId}/cost`,
      properties: { nano_usd: nanoUsd },
      at,
    });
}
