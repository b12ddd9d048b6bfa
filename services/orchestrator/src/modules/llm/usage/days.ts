import { dayIn } from '#core/calendar.ts';
import type { UsageRecord } from './record.ts';

/** A record and the operator's day that it belongs to, whatever becomes of the calendar later. */
export type DatedRecord = UsageRecord & { day: string };

/** What of a record its day is made of. */
export type Countable = Pick<
  DatedRecord,
  | ('day' | 'tenantId' | 'keyId' | 'userId' | 'provider' | 'model')
  | ('isFallback' | 'isBudgetFallback' | 'isCacheHit' | 'isEstimated')
  | ('promptTokens' | 'cachedTokens' | 'cacheWriteTokens' | 'completionTokens' | 'reasoningTokens' | 'audioTokens')
  | 'costNanoUsd'
>;

/** Column of the roll-up → what one record adds to it. */
const SUMS = {
  requests: () => 1,
  fallbacks: (r) => Number(r.isFallback),
  budget_fallbacks: (r) => Number(r.isBudgetFallback),
  cache_hits: (r) => Number(r.isCacheHit),
  estimated: (r) => Number(r.isEstimated),
  prompt_tokens: (r) => r.promptTokens,
  cached_tokens: (r) => r.cachedTokens,
  cache_write_tokens: (r) => r.cacheWriteTokens,
  completion_tokens: (r) => r.completionTokens,
  reasoning_tokens: (r) => r.reasoningTokens,
  audio_tokens: (r) => r.audioTokens,
  cost_nano_usd: (r) => r.costNanoUsd,
} satisfies Record<string, (record: Countable) => number>;
export type DaySum = keyof typeof SUMS;
export const DAY_SUMS = Object.keys(SUMS) as DaySum[];

/** Whose day; `user_id` is empty where nobody is known. */
export const DAY_KEYS = ['day', 'tenant_id', 'key_id', 'user_id', 'provider', 'model'] as const;

/** What is to be added to one row of the roll-up: its key and then its sums, in the order of both lists. */
export type DayAddition = readonly (string | number)[];

export const dated = (records: readonly UsageRecord[], zone: string): DatedRecord[] =>
  records.map((record) => ({ ...record, day: dayIn(zone, new Date(record.at)) }));

/** Sorted by key: transactions that add to the same rows wait for each other, and never in a circle. */
export function additions(records: readonly Countable[]): DayAddition[] {
  const days = Map.groupBy(records, (r) =>
    JSON.stringify([r.day, r.tenantId, r.keyId, r.userId ?? '', r.provider, r.model]),
  );
  const sorted = [...days].sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.map(([key, added]) => [
    ...(JSON.parse(key) as string[]),
    ...Object.values(SUMS).map((amountOf) => added.reduce((sum, record) => sum + amountOf(record), 0)),
  ]);
}
