import type { Knex } from 'knex';
import { type Countable, DAY_KEYS, DAY_SUMS, type DatedRecord, type DayAddition } from './days.ts';
import type { Outcome } from './record.ts';

/** How a request ended of which only an estimate is known. */
const ESTIMATED: Outcome = 'interrupted';

/** Column → what is written to it. */
const COLUMNS = {
  request_id: (r) => r.requestId,
  tenant_id: (r) => r.tenantId,
  key_id: (r) => r.keyId,
  user_id: (r) => r.userId,
  at: (r) => new Date(r.at),
  day: (r) => r.day,
  surface: (r) => r.surface,
  provider: (r) => r.provider,
  model: (r) => r.model,
  upstream_model: (r) => r.upstreamModel,
  is_stream: (r) => r.isStream,
  outcome: (r) => r.outcome,
  prompt_tokens: (r) => r.promptTokens,
  cached_tokens: (r) => r.cachedTokens,
  cache_write_tokens: (r) => r.cacheWriteTokens,
  completion_tokens: (r) => r.completionTokens,
  reasoning_tokens: (r) => r.reasoningTokens,
  audio_tokens: (r) => r.audioTokens,
  cost_nano_usd: (r) => r.costNanoUsd,
  price: (r) => r.price,
  is_estimated: (r) => r.isEstimated,
  is_fallback: (r) => r.isFallback,
  is_budget_fallback: (r) => r.isBudgetFallback,
  is_cache_hit: (r) => r.isCacheHit,
  first_byte_ms: (r) => r.firstByteMs,
  duration_ms: (r) => r.durationMs,
} satisfies Record<string, (record: DatedRecord) => string | number | boolean | Date | null>;

const VALUES = Object.values(COLUMNS);
const places = (count: number) => `(${Array.from({ length: count }, () => '?').join(', ')})`;
const INSERT_NEW = `insert ignore into llm_usage (${Object.keys(COLUMNS).join(', ')}) values`;

/** Across tenants: what gateways used, whoever for. */
export const usageRows = (db: Knex) => ({
  /** Resolves to the ids that were not there before: the others are copies. */
  insertNew: async (records: readonly DatedRecord[]): Promise<Set<string>> => {
    if (records.length === 0) return new Set();
    const [rows] = (await db.raw(
      `${INSERT_NEW} ${records.map(() => places(VALUES.length)).join(', ')} returning request_id`,
      // A null is written as one; knex's types have none.
      records.flatMap((record) => VALUES.map((valueOf) => valueOf(record))) as Knex.RawBinding[],
    )) as [{ request_id: string }[]];
    return new Set(rows.map((row) => row.request_id));
  },
  /** Of these. What was only estimated when a gateway had gone is not what it used. */
  stored: async (requestIds: readonly string[], { orEstimated = false } = {}): Promise<Set<string>> => {
    const found = db('llm_usage').whereIn('request_id', requestIds);
    return new Set(await (orEstimated ? found : found.whereNot({ outcome: ESTIMATED })).pluck<string[]>('request_id'));
  },
  /** The same, only counted. */
  storedCount: async (requestIds: readonly string[]): Promise<number> => {
    const found = db('llm_usage').whereIn('request_id', requestIds).whereNot({ outcome: ESTIMATED });
    const [row] = await found.count<{ count: number | string }[]>({ count: '*' });
    return Number(row?.count);
  },
  touchKeys: async (uses: readonly (readonly [keyId: string, at: Date])[]): Promise<void> => {
    if (uses.length === 0) return;
    // Text of the column's own kind, or MariaDB would convert the column and read all keys.
    const use = 'select cast(? as char(40) character set ascii) collate ascii_bin as id, cast(? as datetime(3)) as at';
    await db.raw(
      `update llm_keys join (${uses.map(() => use).join(' union all ')}) as used on used.id = llm_keys.id
       set llm_keys.last_used_at = used.at
       where llm_keys.last_used_at is null or llm_keys.last_used_at < used.at`,
      uses.flat(),
    );
  },
});

const DAY_COLUMNS = [...DAY_KEYS, ...DAY_SUMS];
const OF_DAY = `where ${DAY_KEYS.map((key) => `${key} = ?`).join(' and ')}`;
const FROM_DAY = `update llm_usage_days set ${DAY_SUMS.map((sum) => `${sum} = ${sum} - ?`).join(', ')} ${OF_DAY}`;
const EMPTY_DAY = `delete from llm_usage_days ${OF_DAY} and requests = 0`;
const INTO_DAYS = `insert into llm_usage_days (${DAY_COLUMNS.join(', ')}) values`;
const ADDED = `on duplicate key update ${DAY_SUMS.map((sum) => `${sum} = ${sum} + values(${sum})`).join(', ')}`;

