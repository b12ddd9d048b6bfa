import type { TenantContext } from '#core/context.ts';
import { hashToken, newToken, tokenPrefix } from '#core/crypto/tokens.ts';
import { toJson } from '#core/db/json.ts';
import { withTransaction } from '#core/db/transaction.ts';
import { NotFound, defineError } from '#core/errors.ts';
import type { Page } from '#core/http/pagination.ts';
import { newId } from '#core/ids.ts';
import { record } from '#modules/audit/service.ts';
import { forgetPrincipals } from './changes.ts';
import { presentAll } from './present.ts';
import { KEY_SCOPES } from './principal.ts';
import { type LlmKeyRow, llmKeys, oldSecrets, tenantVersions } from './queries.ts';
import { columnsOf } from './rows.ts';
import type { CreateLlmKey, LlmKey, LlmKeyQuery, LlmKeyWithSecret, RotateLlmKey, UpdateLlmKey } from './schemas.ts';

export const LLM_KEY_PREFIX = 'sk-bst-';
const MAX_KEYS = 100;
const MAX_OLD_SECRETS = 10;

export const LlmKeyLimitReached = defineError<{ max: number }>(
  'llm_key.limit_reached',
  409,
  (d) => `At most ${d.max} gateway keys per tenant. Revoke one that is not used any more.`,
);

export const LlmKeyTooManySecrets = defineError<{ max: number }>(
  'llm_key.too_many_secrets',
  409,
  (d) =>
    `At most ${d.max} replaced secrets of a key work at once. Wait until one of them ends, or end them all by a rotation without overlap.`,
);

export function createLlmKey(ctx: TenantContext, input: CreateLlmKey): Promise<LlmKeyWithSecret> {
  const { secret, stored } = newSecret();
  return withTransaction(ctx, async (ctx) => {
    await tenantVersions(ctx.db).lock(ctx.tenantId);
    const keys = llmKeys(ctx.db, ctx.tenantId);
    if ((await keys.count()) >= MAX_KEYS) throw LlmKeyLimitReached({ max: MAX_KEYS });
    const id = newId('llmKey');
    await keys.insert({
      scopes: toJson(KEY_SCOPES),
      ...columnsOf(input),
      ...stored,
      id,
      name: input.name,
      created_by: 'id' in ctx.actor ? ctx.actor.id : ctx.actor.type,
      user_id: ctx.actor.type === 'user' ? ctx.actor.id : null,
    });
    await record(ctx, { action: 'llm_key.create', subject: id, details: { ...input } });
    return { ...(await getLlmKey(ctx, id)), secret };
  });
}

export async function listLlmKeys(ctx: TenantContext, query: LlmKeyQuery): Promise<Page<LlmKey>> {
  const page = await llmKeys(ctx.db, ctx.tenantId).page(query, query);
  return { ...page, items: await presentAll(ctx, page.items) };
}

export async function getLlmKey(ctx: TenantContext, llmKeyId: string): Promise<LlmKey> {
  const row = await llmKeys(ctx.db, ctx.tenantId).find(llmKeyId);
  const [key] = await presentAll(ctx, row ? [row] : []);
  if (!key) throw NotFound({ entity: 'gateway key', id: llmKeyId });
  return key;
}

/** What is left out stays; requests that are under way end as they began. */
export function updateLlmKey(ctx: TenantContext, llmKeyId: string, input: UpdateLlmKey): Promise<LlmKey> {
  return change(ctx, llmKeyId, async (ctx) => {
    const columns = columnsOf(input);
    if (Object.keys(columns).length > 0) await llmKeys(ctx.db, ctx.tenantId).update(llmKeyId, columns);
    await record(ctx, { action: 'llm_key.update', subject: llmKeyId, details: { ...input } });
    return getLlmKey(ctx, llmKeyId);
  });
}

/**
 * The new secret is the key's; the one it had goes on for the overlap, those before it at most as long. Each rotation
 * keeps its word also when two come at once.
 */
export function rotateLlmKey(
  ctx: TenantContext,
  llmKeyId: string,
  { overlapSeconds }: RotateLlmKey,
): Promise<LlmKeyWithSecret> {
  const { secret, stored } = newSecret();
  return change(ctx, llmKeyId, async (ctx, row) => {
    const old = oldSecrets(ctx.db);
    if (overlapSeconds === 0) await old.forget(llmKeyId);
    else {
      if ((await old.ofKeys([llmKeyId])).length >= MAX_OLD_SECRETS)
        throw LlmKeyTooManySecrets({ max: MAX_OLD_SECRETS });
      await old.endWithin(llmKeyId, overlapSeconds);
      await old.add({ key_id: llmKeyId, key_hash: row.key_hash, prefix: row.prefix }, overlapSeconds);
    }
    await llmKeys(ctx.db, ctx.tenantId).replaceSecret(llmKeyId, stored);
    await record(ctx, { action: 'llm_key.rotate', subject: llmKeyId, details: { overlapSeconds } });
    return { ...(await getLlmKey(ctx, llmKeyId)), secret };
  });
}

/** All its secrets end within a second, everywhere. */
export function revokeLlmKey(ctx: TenantContext, llmKeyId: string): Promise<void> {
  return change(ctx, llmKeyId, async (ctx) => {
    await llmKeys(ctx.db, ctx.tenantId).revoke(llmKeyId);
    await oldSecrets(ctx.db).forget(llmKeyId);
    await record(ctx, { action: 'llm_key.revoke', subject: llmKeyId });
  });
}

/** One change of a tenant's keys at a time; every gateway reads the key again after it. */
function change<T>(
  ctx: TenantContext,
  llmKeyId: string,
  work: (ctx: TenantContext, row: LlmKeyRow) => Promise<T>,
): Promise<T> {
  return withTransaction(ctx, async (ctx) => {
    await tenantVersions(ctx.db).lock(ctx.tenantId);
    const row = await llmKeys(ctx.db, ctx.tenantId).find(llmKeyId);
    if (!row) throw NotFound({ entity: 'gateway key', id: llmKeyId });
    const result = await work(ctx, row);
    await forgetPrincipals(ctx);
    return result;
  });
}

function newSecret() {
  const secret = newToken(LLM_KEY_PREFIX);
  return { secret, stored: { prefix: tokenPrefix(secret), key_hash: hashToken(secret) } };
}
