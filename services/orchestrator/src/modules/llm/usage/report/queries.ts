import type { Knex } from 'knex';
import { DAY_SUMS, type DaySum } from '../days.ts';
import type { Outcome } from '../record.ts';
import type { Surface } from '../../providers/provider.ts';
import type { DayRange } from './range.ts';
import type { LlmUsageTotals } from './schemas.ts';

/** Whose usage: a scope that is left out is everybody's. */
export interface UsageScope {
  tenantId?: string | undefined;
  keyId?: string | undefined;
  userId?: string | undefined;
}

const GROUP_COLUMNS = {
  day: "date_format(day, '%Y-%m-%d')",
  model: 'model',
  provider: 'provider',
  key: 'key_id',
  tenant: 'tenant_id',
  user: 'user_id',
} as const;
export type UsageGroup = keyof typeof GROUP_COLUMNS;

type SumRow = Record<DaySum, string | number | null>;

/** Sums over the roll-up of days. */
export function usageSums(db: Knex, { tenantId, keyId, userId }: UsageScope, { from, to }: DayRange) {
  const sums = DAY_SUMS.map((sum) => db.raw('sum(??) as ??', [sum, sum]));
  const used = () => {
    const rows = db('llm_usage_days').whereBetween('day', [from, to]);
    if (tenantId !== undefined) void rows.where('tenant_id', tenantId);
    if (keyId !== undefined) void rows.where('key_id', keyId);
    if (userId !== undefined) void rows.where('user_id', userId);
    return rows;
  };
  return {
    total: async (): Promise<LlmUsageTotals> => totalsOf(await used().select<SumRow[]>(sums).first()),
    of: async (sum: 'requests' | 'cost_nano_usd'): Promise<number> => {
      const row = await used().sum({ sum }).first<{ sum: string | null }>();
      return Number(row.sum ?? 0);
    },
    /** Days oldest first, everything else dearest first. */
    by: async (group: UsageGroup, limit?: number): Promise<(LlmUsageTotals & { value: string })[]> => {
      const rows = used()
        .select<(SumRow & { value: string })[]>([db.raw(`${GROUP_COLUMNS[group]} as value`), ...sums])
        .groupBy('value');
      if (group !== 'day') void rows.orderBy('cost_nano_usd', 'desc').orderBy('requests', 'desc');
      void rows.orderBy('value');
      if (limit !== undefined) void rows.limit(limit);
      return (await rows).map((row) => ({ value: row.value, ...totalsOf(row) }));
    },
  };
}

function totalsOf(row: SumRow | undefined): LlmUsageTotals {
  const sum = (name: DaySum) => Number(row?.[name] ?? 0);
  return {
    requests: sum('requests'),
    fallbacks: sum('fallbacks'),
    budgetFallbacks: sum('budget_fallbacks'),
    cacheHits: sum('cache_hits'),
    estimatedRequests: sum('estimated'),
    promptTokens: sum('prompt_tokens'),
    cachedTokens: sum('cached_tokens'),
    cacheWriteTokens: sum('cache_write_tokens'),
    completionTokens: sum('completion_tokens'),
    reasoningTokens: sum('reasoning_tokens'),
    audioTokens: sum('audio_tokens'),
    costNanoUsd: sum('cost_nano_usd'),
  };
}

type Flag = 0 | 1;
export interface RequestRow {
  request_id: string;
  at: Date;
  key_id: string;
  key_name: string | null;
  surface: Surface;
  model: string;
  provider: string;
  upstream_model: string | null;
  outcome: Outcome;
  is_stream: Flag;
  is_fallback: Flag;
  is_budget_fallback: Flag;
  is_cache_hit: Flag;
  prompt_tokens: number;
  cached_tokens: number;
  cache_write_tokens: number;
  completion_tokens: number;
  reasoning_tokens: number;
  audio_tokens: number;
  cost_nano_usd: number | string;
  price: string | null;
  is_estimated: Flag;
  first_byte_ms: number | null;
  duration_ms: number;
}

/** Where a page ends; rows of the same moment are told apart by their id. */
export type RequestPlace = Pick<RequestRow, 'at' | 'request_id'>;

export interface RequestFilter {
  /** From this moment until before that one. */
  since: Date;
  before: Date;
  keyId?: string | undefined;
  model?: string | undefined;
  provider?: string | undefined;
  outcome?: Outcome | undefined;
}

/** Single requests of a tenant, newest first. */
export const usageRequests = (db: Knex, tenantId: string) => ({
  after: (filter: RequestFilter, place: RequestPlace | undefined, limit: number): Promise<RequestRow[]> => {
    const rows = db('llm_usage as used')
      .leftJoin('llm_keys as llm_key', (join) =>
        join.on('llm_key.id', 'used.key_id').andOn('llm_key.tenant_id', 'used.tenant_id'),
      )
      .where('used.tenant_id', tenantId)
      .where('used.at', '>=', filter.since)
      .where('used.at', '<', filter.before);
    if (filter.keyId !== undefined) void rows.where('used.key_id', filter.keyId);
    if (filter.model !== undefined) void rows.where('used.model', filter.model);
    if (filter.provider !== undefined) void rows.where('used.provider', filter.provider);
    if (filter.outcome !== undefined) void rows.where('used.outcome', filter.outcome);
    if (place) {
      const { at, request_id: id } = place;
      // The first condition is there for the index: MariaDB does not see it in the second.
      void rows.where('used.at', '<=', at).whereRaw('(used.at < ? or used.request_id < ?)', [at, id]);
    }
    return rows
      .orderBy('used.at', 'desc')
      .orderBy('used.request_id', 'desc')
      .limit(limit)
      .select<RequestRow[]>('used.*', 'llm_key.name as key_name');
  },
});

/** What the tenant's keys are called, those that are revoked too. */
export const keyNames = (db: Knex, tenantId: string) => ({
  of: async (keyIds: readonly string[]): Promise<Map<string, string>> => {
    const rows = await db('llm_keys')
      .where('tenant_id', tenantId)
      .whereIn('id', keyIds)
      .select<{ id: string; name: string }[]>('id', 'name');
    return new Map(rows.map(({ id, name }) => [id, name]));
  },
});
