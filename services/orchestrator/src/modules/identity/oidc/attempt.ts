import { randomBytes } from 'node:crypto';
import * as client from 'openid-client';
import type { Context } from '#core/context.ts';
import { seal, unseal } from '#core/crypto/seal.ts';
import { LoginAttempt } from './schemas.ts';

/** Signing up may mean waiting for a mail. */
export const LOGIN_TIMEOUT_S = 3600;
const MAX_ATTEMPTS = 5;

/** A cookie per attempt: two tabs that sign in at once do not disturb each other. */
const loginCookiePrefix = ({ config }: Pick<Context, 'config'>) => `${config.SESSION_COOKIE_NAME}-login-`;

/** `state` begins with the cookie's own part of the name, which begins with the time. */
const cookieFor = (ctx: Context, state: string) => loginCookiePrefix(ctx) + (state.split('.')[0] ?? '');

export function newAttempt(origin: string, returnTo: string): LoginAttempt {
  const startedAt = Date.now();
  const id = startedAt.toString(36) + randomBytes(4).toString('hex');
  return {
    state: `${id}.${client.randomState()}`,
    nonce: client.randomNonce(),
    codeVerifier: client.randomPKCECodeVerifier(),
    origin,
    returnTo,
    startedAt,
  };
}

export const sealAttempt = (ctx: Context, attempt: LoginAttempt) => ({
  name: cookieFor(ctx, attempt.state),
  value: seal(ctx.config, aboutOf(attempt.state), JSON.stringify(attempt)),
});

const aboutOf = (state: string) => `login/${state}`;

/** Undefined when this browser did not begin it, began it too long ago, or has finished it. */
export function openAttempt(
  ctx: Context,
  state: string,
  cookie: (name: string) => string | undefined,
): { attempt: LoginAttempt | undefined; cookieName: string } {
  const cookieName = cookieFor(ctx, state);
  const sealed = /^[a-z0-9]+\./.test(state) ? cookie(cookieName) : undefined;
  const attempt = sealed === undefined ? undefined : read(ctx, state, sealed);
  const isAlive = attempt && attempt.state === state && Date.now() - attempt.startedAt < LOGIN_TIMEOUT_S * 1000;
  return { attempt: isAlive ? attempt : undefined, cookieName };
}

function read(ctx: Context, state: string, sealed: string): LoginAttempt | undefined {
  try {
    return LoginAttempt.parse(JSON.parse(unseal(ctx.config, aboutOf(state), sealed)));
  } catch {
    return undefined;
  }
}

/** Attempts that were given up, oldest first, beyond what a browser should have to carry in every request. */
export function surplusCookies(ctx: Context, cookieHeader: string): string[] {
  const names = cookieHeader.split(';').map((pair) => pair.split('=')[0]?.trim() ?? '');
  const attempts = names.filter((name) => name.startsWith(loginCookiePrefix(ctx))).sort();
  return attempts.slice(0, Math.max(0, attempts.length - (MAX_ATTEMPTS - 1)));
}
