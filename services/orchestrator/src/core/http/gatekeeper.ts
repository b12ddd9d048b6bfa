import type { Actor, Context } from '../context.ts';

export interface Credentials {
  authorization: string;
  sessionCookie: string | undefined;
}

/** Who is calling, and what they may do: the identity module decides, the server only asks. */
export interface Gatekeeper {
  /** `anonymous` when nothing is presented; throws `auth.required` when what is presented is not valid. */
  authenticate(ctx: Context, credentials: Credentials): Promise<Actor>;
  /** The tenant of the call, and the actor with the scopes they have in it. Throws `tenant.not_found`. */
  enterTenant(ctx: Context, requested: string | undefined): Promise<{ tenantId: string; actor: Actor }>;
}

export function scopesOf(actor: Actor): ReadonlySet<string> {
  return actor.type === 'user' || actor.type === 'apiKey' ? actor.scopes : new Set();
}
