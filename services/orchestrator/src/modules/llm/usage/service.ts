import { dayIn } from '#core/calendar.ts';
import type { Context } from '#core/context.ts';
import { withTransaction } from '#core/db/transaction.ts';
import { type Usage, recordUsages } from '#modules/billing/service.ts';
import { redisNames } from '../limits/names.ts';
import { type DatedRecord, additions, dated } from './days.ts';
import { type StoredUsage, estimatedRows, undatedRows, usageDays, usageRows } from './queries.ts';
import type { UsageRecord } from './record.ts';

const LEFTOVERS = 500;

/**
 * Stores what is not stored yet, adds exactly that to its days and tells billing about it, in one transaction: copies of
 * a record count for nothing. Resolves to how many were new.
 */
export async function storeUsage(ctx: Context, records: readonly UsageRecord[]): Promise<number> {
  return withTransaction(ctx, async (ctx) => {
    const rows = usageRows(ctx.db);
    const unique = dated(byRequestId(records), ctx.config.LLM_TIME_ZONE);
    const newIds = await rows.insertNew(unique);
    const [added, copies] = [unique.filter(isIn(newIds)), unique.filter((record) => !isIn(newIds)(record))];
    const corrected = copies.length === 0 ? [] : await correct(ctx, copies);
    const afters = corrected.map(({ after }) => after);
    await usageDays(ctx.db).add(additions([...added, ...afters]));
    await rows.touchKeys(lastUses(added));
    await recordUsages(ctx, [...groupByTenantHour(added).flatMap(billable), ...corrected.flatMap(correction)]);
    return added.length;
  });
}

const isIn =
  (ids: ReadonlySet<string>) =>
  ({ requestId }: UsageRecord): boolean =>
    ids.has(requestId);

interface Corrected {
  before: StoredUsage;
  after: DatedRecord;
}

/** A gateway that was taken for dead and was only asleep says what its requests used: that is true, the estimate was not. */
async function correct({ db }: Context, copies: readonly DatedRecord[]): Promise<Corrected[]> {
  const truths = new Map(
    copies.filter(({ outcome }) => outcome !== 'interrupted').map((copy) => [copy.requestId, copy]),
  );
  const corrected: Corrected[] = [];
  const estimated = await estimatedRows(db).find([...truths.keys()]);
  for (const before of await estimatedRows(db).claim(estimated)) {
    const after = truths.get(before.requestId);
    if (!after) continue;
    await estimatedRows(db).replace(after);
    corrected.push({ before, after });
  }
  const rolledUp = corrected.flatMap(({ before: { day, ...before } }) => (day === null ? [] : [{ ...before, day }]));
  await usageDays(db).subtract(additions(rolledUp));
  return corrected;
}

/**
 * Rolls up rows that are in no day: a worker of an earlier version, which knew of none, stored them when this one was
 * already installed. Resolves to how many there were.
 */
export async function rollUpLeftovers(ctx: Context): Promise<number> {
  const zone = ctx.config.LLM_TIME_ZONE;
  for (let total = 0; ;) {
    const count = await withTransaction(ctx, async ({ db }) => {
      const rows = await undatedRows(db).claim(LEFTOVERS);
      const records = rows.map((row) => ({ ...row, day: dayIn(zone, row.at) }));
      for (const [day, ofDay] of Map.groupBy(records, (record) => record.day))
        await undatedRows(db).setDay(
          ofDay.map(({ requestId }) => requestId),
          day,
        );
      await usageDays(db).add(additions(records));
      return rows.length;
    });
    total += count;
    if (count < LEFTOVERS) return total;
  }
}

/** What is in the stream and not stored; the clock is that of Redis, as are the entries' times. */
export async function usageWaiting({ redis, config }: Context): Promise<{ count: number; oldestS: number }> {
  const { usage } = redisNames(config.REDIS_PREFIX);
  const [oldest] = await redis.xrange(usage, '-', '+', 'COUNT', 1);
  if (!oldest) return { count: 0, oldestS: 0 };
  const [nowS] = await redis.time();
  const addedMs = Number(oldest[0].split('-')[0]);
  return { count: await redis.xlen(usage), oldestS: Math.max(0, Number(nowS) - addedMs / 1000) };
}

/** Of these. Whatever is stored stands for what is only estimated. */
export const storedRequestIds = (
  ctx: Context,
  requestIds: readonly string[],
  options: { orEstimated: boolean },
): Promise<Set<string>> => usageRows(ctx.db).stored(requestIds, options);

/** All of them, as they were and not only estimated. No id may be named twice. */
export const areStored = async (ctx: Context, requestIds: readonly string[]): Promise<boolean> =>
  (await usageRows(ctx.db).storedCount(requestIds)) === requestIds.length;

/**
 * Sorted, so that two consumers lock rows in the same order; once each, should a batch hold a copy: an estimate makes way
 * for what is true.
 */
function byRequestId(records: readonly UsageRecord[]): UsageRecord[] {
  const unique = new Map<string, UsageRecord>();
  for (const record of records)
    if (record.outcome !== 'interrupted' || !unique.has(record.requestId)) unique.set(record.requestId, record);
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
 * so the name is used once. What costs nothing is told as tokens alone.
 */
function billable(group: readonly UsageRecord[]): (Usage & { tenantId: string })[] {
  const [first] = group;
  if (!first) return [];
  const tokens = group.reduce((sum, r) => sum + r.promptTokens + r.completionTokens, 0);
  const nanoUsd = group.reduce((sum, r) => sum + r.costNanoUsd, 0);
  const { requestId, tenantId } = first;
  const event = { tenantId, at: new Date(first.at) };
  const used = { ...event, metric: 'llm_tokens', transactionId: `${requestId}/tokens`, properties: { tokens } };
  if (nanoUsd === 0) return [used];
  const properties = { nano_usd: nanoUsd };
  return [used, { ...event, metric: 'llm_cost_nano_usd', transactionId: `${requestId}/cost`, properties }];
}

/** What has been told already is not told again, only by how much it was wrong, up or down. */
function correction({ before, after }: Corrected): (Usage & { tenantId: string })[] {
  const { requestId, tenantId } = after;
  const event = { tenantId, at: new Date(after.at) };
  const told = (metric: string, field: string, name: string, difference: number) =>
    difference === 0
      ? []
      : [{ ...event, metric, transactionId: `${requestId}/${name}/corrected`, properties: { [field]: difference } }];
  const tokens = after.promptTokens + after.completionTokens - before.promptTokens - before.completionTokens;
  return [
    ...told('llm_tokens', 'tokens', 'tokens', tokens),
    ...told('llm_cost_nano_usd', 'nano_usd', 'cost', after.costNanoUsd - before.costNanoUsd),
  ];
}
