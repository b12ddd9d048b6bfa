import * as client from 'openid-client';
import type { Context } from '#core/context.ts';
import { type AppError, Unauthenticated, defineError } from '#core/errors.ts';
import { type UserActor, platformRoles, scopesOfRoles } from '../authorization.ts';
import { endProviderSessions, endSession, startSession } from '../sessions/service.ts';
import { Claims } from '../users/schemas.ts';
import { userFromClaims } from '../users/service.ts';
import { newAttempt } from './attempt.ts';
import { type Provider, ProviderDown, findProvider } from './provider.ts';
import { type LoginAttempt, LogoutToken } from './schemas.ts';
import { verifyToken } from './tokens.ts';

const SCOPE = 'openid profile email';
const LOGOUT_TOKEN_AGE_S = 300;

export const LoginExpired = defineError(
  'auth.login_expired',
  400,
  'This sign-in was not begun in this browser, has expired, or was finished before. Sign in again.',
);
export const LoginRefused = defineError<{ reason: string }>(
  'auth.login_refused',
  400,
  'The identity provider did not sign you in. Try again.',
);
export const LoginIncomplete = defineError<{ missing: string[] }>(
  'auth.login_incomplete',
  400,
  (d) => `The identity provider did not tell us your ${d.missing.join(', ')}. Its client needs the scopes ${SCOPE}.`,
);
export const LogoutTokenInvalid = defineError(
  'auth.logout_token_invalid',
  400,
  'The logout token is not one of our identity provider for this client.',
);

const redirectUri = (origin: string) => `${origin}/auth/callback`;

/** Nobody is signed in by a password that was entered longer ago than a session of ours may be idle. */
const maxAgeS = ({ config }: Context) => Math.floor(config.SESSION_IDLE_TIMEOUT_MS / 1000);

/** Where the browser goes to sign in, and what it must carry there and back. Nothing is stored here. */
export async function beginLogin(
  ctx: Context,
  origin: string,
  returnTo: string | undefined,
): Promise<{ url: string; attempt: LoginAttempt }> {
  const provider = await findProvider(ctx);
  const attempt = newAttempt(origin, localPath(ctx, returnTo));
  const url = client.buildAuthorizationUrl(provider.client, {
    redirect_uri: redirectUri(origin),
    scope: SCOPE,
    state: attempt.state,
    nonce: attempt.nonce,
    max_age: String(maxAgeS(ctx)),
    code_challenge: await client.calculatePKCECodeChallenge(attempt.codeVerifier),
    code_challenge_method: 'S256',
  });
  return { url: url.href, attempt };
}

/** A path of ours, never another origin; parsed as a browser will, which drops tabs and folds `/.//`. */
export function localPath({ config }: Pick<Context, 'config'>, path: string | undefined): string {
  if (path === undefined || !path.startsWith('/')) return '/';
  const base = new URL(config.PUBLIC_URL);
  const url = URL.parse(path, base.href);
  const isOurs = url?.origin === base.origin && !url.pathname.startsWith('//') && !url.pathname.startsWith('/auth/');
  return isOurs ? url.pathname + url.search + url.hash : '/';
}

interface FinishedLogin {
  sessionToken: string;
  /** Absolute, at the origin where the sign-in began. */
  location: string;
}

/** The browser is back: exchanges its code, makes or follows the user, starts a session and ends the one before. */
export async function finishLogin(
  ctx: Context,
  input: { attempt: LoginAttempt | undefined; search: string; oldSession: string | undefined; userAgent: string },
): Promise<FinishedLogin> {
  const { attempt } = input;
  if (!attempt) throw LoginExpired();
  const provider = await findProvider(ctx);
  const tokens = await exchange(ctx, provider, attempt, input.search);
  const claims = Claims.safeParse(tokens.claims());
  if (!claims.success) throw LoginIncomplete({ missing: claims.error.issues.map((issue) => issue.path.join('.')) });
  const user = await userFromClaims(ctx, claims.data);
  const sessionToken = await startSession(ctx, {
    user,
    roles: claims.data.realm_access.roles,
    providerSid: claims.data.sid,
    idToken: tokens.id_token,
    userAgent: input.userAgent,
  });
  if (input.oldSession) await endSession(ctx, input.oldSession);
  return { sessionToken, location: attempt.origin + attempt.returnTo };
}

