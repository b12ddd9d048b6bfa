import { z } from 'zod';
import { fromJson, toJson } from '#core/db/json.ts';
import type { Quota } from '../limits/limits.ts';
import { KeyScope } from './principal.ts';
import type { LlmKeyChange, LlmKeyRow } from './queries.ts';
import type { UpdateLlmKey } from './schemas.ts';

/** The columns that `input` speaks of. */
export function columnsOf(input: UpdateLlmKey): LlmKeyChange {
  const { name, scopes, models, limits = {}, usesCache, expiresAt } = input;
  const { requestsPerMinute, tokensPerMinute, messagesPerDay, concurrency, budget } = limits;
  const columns: { [Column in keyof LlmKeyChange]: LlmKeyChange[Column] | undefined } = {
    name,
    scopes: scopes && toJson(scopes),
    models: models && toJson(models),
    uses_cache: usesCache === undefined ? undefined : usesCache ? 1 : 0,
    expires_at: expiresAt == null ? expiresAt : new Date(expiresAt),
    requests_per_minute: requestsPerMinute,
    tokens_per_minute: tokensPerMinute,
    messages_per_day: messagesPerDay,
    concurrency,
    budget_nano_usd: budget && budget.nanoUsd,
    budget_period: budget && budget.period,
  };
  return Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== undefined));
}

export const modelsOf = (row: LlmKeyRow): string[] | null =>
  row.models === null ? null : fromJson(z.array(z.string()), row.models);

export const scopesOf = (row: LlmKeyRow): KeyScope[] => fromJson(z.array(KeyScope), row.scopes);

export const quotaOf = (row: LlmKeyRow): Quota => ({
  requestsPerMinute: row.requests_per_minute,
  tokensPerMinute: row.tokens_per_minute,
  messagesPerDay: row.messages_per_day,
  concurrency: row.concurrency,
  budget:
    row.budget_nano_usd === null || row.budget_period === null
      ? null
      : { nanoUsd: Number(row.budget_nano_usd), period: row.budget_period },
});
