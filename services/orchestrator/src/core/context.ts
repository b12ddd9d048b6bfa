import type { Redis } from 'ioredis';
import type { Knex } from 'knex';
import type { Logger } from 'pino';
import type { Config } from './config/variables.ts';
import type { Metrics } from './metrics.ts';

export type Actor =
  | { type: 'anonymous' }
  | {
      type: 'user';
      id: string;
      name: string;
      email: string;
      roles: ReadonlySet<string>;
      sessionId?: string;
      scopes: ReadonlySet<string>;
    }
  | { type: 'apiKey'; id: string; name: string; tenantId: string; scopes: ReadonlySet<string> }
  | { type: 'system'; job: string }
  | { type: 'webhook'; source: string };

/** Everything a function needs. Tests pass another one. */
export interface Context {
  readonly config: Config;
  readonly log: Logger;
  /** The pool, or the transaction that is open. */
  readonly db: Knex;
  readonly redis: Redis;
  readonly metrics: Metrics;
  readonly actor: Actor;
  readonly requestId: string;
  readonly ip?: string;
  /** Runs after the open transaction is committed; see db/transaction.ts. */
  readonly commitHooks?: (() => void)[];
}

/** A context that is about one tenant: what tenant-owned queries are built with. */
export interface TenantContext extends Context {
  readonly tenantId: string;
}

/** From here on, the log's lines name the tenant as well. */
export function withTenant<C extends Context>(ctx: C & { tenantId?: string }, tenantId: string): C & TenantContext {
  if (ctx.tenantId === tenantId) return { ...ctx, tenantId };
  return { ...ctx, tenantId, log: ctx.log.child({ tenantId }) };
}

/** Who did it, for a history that people read; nobody where it was not a person or a key of one. */
export const authorOf = ({ actor }: Pick<Context, 'actor'>): { id: string | null; name: string | null } => ({
  id: 'id' in actor ? actor.id : null,
  name: 'name' in actor ? actor.name : null,
});
