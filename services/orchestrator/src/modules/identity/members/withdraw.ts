import { z } from 'zod';
import type { TenantContext } from '#core/context.ts';
import { fromJson } from '#core/db/json.ts';
import { record } from '#modules/audit/service.ts';
import { apiKeys } from '../api-keys/queries.ts';
import { ROLE_SCOPES } from '../authorization.ts';
import { invitations } from '../invitations/queries.ts';

interface Loss {
  userId: string;
  /** What they may still do in the tenant. */
  left: ReadonlySet<string>;
  /** The action that takes the rest away, for the trace. */
  because: string;
}

/**
 * What somebody has made does not stay stronger than they are: else a key in their drawer, or an invitation to their
 * other address, lets them in again.
 */
export async function withdrawBeyond(ctx: TenantContext, { userId, left, because }: Loss): Promise<void> {
  const goesBeyond = (scopes: Iterable<string>) => [...scopes].some((scope) => !left.has(scope));
  const keys = await apiKeys(ctx.db, ctx.tenantId).everMadeBy(userId);
  for (const key of keys)
    if (key.revoked_at === null && goesBeyond(fromJson(z.array(z.string()), key.scopes)))
      await revoke(ctx, { kind: 'api_key', id: key.id, because });
  const authors = [userId, ...keys.map(({ id }) => id)];
  for (const invitation of await invitations(ctx.db, ctx.tenantId).madeBy(authors))
    if (goesBeyond(ROLE_SCOPES[invitation.role])) await revoke(ctx, { kind: 'invitation', id: invitation.id, because });
}

interface Withdrawn {
  kind: 'api_key' | 'invitation';
  id: string;
  because: string;
}

async function revoke(ctx: TenantContext, { kind, id, because }: Withdrawn): Promise<void> {
  const rows = kind === 'api_key' ? apiKeys(ctx.db, ctx.tenantId) : invitations(ctx.db, ctx.tenantId);
  await rows.revoke(id);
  await record(ctx, { action: `${kind}.revoke`, subject: id, details: { because } });
}
