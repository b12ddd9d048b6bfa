import { z } from 'zod';
import type { Context, TenantContext } from '#core/context.ts';
import { withTenant } from '#core/context.ts';
import { hashToken, newToken, tokenPrefix } from '#core/crypto/tokens.ts';
import { fromJson, toJson } from '#core/db/json.ts';
import { afterCommit, withTransaction } from '#core/db/transaction.ts';
import { NotFound, defineError } from '#core/errors.ts';
import type { Page, PageQuery } from '#core/http/pagination.ts';
import { newId } from '#core/ids.ts';
import { record } from '#modules/audit/service.ts';
import { entitlementsOf } from '#modules/catalogue/service.ts';
import { limitsOf } from '../limits/limits.ts';
import { raiseVersion } from '../limits/version.ts';
import type { Principal } from './principal.ts';
import { type LlmKeyRow, type TenantVersion, llmKeys, presentedLlmKey, tenantVersions } from './queries.ts';
import type { CreateLlmKey, LlmKey, LlmKeyWithSecret } from './schemas.ts';

export const LLM_KEY_PREFIX = 'sk-bst-';
const MAX_KEYS = 100;
/** A change is looked for this long: longer than any transaction that makes one stays open. */
const CHANGES_SEEN_S = 60;

export const LlmKeyLimitReached = defineError<{ max: number }>(
  'llm_key.limit_reached',
  409,
  (d) => `At most ${d.max} gateway keys per tenant. Revoke one that is not used any more.`,
);

export function createLlmKey(ctx: TenantContext, input: CreateLlmKey): Promise<LlmKeyWithSecret> {
  const secret = newToken(LLM_KEY_PREFIX);
  return withTransaction(ctx, async (ctx) => {
    await tenantVersions(ctx.db).lock(ctx.tenantId);
    const keys = llmKeys(ctx.db, ctx.tenantId);
    if ((await keys.count()) >= MAX_KEYS) throw LlmKeyLimitReached({ max: MAX_KEYS });
    const id = newId('llmKey');
    await keys.insert({
      id,
      name: input.name,
      prefix: tokenPrefix(secret),
      key_hash: hashToken(secret),
      models: input.models ? toJson(input.models) : null,
      created_by: 'id' in ctx.actor ? ctx.actor.id : ctx.actor.type,
      expires_at: input.expiresAt ? new Date(input.expiresAt) : null,
    });
    await record(ctx, {
      action: 'llm_key.create',
      subject: id,
      details: { name: input.name, models: input.models ?? null },
    });
    const row = await keys.find(id);
    if (!row) throw NotFound({ entity: 'gateway key', id });
    return { ...present(row), secret };
  });
}

export async function listLlmKeys(ctx: TenantContext, query: PageQuery): Promise<Page<LlmKey>> {
  const page = await llmKeys(ctx.db, ctx.tenantId).page(query);
  return { ...page, items: page.items.map(present) };
}

export function revokeLlmKey(ctx: TenantContext, llmKeyId: string): Promise<void> {
  return withTransaction(ctx, async (ctx) => {
    const revoked = await llmKeys(ctx.db, ctx.tenantId).revoke(llmKeyId);
    if (revoked === 0) throw NotFound({ entity: 'gateway key', id: llmKeyId });
    await record(ctx, { action: 'llm_key.revoke', subject: llmKeyId });
    await forgetPrincipals(ctx);
  });
}

/**
 * What gateways remember of this tenant's keys becomes out of date with the commit: the version in Redis refuses it at
 * the next request, and the row is what they look for twice a second should Redis not have heard of it.
 */
export async function forgetPrincipals(ctx: TenantContext): Promise<void> {
  await withTransaction(ctx, async (ctx) => {
    const version = await tenantVersions(ctx.db).raise(ctx.tenantId);
    afterCommit(ctx, () => {
      raiseVersion(ctx, ctx.tenantId, version).catch((error: unknown) => {
        ctx.log.warn(
          { err: error, tenantId: ctx.tenantId },
          'redis did not hear of a change; gateways will look it up',
        );
      });
    });
  });
}

export const recentChanges = (ctx: Context): Promise<TenantVersion[]> =>
  tenantVersions(ctx.db).changedLately(CHANGES_SEEN_S);

/** Undefined when there never was such a key or it is revoked. The version is read first: a change meanwhile shows. */
export async function findPrincipal(ctx: Context, keyHash: string): Promise<Principal | undefined> {
  const seen = await presentedLlmKey(ctx.db).find(keyHash);
  if (!seen) return undefined;
  const version = await tenantVersions(ctx.db).of(seen.tenant_id);
  const row = await presentedLlmKey(ctx.db).find(keyHash);
  if (!row) return undefined;
  return {
    keyId: row.id,
    tenantId: row.tenant_id,
    version,
    models: modelsOf(row),
    expiresAtMs: row.expires_at?.getTime() ?? null,
    limits: limitsOf(await entitlementsOf(withTenant(ctx, row.tenant_id))),
  };
}

const modelsOf = (row: LlmKeyRow): string[] | null =>
  row.models === null ? null : fromJson(z.array(z.string()), row.models);

const present = (row: LlmKeyRow): LlmKey => ({
  id: row.id,
  name: row.name,
  prefix: row.prefix,
  models: modelsOf(row),
  createdAt: row.created_at.toISOString(),
  expiresAt: row.expires_at?.toISOString() ?? null,
  lastUsedAt: row.last_used_at?.toISOString() ?? null,
});
