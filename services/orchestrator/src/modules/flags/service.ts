import { createHash } from 'node:crypto';
import { type Context, type TenantContext, authorOf } from '#core/context.ts';
import { isDuplicate } from '#core/db/connect.ts';
import { toJson } from '#core/db/json.ts';
import { withTransaction } from '#core/db/transaction.ts';
import { InvalidInput, NotFound, defineError } from '#core/errors.ts';
import type { Page, PageQuery } from '#core/http/pagination.ts';
import { newId } from '#core/ids.ts';
import { record } from '#modules/audit/service.ts';
import { type FlagForTenant, type FlagRow, type FlagTenantRow, flags, flagsFor } from './queries.ts';
import type { Flag, FlagChange, FlagDocument, ReplaceFlag } from './schemas.ts';

export const FlagChanged = defineError<{ flag: string; version: number }>(
  'flag.changed',
  409,
  (d) => `Somebody has edited ${d.flag}: its version is ${d.version} now. Read it and make your edit again.`,
);

/** Whether a feature is on for the tenant; one that nobody has set up is off. */
export async function isOn(ctx: TenantContext, flag: string): Promise<boolean> {
  const row = await flagsFor(ctx.db, ctx.tenantId).find(flag);
  return row !== undefined && decide(row, ctx.tenantId);
}

export async function flagsOn(ctx: TenantContext): Promise<{ items: string[] }> {
  const rows = await flagsFor(ctx.db, ctx.tenantId).all();
  return { items: rows.filter((row) => decide(row, ctx.tenantId)).map(({ flag }) => flag) };
}

function decide({ flag, rollout_percent: percent, is_on: isSet }: FlagForTenant, tenantId: string): boolean {
  return isSet === null ? shareOf(flag, tenantId) < percent / 100 : isSet === 1;
}

/** Where a tenant stands between 0 and 1, always the same, and for each flag elsewhere. */
const shareOf = (flag: string, tenantId: string): number =>
  createHash('sha256').update(`${flag}/${tenantId}`).digest().readUInt32BE(0) / 2 ** 32;

export async function listFlags(ctx: Context): Promise<{ items: Flag[] }> {
  const [rows, tenants] = [await flags(ctx.db).all(), await flags(ctx.db).tenants()];
  return {
    items: rows.map((row) =>
      present(
        row,
        tenants.filter(({ flag }) => flag === row.flag),
      ),
    ),
  };
}

/** Makes the flag, or replaces all of it; in force with the next question. */
export async function replaceFlag(ctx: Context, key: string, input: ReplaceFlag): Promise<Flag> {
  const { version: seen, comment = null, ...document } = input;
  await requireTenants(ctx, document);
  try {
    await withTransaction(ctx, async (ctx) => {
      const rows = flags(ctx.db);
      const newest = (await rows.lock(key))?.version ?? 0;
      if (newest !== seen) throw FlagChanged({ flag: key, version: newest });
      const version = seen + 1;
      const { id: authorId, name: authorName } = authorOf(ctx);
      await rows.insertChange({
        ...{ id: newId('flagChange'), flag: key, version, document: toJson(document), comment },
        ...{ author_id: authorId, author_name: authorName },
      });
      const { description, rolloutPercent, on, off } = document;
      await rows.put({ flag: key, description, rollout_percent: rolloutPercent, version });
      await rows.putTenants(key, [
        ...on.map((id) => ({ tenant_id: id, is_on: 1 as const })),
        ...off.map((id) => ({ tenant_id: id, is_on: 0 as const })),
      ]);
      await record(ctx, { action: 'flag.update', subject: key, details: { version, ...document, comment } });
    });
  } catch (error) {
    const newest = isDuplicate(error) ? await flags(ctx.db).find(key) : undefined;
    throw newest ? FlagChanged({ flag: key, version: newest.version }) : error;
  }
  return getFlag(ctx, key);
}

async function requireTenants(ctx: Context, { on, off }: FlagDocument): Promise<void> {
  const named = [...on, ...off];
  const twice = named.find((id, index) => named.indexOf(id) !== index);
  const refuse = (message: string) => InvalidInput({ issues: [{ path: 'body.on', message }] });
  if (twice !== undefined) throw refuse(`${twice} is named twice, in \`on\` or in \`off\``);
  const known = new Set(await flags(ctx.db).knownTenants(named));
  const missing = named.filter((id) => !known.has(id));
  if (missing.length > 0) throw refuse(`there is no tenant ${missing.join(', ')}`);
}

export async function getFlag(ctx: Context, key: string): Promise<Flag> {
  const row = await flags(ctx.db).find(key);
  if (!row) throw NotFound({ entity: 'flag', id: key });
  return present(row, await flags(ctx.db).tenantsOf(key));
}

export async function flagHistory(ctx: Context, key: string, query: PageQuery): Promise<Page<FlagChange>> {
  await getFlag(ctx, key);
  const page = await flags(ctx.db).changes(key, query);
  const items = page.items.map((row) => ({
    version: row.version,
    document: JSON.parse(row.document) as FlagDocument,
    comment: row.comment,
    author: row.author_id === null ? null : { id: row.author_id, name: row.author_name },
    createdAt: row.created_at.toISOString(),
  }));
  return { ...page, items };
}

const present = (row: FlagRow, tenants: readonly FlagTenantRow[]): Flag => ({
  key: row.flag,
  description: row.description,
  rolloutPercent: row.rollout_percent,
  on: tenants.filter(({ is_on: isSet }) => isSet === 1).map(({ tenant_id: id }) => id),
  off: tenants.filter(({ is_on: isSet }) => isSet === 0).map(({ tenant_id: id }) => id),
  version: row.version,
  updatedAt: row.updated_at.toISOString(),
});
