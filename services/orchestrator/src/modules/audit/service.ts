import type { Actor, Context, TenantContext } from '#core/context.ts';
import { toJson } from '#core/db/json.ts';
import type { Page } from '#core/http/pagination.ts';
import { newId } from '#core/ids.ts';
import { type AuditRow, auditLog } from './queries.ts';
import type { AuditEntry, AuditFilter } from './schemas.ts';

interface Trace {
  /** Noun and verb, like `member.remove`. */
  action: string;
  /** Id of what was changed. */
  subject: string;
  /** Never a secret: every reader of the log sees it. */
  details?: Record<string, unknown>;
}

/** Leaves a trace in the caller's transaction: it exists exactly when the change does. */
export async function record(ctx: Context & { tenantId?: string }, trace: Trace): Promise<void> {
  const { id, name } = identify(ctx.actor);
  await auditLog(ctx.db).insert({
    id: newId('audit'),
    tenant_id: ctx.tenantId ?? null,
    action: trace.action,
    subject: trace.subject,
    actor_type: ctx.actor.type,
    actor_id: id,
    actor_name: name,
    ip: ctx.ip ?? null,
    request_id: ctx.requestId,
    details: toJson(trace.details ?? {}),
  });
}

export async function listAuditLog(ctx: TenantContext, filter: AuditFilter): Promise<Page<AuditEntry>> {
  const page = await auditLog(ctx.db).page(ctx.tenantId, filter);
  return { ...page, items: page.items.map(present) };
}

function identify(actor: Actor): { id: string | null; name: string | null } {
  switch (actor.type) {
    case 'user':
    case 'apiKey':
      return { id: actor.id, name: actor.name };
    case 'system':
      return { id: null, name: actor.job };
    case 'webhook':
      return { id: null, name: actor.source };
    case 'anonymous':
      return { id: null, name: null };
  }
}

const present = (row: AuditRow): AuditEntry => ({
  id: row.id,
  action: row.action,
  subject: row.subject,
  actor: { type: row.actor_type, id: row.actor_id, name: row.actor_name },
  ip: row.ip,
  at: row.at.toISOString(),
  details: JSON.parse(row.details) as Record<string, unknown>,
});