/** The roll-up of rows by day. */
export const usageDays = (db: Knex) => ({
  add: async (added: readonly DayAddition[]): Promise<void> => {
    if (added.length === 0) return;
    const rows = added.map(() => places(DAY_COLUMNS.length)).join(', ');
    await db.raw(`${INTO_DAYS} ${rows} ${ADDED}`, added.flat());
  },
  subtract: async (added: readonly DayAddition[]): Promise<void> => {
    for (const addition of added) {
      const [keys, sums] = [addition.slice(0, DAY_KEYS.length), addition.slice(DAY_KEYS.length)];
      await db.raw(FROM_DAY, [...sums, ...keys]);
      await db.raw(EMPTY_DAY, keys);
    }
  },
});

type Flag = 0 | 1;
type CountedRow = Omit<Countable, 'day' | 'isFallback' | 'isBudgetFallback' | 'isCacheHit' | 'isEstimated'> & {
  requestId: string;
  at: Date;
  /** Null = it is in no roll-up. */
  day: string | null;
} & Record<'isFallback' | 'isBudgetFallback' | 'isCacheHit' | 'isEstimated', Flag>;
export type StoredUsage = Omit<Countable, 'day'> & Pick<CountedRow, 'requestId' | 'at' | 'day'>;

const COUNTED = {
  ...{ requestId: 'request_id', at: 'at', tenantId: 'tenant_id', keyId: 'key_id', userId: 'user_id' },
  ...{ provider: 'provider', model: 'model', isEstimated: 'is_estimated', isCacheHit: 'is_cache_hit' },
  ...{ isFallback: 'is_fallback', isBudgetFallback: 'is_budget_fallback', audioTokens: 'audio_tokens' },
  ...{ promptTokens: 'prompt_tokens', cachedTokens: 'cached_tokens', cacheWriteTokens: 'cache_write_tokens' },
  ...{ completionTokens: 'completion_tokens', reasoningTokens: 'reasoning_tokens', costNanoUsd: 'cost_nano_usd' },
};

const storedUsage = (row: CountedRow): StoredUsage => ({
  ...row,
  isFallback: row.isFallback === 1,
  isBudgetFallback: row.isBudgetFallback === 1,
  isCacheHit: row.isCacheHit === 1,
  isEstimated: row.isEstimated === 1,
  costNanoUsd: Number(row.costNanoUsd),
});

/** Rows that stand for what a gateway had under way when it was taken for dead; only meaningful in a transaction. */
export const estimatedRows = (db: Knex) => ({
  /** Looked for without locks: a copy of what is stored is nearly always only a copy, and others have it as well. */
  find: async (requestIds: readonly string[]): Promise<string[]> => {
    if (requestIds.length === 0) return [];
    const found = db('llm_usage').whereIn('request_id', requestIds).where({ outcome: ESTIMATED });
    return found.pluck<string[]>('request_id');
  },
  claim: async (requestIds: readonly string[]): Promise<StoredUsage[]> => {
    if (requestIds.length === 0) return [];
    const rows = await db('llm_usage')
      .whereIn('request_id', requestIds)
      .where({ outcome: ESTIMATED })
      .orderBy('request_id')
      .forUpdate()
      .select(db.raw("date_format(day, '%Y-%m-%d') as day"))
      .select<CountedRow[]>(COUNTED);
    return rows.map(storedUsage);
  },
  replace: async (record: DatedRecord): Promise<void> => {
    const columns = Object.entries(COLUMNS).map(([column, valueOf]) => [column, valueOf(record)]);
    await db('llm_usage').where({ request_id: record.requestId }).update(Object.fromEntries(columns));
  },
});

/** Rows that are in no roll-up; only meaningful in a transaction. */
export const undatedRows = (db: Knex) => ({
  claim: async (limit: number): Promise<Omit<StoredUsage, 'day'>[]> => {
    const rows = await db('llm_usage')
      .whereNull('day')
      .orderBy('request_id')
      .limit(limit)
      .forUpdate()
      .skipLocked()
      .select<CountedRow[]>(COUNTED);
    return rows.map(storedUsage);
  },
  setDay: async (requestIds: readonly string[], day: string): Promise<void> => {
    await db('llm_usage').whereIn('request_id', requestIds).update({ day });
  },
});
