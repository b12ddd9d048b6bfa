import { z } from 'zod';
import type { Context } from '#core/context.ts';
import { hashToken, newToken } from '#core/crypto/tokens.ts';
import { seal, unseal } from '#core/crypto/seal.ts';
import { isDuplicate } from '#core/db/connect.ts';
import { fromJson, toJson } from '#core/db/json.ts';
import { withTransaction } from '#core/db/transaction.ts';
import { defineError } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import { record } from '#modules/audit/service.ts';
import { type UserActor, platformRoles, scopesOfRoles } from '../authorization.ts';
import type { UserRow } from '../users/queries.ts';
import { type LiveSession, providerLogouts, sessions } from './queries.ts';

export const MAX_SESSION_MS = 30 * 24 * 3600_000;
const TOUCH_MS = 60_000;
const LOGOUTS_KEPT_DAYS = 31;

export const ProviderSessionEnded = defineError(
  'auth.provider_session_ended',
  401,
  'You signed out while you were signing in. Sign in again.',
);

interface NewSession {
  user: UserRow;
  roles: readonly string[];
  providerSid: string | undefined;
  idToken: string | undefined;
  userAgent: string;
}

/** Answers the token for the cookie: only its hash is kept. A new one at every login, so none can be planted before. */
export function startSession(ctx: Context, input: NewSession): Promise<string> {
  const token = newToken('');
  const id = newId('session');
  return withTransaction(ctx, async (ctx) => {
    await sessions(ctx.db).insert({
      id,
      token_hash: hashToken(token),
      user_id: input.user.id,
      provider_sid: input.providerSid ?? null,
      roles: toJson(platformRoles(input.roles)),
      id_token: input.idToken === undefined ? null : seal(ctx.config, id, input.idToken),
      ip: ctx.ip ?? null,
      user_agent: input.userAgent.slice(0, 255) || null,
      expires_at: new Date(Date.now() + MAX_SESSION_MS),
    });
    // The provider may have told us of the end of this session before we came to store it.
    if (input.providerSid !== undefined && (await providerLogouts(ctx.db).hasEnded(input.providerSid)))
      throw ProviderSessionEnded();
    const actor = actorOf({ id, roles: toJson(platformRoles(input.roles)), user_id: input.user.id, ...named(input) });
    await record({ ...ctx, actor }, { action: 'session.start', subject: id });
    return token;
  });
}

const named = ({ user: { name, email } }: NewSession) => ({ name, email });

/** Undefined when it never was, was ended, or was idle for too long. Being asked keeps it alive. */
export async function findSession(ctx: Context, token: string): Promise<UserActor | undefined> {
  const session = await sessions(ctx.db).findLive(hashToken(token), ctx.config.SESSION_IDLE_TIMEOUT_MS);
  if (!session) return undefined;
  const touchMs = Math.min(TOUCH_MS, ctx.config.SESSION_IDLE_TIMEOUT_MS / 10);
  if (session.idleMs > touchMs) await sessions(ctx.db).touch(session.id);
  return actorOf(session);
}

function actorOf(session: Pick<LiveSession, 'id' | 'user_id' | 'name' | 'email' | 'roles'>): UserActor {
  const roles = new Set(fromJson(z.array(z.string()), session.roles));
  return {
    type: 'user',
    id: session.user_id,
    name: session.name,
    email: session.email,
    roles,
    sessionId: session.id,
    scopes: scopesOfRoles(roles),
  };
}

/** Harmless when it has ended before. Answers the hint with which the provider's session can be ended too. */
export async function endSession(ctx: Context, token: string): Promise<{ idToken: string | undefined }> {
  const session = await sessions(ctx.db).findLive(hashToken(token), ctx.config.SESSION_IDLE_TIMEOUT_MS);
  if (!session) return { idToken: undefined };
  await withTransaction({ ...ctx, actor: actorOf(session) }, async (ctx) => {
    await sessions(ctx.db).deleteByToken(hashToken(token));
    await record(ctx, { action: 'session.end', subject: session.id });
  });
  return { idToken: session.id_token === null ? undefined : unseal(ctx.config, session.id, session.id_token) };
}

interface ProviderLogout {
  /** Issuer and `jti`: what makes it the same logout. */
  key: string;
  sid: string | undefined;
  sub: string | undefined;
}

/** Ends what belonged to the provider's session, or to the person when it names none. A replay ends nothing. */
export async function endProviderSessions(ctx: Context, logout: ProviderLogout): Promise<void> {
  const { sid, sub } = logout;
  try {
    await withTransaction(ctx, async (ctx) => {
      await providerLogouts(ctx.db).insert({ token_hash: hashToken(logout.key), provider_sid: sid ?? null });
      const ended =
        sid === undefined
          ? await sessions(ctx.db).deleteBySub(sub ?? '')
          : await sessions(ctx.db).deleteByProvider(sid);
      await record(ctx, { action: 'session.end_by_provider', subject: sid ?? sub ?? '', details: { ended } });
    });
  } catch (error) {
    if (!isDuplicate(error)) throw error;
  }
}

export async function forgetEndedSessions(ctx: Context): Promise<void> {
  await sessions(ctx.db).deleteExpired(ctx.config.SESSION_IDLE_TIMEOUT_MS);
  await providerLogouts(ctx.db).deleteOlderThan(LOGOUTS_KEPT_DAYS);
}
