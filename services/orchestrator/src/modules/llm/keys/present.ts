import { dayIn, monthDays, monthOf } from '#core/calendar.ts';
import type { TenantContext } from '#core/context.ts';
import { authorsOf } from '#modules/identity/members/service.ts';
import { usageSums } from '../usage/report/queries.ts';
import type { DayRange } from '../usage/report/range.ts';
import { type LlmKeyRow, type OldSecretRow, oldSecrets } from './queries.ts';
import { modelsOf, quotaOf, scopesOf } from './rows.ts';
import type { LlmKey } from './schemas.ts';

/** As the API shows them, with what other rows know of them. */
export async function presentAll(ctx: TenantContext, rows: readonly LlmKeyRow[]): Promise<LlmKey[]> {
  if (rows.length === 0) return [];
  const userIds = rows.map((row) => row.user_id).filter((id) => id !== null);
  const people = await authorsOf(ctx, userIds);
  const secrets = await oldSecrets(ctx.db).ofKeys(rows.map(({ id }) => id));
  const byKey = Map.groupBy(secrets, (secret) => secret.key_id);
  const day = await costsOf(ctx, (today) => ({ from: today, to: today }));
  const month = await costsOf(ctx, (today) => monthDays(monthOf(today)));
  return rows.map((row) => ({
    ...present(row),
    createdBy: authorOf(row, people),
    oldSecrets: (byKey.get(row.id) ?? []).map(presentOld),
    spent: { dayNanoUsd: day.get(row.id) ?? 0, monthNanoUsd: month.get(row.id) ?? 0 },
  }));
}

/** Of all keys of the tenant at once: the roll-up has few rows for a day, and not many for a month. */
async function costsOf(ctx: TenantContext, rangeAt: (today: string) => DayRange): Promise<Map<string, number>> {
  const range = rangeAt(dayIn(ctx.config.LLM_TIME_ZONE, Date.now()));
  const costs = await usageSums(ctx.db, { tenantId: ctx.tenantId }, range).by('key');
  return new Map(costs.map(({ value, costNanoUsd }) => [value, costNanoUsd]));
}

type Author = LlmKey['createdBy'];

function authorOf(row: LlmKeyRow, people: Awaited<ReturnType<typeof authorsOf>>): Author {
  if (row.user_id === null) {
    const type = row.created_by.startsWith('key_') ? 'apiKey' : 'system';
    return { type, id: row.created_by, name: null, isMember: true };
  }
  const person = people.get(row.user_id);
  return { type: 'user', id: row.user_id, name: person?.name ?? null, isMember: person?.isMember ?? false };
}

const presentOld = ({ prefix, expires_at }: OldSecretRow) => ({ prefix, expiresAt: expires_at.toISOString() });

const present = (row: LlmKeyRow) => ({
  id: row.id,
  name: row.name,
  prefix: row.prefix,
  scopes: scopesOf(row),
  models: modelsOf(row),
  limits: quotaOf(row),
  usesCache: row.uses_cache === 1,
  createdAt: row.created_at.toISOString(),
  expiresAt: row.expires_at?.toISOString() ?? null,
  lastUsedAt: row.last_used_at?.toISOString() ?? null,
  rotatedAt: row.rotated_at?.toISOString() ?? null,
});
