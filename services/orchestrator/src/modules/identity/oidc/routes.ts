import { z } from 'zod';
import type { Context } from '#core/context.ts';
import { AppError, CsrfMissing, Unavailable } from '#core/errors.ts';
import { type Exchange, type Redirect, type Route, route } from '#core/http/route.ts';
import { MAX_SESSION_MS, ProviderSessionEnded } from '../sessions/service.ts';
import { LOGIN_TIMEOUT_S, openAttempt, sealAttempt, surplusCookies } from './attempt.ts';
import { originOf } from './origin.ts';
import { BeginLogin, LoggedOut } from './schemas.ts';
import {
  LoginExpired,
  LoginIncomplete,
  LoginRefused,
  LogoutTokenInvalid,
  acceptLogoutToken,
  beginLogin,
  finishLogin,
  logOut,
} from './service.ts';

const tag = 'Sign-in';

export const oidcRoutes: Route[] = [
  route({
    method: 'get',
    path: '/auth/login',
    access: 'public',
    tag,
    summary: 'Go to the identity provider to sign in',
    query: BeginLogin,
    response: { status: 302 },
    errors: [Unavailable],
    handle: (ctx, { query, http }) => forPeople(http, () => login(ctx, http, query.returnTo)),
  }),
  route({
    method: 'get',
    path: '/auth/callback',
    access: 'public',
    tag,
    summary: 'Come back from the identity provider',
    response: { status: 302 },
    errors: [LoginExpired, LoginRefused, LoginIncomplete, ProviderSessionEnded, Unavailable],
    handle: (ctx, { http }) => forPeople(http, () => callback(ctx, http)),
  }),
  route({
    method: 'post',
    path: '/auth/logout',
    access: 'public',
    tag,
    summary: 'End one’s session',
    description: 'Needs the header `x-csrf: 1`. Without a session it does nothing.',
    response: { status: 200, schema: LoggedOut },
    errors: [CsrfMissing],
    handle: async (ctx, { http }) => {
      if (http.header('x-csrf') === '') throw CsrfMissing();
      const answer = await logOut(ctx, here(ctx, http), http.cookie(ctx.config.SESSION_COOKIE_NAME));
      http.setCookie(ctx.config.SESSION_COOKIE_NAME, null);
      return answer;
    },
  }),
  route({
    method: 'post',
    path: '/auth/backchannel-logout',
    access: 'public',
    tag,
    summary: 'The identity provider says that a session has ended',
    description: 'A form with `logout_token` (OpenID Connect Back-Channel Logout 1.0).',
    rawBody: true,
    response: { status: 200, schema: z.object({}) },
    errors: [LogoutTokenInvalid, Unavailable],
    handle: async (ctx, { http }) => {
      const form = new URLSearchParams(http.rawBody.toString('utf8'));
      await acceptLogoutToken(ctx, form.get('logout_token') ?? '');
      return {};
    },
  }),
];

const here = (ctx: Context, http: Exchange) => originOf(ctx.config, http.header('host'));

async function login(ctx: Context, http: Exchange, returnTo: string | undefined): Promise<Redirect> {
  const { url, attempt } = await beginLogin(ctx, here(ctx, http), returnTo);
  for (const name of surplusCookies(ctx, http.header('cookie'))) http.setCookie(name, null);
  const { name, value } = sealAttempt(ctx, attempt);
  http.setCookie(name, value, { maxAgeS: LOGIN_TIMEOUT_S });
  return { location: url };
}

async function callback(ctx: Context, http: Exchange): Promise<Redirect> {
  const { SESSION_COOKIE_NAME } = ctx.config;
  const state = http.url.searchParams.get('state') ?? '';
  const { attempt, cookieName } = openAttempt(ctx, state, (name) => http.cookie(name));
  if (attempt) http.setCookie(cookieName, null);
  const { sessionToken, location } = await finishLogin(ctx, {
    attempt,
    search: http.url.search,
    oldSession: http.cookie(SESSION_COOKIE_NAME),
    userAgent: http.userAgent,
  });
  http.setCookie(SESSION_COOKIE_NAME, sessionToken, { maxAgeS: MAX_SESSION_MS / 1000 });
  return { location };
}

/** A browser shows what it is sent: the dashboard words the error. Everyone else gets the error itself. */
async function forPeople(http: Exchange, work: () => Promise<Redirect>): Promise<Redirect> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AppError) || !http.header('accept').includes('text/html')) throw error;
    return { location: `/?signInError=${encodeURIComponent(error.code)}` };
  }
}
