import type { TenantContext } from '#core/context.ts';
import { authorsOf } from '#modules/identity/members/service.ts';
import { type LlmKeyRow, type OldSecretRow, oldSecrets } from './queries.ts';
import { modelsOf, quotaOf, scopesOf } from './rows.ts';
import type { LlmKey } from './schemas.ts';

/** As the API shows them, with what other rows know of them. */
export async function presentAll(ctx: TenantContext, rows: readonly LlmKeyRow[]): Promise<LlmKey[]> {
  if (rows.length === 0) return [];
  const userIds = rows.map((row) => row.user_id).filter((id) => id !== null);
  const [people, secrets] = [
    await authorsOf(ctx, userIds),
    Map.groupBy(await oldSecrets(ctx.db).ofKeys(rows.map(({ id }) => id)), (secret) => secret.key_id),
  ];
  return rows.map((row) => present(row, authorOf(row, people), secrets.get(row.id) ?? []));
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

const present = (row: LlmKeyRow, createdBy: Author, old: readonly OldSecretRow[]): LlmKey => ({
  id: row.id,
  name: row.name,
  prefix: row.prefix,
  scopes: scopesOf(row),
  models: modelsOf(row),
  limits: quotaOf(row),
  usesCache: row.uses_cache === 1,
  createdBy,
  createdAt: row.created_at.toISOString(),
  expiresAt: row.expires_at?.toISOString() ?? null,
  lastUsedAt: row.last_used_at?.toISOString() ?? null,
  rotatedAt: row.rotated_at?.toISOString() ?? null,
  oldSecrets: old.map(({ prefix, expires_at }) => ({ prefix, expiresAt: expires_at.toISOString() })),
});