async function exchange(ctx: Context, provider: Provider, attempt: LoginAttempt, search: string) {
  try {
    return await client.authorizationCodeGrant(provider.client, new URL(redirectUri(attempt.origin) + search), {
      pkceCodeVerifier: attempt.codeVerifier,
      expectedState: attempt.state,
      expectedNonce: attempt.nonce,
      maxAge: maxAgeS(ctx),
      idTokenExpected: true,
    });
  } catch (error) {
    throw explain(error);
  }
}

/** What the provider or its tokens said is final for this attempt; a provider that did not answer may do so later. */
function explain(error: unknown): AppError {
  const { code, cause } = error as { code?: string; cause?: unknown };
  const isServerError = cause instanceof Response && cause.status >= 500;
  if (error instanceof TypeError || code === 'OAUTH_TIMEOUT' || isServerError) return ProviderDown(error);
  const isProviders = error instanceof client.AuthorizationResponseError || error instanceof client.ResponseBodyError;
  return LoginRefused({ reason: isProviders ? error.error : (code ?? 'invalid_response') }, { cause: error });
}

/** Ours ends whatever the provider does; the answer is where the browser ends the provider's. */
export async function logOut(
  ctx: Context,
  origin: string,
  sessionToken: string | undefined,
): Promise<{ redirectUrl: string }> {
  const home = `${origin}/`;
  const { idToken } = sessionToken ? await endSession(ctx, sessionToken) : { idToken: undefined };
  if (idToken === undefined) return { redirectUrl: home };
  const provider = await findProvider(ctx).catch(() => undefined);
  if (!provider?.client.serverMetadata().end_session_endpoint) return { redirectUrl: home };
  const url = client.buildEndSessionUrl(provider.client, { id_token_hint: idToken, post_logout_redirect_uri: home });
  return { redirectUrl: url.href };
}

/** OpenID Connect Back-Channel Logout 1.0: the provider tells us that a session of its own is over. */
export async function acceptLogoutToken(ctx: Context, token: string): Promise<void> {
  const payload = await verifyToken(ctx, token, {
    audience: ctx.config.OIDC_CLIENT_ID,
    maxTokenAge: LOGOUT_TOKEN_AGE_S,
  });
  const logout = LogoutToken.safeParse(payload);
  if (!logout.success) throw LogoutTokenInvalid();
  const { iss, jti, sid, sub } = logout.data;
  const asProvider: Context = { ...ctx, actor: { type: 'webhook', source: 'identity provider' } };
  await endProviderSessions(asProvider, { key: JSON.stringify([iss, jti]), sid, sub });
}

/** Who a bearer token of the provider speaks for; a person unknown so far is made. */
export async function findBearer(ctx: Context, token: string): Promise<UserActor> {
  const payload = await verifyToken(ctx, token, {
    audience: ctx.config.OIDC_AUDIENCE,
    requiredClaims: ['exp', 'iat', 'sub'],
  });
  if (!payload) throw Unauthenticated({ reason: 'This bearer token is not valid here, or has expired.' });
  const claims = Claims.safeParse(payload);
  if (!claims.success) throw Unauthenticated({ reason: 'This bearer token does not say whose it is: sub and email.' });
  const user = await userFromClaims(ctx, claims.data);
  const roles = new Set(platformRoles(claims.data.realm_access.roles));
  return { type: 'user', id: user.id, name: user.name, email: user.email, roles, scopes: scopesOfRoles(roles) };
}
