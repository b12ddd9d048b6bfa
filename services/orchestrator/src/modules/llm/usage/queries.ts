import type { Knex } from 'knex';
import type { LlmUsageTotals } from './schemas.ts';
import type { UsageRecord } from './record.ts';

const COLUMNS = [
  'request_id',
  'tenant_id',
  'key_id',
  'at',
  'provider',
  'model',
  'is_stream',
  'outcome',
  'prompt_tokens',
  'cached_tokens',
  'completion_tokens',
  'cost_nano_usd',
  'price',
  'is_estimated',
  'first_byte_ms',
  'duration_ms',
] as const;

const ROW = `(${COLUMNS.map(() => '?').join(', ')})`;

const valuesOf = (r: UsageRecord) => [
  r.requestId,
  r.tenantId,
  r.keyId,
  new Date(r.at),
  r.provider,
  r.model,
  r.isStream,
  r.outcome,
  r.promptTokens,
  r.cachedTokens,
  r.completionTokens,
  r.costNanoUsd,
  r.price,
  r.isEstimated,
  r.firstByteMs,
  r.durationMs,
];

/** Across tenants: what gateways used, whoever for. */
export const usageRows = (db: Knex) => ({
  /** Resolves to the ids that were not there before: the others are copies. */
  insertNew: async (records: readonly UsageRecord[]): Promise<Set<string>> => {
    if (records.length === 0) return new Set();
    const [rows] = (await db.raw(
      `insert ignore into llm_usage (${COLUMNS.join(', ')}) values ${records.map(() => ROW).join(', ')} returning request_id`,
      records.flatMap(valuesOf) as Knex.RawBinding[],
    )) as [{ request_id: string }[]];
    return new Set(rows.map((row) => row.request_id));
  },
  stored: async (requestIds: readonly string[]): Promise<Set<string>> =>
    new Set(await db('llm_usage').whereIn('request_id', requestIds).pluck<string[]>('request_id')),
  touchKey: async (keyId: string, at: Date): Promise<void> => {
    await db('llm_keys')
      .where('id', keyId)
      .whereRaw('(last_used_at is null or last_used_at < ?)', [at])
      .update({ last_used_at: at });
  },
});

type Sums = Record<'requests' | 'prompt' | 'completion' | 'cost', string | number>;

export const tenantUsage = (db: Knex, tenantId: string) => ({
  countSince: async (since: Date): Promise<number> => {
    const row = await db('llm_usage')
      .where('tenant_id', tenantId)
      .where('at', '>=', since)
      .count({ count: '*' })
      .first<{ count: number }>();
    return Number(row.count);
  },
  /** `before` is excluded. */
  byDay: async (from: Date, before: Date): Promise<(LlmUsageTotals & { day: string })[]> => {
    const rows = await db('llm_usage')
      .where('tenant_id', tenantId)
      .where('at', '>=', from)
      .where('at', '<', before)
      .select<(Sums & { day: string })[]>(
        db.raw("date_format(at, '%Y-%m-%d') as day"),
        db.raw('count(*) as requests'),
        db.raw('sum(prompt_tokens) as prompt'),
        db.raw('sum(completion_tokens) as completion'),
        db.raw('sum(cost_nano_usd) as cost'),
      )
      .groupBy('day')
      .orderBy('day');
    return rows.map((row) => ({
      day: row.day,
      requests: Number(row.requests),
      promptTokens: Number(row.prompt),
      completionTokens: Number(row.completion),
      costNanoUsd: Number(row.cost),
    }));
  },
});
