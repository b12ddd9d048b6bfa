import { z } from 'zod';
import type { Actor, Context, TenantContext } from '#core/context.ts';
import { hashToken, newToken, tokenPrefix } from '#core/crypto/tokens.ts';
import { fromJson, toJson } from '#core/db/json.ts';
import { withTransaction } from '#core/db/transaction.ts';
import { NotFound, defineError } from '#core/errors.ts';
import type { Page, PageQuery } from '#core/http/pagination.ts';
import { newId } from '#core/ids.ts';
import { record } from '#modules/audit/service.ts';
import { requireCover } from '../authorization.ts';
import { lockTenant } from '../tenants/queries.ts';
import { type ApiKeyRow, apiKeys, presentedKey } from './queries.ts';
import type { ApiKey, ApiKeyWithSecret, CreateApiKey } from './schemas.ts';

export const API_KEY_PREFIX = 'bst_';
const MAX_KEYS = 50;
const TOUCH_MS = 60_000;

export const ApiKeyLimitReached = defineError<{ max: number }>(
  'api_key.limit_reached',
  409,
  (d) => `At most ${d.max} API keys per tenant. Revoke one that is not used any more.`,
);

export function createApiKey(ctx: TenantContext, input: CreateApiKey): Promise<ApiKeyWithSecret> {
  requireCover(ctx, input.scopes);
  const secret = newToken(API_KEY_PREFIX);
  return withTransaction(ctx, async (ctx) => {
    await lockTenant(ctx.db, ctx.tenantId);
    const keys = apiKeys(ctx.db, ctx.tenantId);
    if ((await keys.count()) >= MAX_KEYS) throw ApiKeyLimitReached({ max: MAX_KEYS });
    const id = newId('apiKey');
    await keys.insert({
      id,
      name: input.name,
      prefix: tokenPrefix(secret),
      token_hash: hashToken(secret),
      scopes: toJson(input.scopes),
      created_by: 'id' in ctx.actor ? ctx.actor.id : ctx.actor.type,
      expires_at: input.expiresAt ? new Date(input.expiresAt) : null,
    });
    await record(ctx, { action: 'api_key.create', subject: id, details: { name: input.name, scopes: input.scopes } });
    const row = await keys.find(id);
    if (!row) throw NotFound({ entity: 'API key', id });
    return { ...present(row), secret };
  });
}

export async function listApiKeys(ctx: TenantContext, query: PageQuery): Promise<Page<ApiKey>> {
  const page = await apiKeys(ctx.db, ctx.tenantId).page(query);
  return { ...page, items: page.items.map(present) };
}

/** Works no more from the next request on. */
export function revokeApiKey(ctx: TenantContext, apiKeyId: string): Promise<void> {
  return withTransaction(ctx, async (ctx) => {
    const revoked = await apiKeys(ctx.db, ctx.tenantId).revoke(apiKeyId);
    if (revoked === 0) throw NotFound({ entity: 'API key', id: apiKeyId });
    await record(ctx, { action: 'api_key.revoke', subject: apiKeyId });
  });
}

/** Undefined when it never was, was revoked, or has expired. */
export async function findApiKey(ctx: Context, secret: string): Promise<Actor | undefined> {
  const row = await presentedKey(ctx.db).findLive(hashToken(secret));
  if (!row) return undefined;
  if (Date.now() - (row.last_used_at?.getTime() ?? 0) > TOUCH_MS) await presentedKey(ctx.db).touch(row.id);
  return { type: 'apiKey', id: row.id, name: row.name, tenantId: row.tenant_id, scopes: new Set(scopesOfRow(row)) };
}

const scopesOfRow = (row: ApiKeyRow): string[] => fromJson(z.array(z.string()), row.scopes);

const present = (row: ApiKeyRow): ApiKey => ({
  id: row.id,
  name: row.name,
  prefix: row.prefix,
  scopes: scopesOfRow(row),
  createdAt: row.created_at.toISOString(),
  expiresAt: row.expires_at?.toISOString() ?? null,
  lastUsedAt: row.last_used_at?.toISOString() ?? null,
});
