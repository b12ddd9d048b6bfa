import { randomBytes } from 'node:crypto';
import type { Configuration, JWK, KoaContextWithOIDC } from 'oidc-provider';
import { type Accounts, claimsOf } from './accounts.ts';
import type { Store } from './adapter.ts';
import { endSession } from './logout.ts';
import { errorPage, logoutPage, signedOutPage } from './pages.ts';
import { USERINFO_PATH } from './userinfo.ts';

/** The library wants a URI for a resource; Keycloak puts a plain word into `aud`. This URI never leaves the provider. */
const RESOURCE = 'urn:bastide:api';
const ACCESS_SCOPE = 'openid profile email roles';
const MINUTES = 60;

const TTL: Configuration['ttl'] = {
  AccessToken: 5 * MINUTES,
  AuthorizationCode: 1 * MINUTES,
  ClientCredentials: 5 * MINUTES,
  Grant: 600 * MINUTES,
  IdToken: 5 * MINUTES,
  Interaction: 30 * MINUTES,
  RefreshToken: 30 * MINUTES,
  Session: 600 * MINUTES,
};

const ROUTES: Configuration['routes'] = {
  authorization: '/protocol/openid-connect/auth',
  token: '/protocol/openid-connect/token',
  jwks: '/protocol/openid-connect/certs',
  end_session: '/protocol/openid-connect/logout',
  revocation: '/protocol/openid-connect/revoke',
};

interface Parts {
  accounts: Accounts;
  store: Store;
  issuer: string;
  audience: string;
  signingKey: JWK;
  /** Distinguishes the cookies of two providers on one host: cookies do not know ports. */
  cookieSuffix: string;
  fetch: typeof fetch;
}

export function configuration({
  accounts,
  store,
  issuer,
  audience,
  signingKey,
  cookieSuffix,
  fetch,
}: Parts): Configuration {
  return {
    adapter: store.adapter,
    jwks: { keys: [signingKey] },
    findAccount: (_ctx, sub) => {
      const account = accounts.bySub(sub);
      return account && { accountId: sub, claims: () => claimsOf(account) };
    },
    // Keycloak shows realm_access in the ID token only when a mapper says so; the realm must have that mapper.
    claims: {
      openid: ['sub', 'realm_access'],
      email: ['email', 'email_verified'],
      profile: ['name', 'given_name', 'family_name', 'preferred_username', 'locale'],
    },
    conformIdTokenClaims: false,
    scopes: ['openid', 'offline_access', 'profile', 'email', 'roles'],
    extraTokenClaims: (_ctx, token) => {
      if (token.kind === 'ClientCredentials') return { typ: 'Bearer', azp: token.clientId };
      const account = accounts.bySub(token.accountId);
      return { typ: 'Bearer', azp: token.clientId, sid: token.sid, ...(account && claimsOf(account)) };
    },
    // Keycloak's access tokens say `JWT`, not RFC 9068's `at+jwt`: a verifier that insists on the latter would fail there.
    formats: {
      customizers: {
        jwt: (_ctx, _token, jwt) => {
          jwt.header = { typ: 'JWT' };
        },
      },
    },
    responseTypes: ['code'],
    clientAuthMethods: ['client_secret_basic', 'client_secret_post'],
    pkce: { required: () => true },
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    // As with Keycloak's "revoke refresh token": the stricter of its two settings, and a used one again ends the grant.
    rotateRefreshToken: true,
    expiresWithSession: () => true,
    loadExistingGrant: grantEverything,
    clientBasedCORS: () => false,
    fetch,
    cookies: cookies(cookieSuffix),
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    discovery: { userinfo_endpoint: `${issuer}${USERINFO_PATH}` },
    renderError: (ctx, out) => {
      ctx.type = 'html';
      ctx.body = errorPage(out.error, out.error_description ?? '');
    },
    routes: ROUTES,
    features: features(audience),
    ttl: TTL,
  };
}

function cookies(suffix: string): Configuration['cookies'] {
  return {
    keys: [randomBytes(32).toString('hex')],
    names: {
      session: `sandbox_session_${suffix}`,
      interaction: `sandbox_interaction_${suffix}`,
      resume: `sandbox_resume_${suffix}`,
    },
  };
}

function features(audience: string): Configuration['features'] {
  return {
    devInteractions: { enabled: false },
    // Answered by userinfo.ts: the library refuses tokens made for a resource there, Keycloak accepts them.
    userinfo: { enabled: false },
    clientCredentials: { enabled: true },
    revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
    backchannelLogout: { enabled: true },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: async (ctx, form) => {
        if (!ctx.oidc.entities.IdTokenHint || !ctx.oidc.session) return show(ctx, logoutPage(form));
        await endSession(ctx.oidc.provider, ctx.oidc.session);
        ctx.status = 303;
        ctx.redirect(afterLogout(ctx));
      },
      postLogoutSuccessSource: (ctx) => show(ctx, signedOutPage()),
    },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => RESOURCE,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: ACCESS_SCOPE,
        audience,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'RS256' } },
      }),
    },
  };
}

/** Consent is skipped: whatever the client asks for is granted, as for a Keycloak client without "consent required". */
async function grantEverything(ctx: KoaContextWithOIDC) {
  const { client, session, provider } = ctx.oidc;
  if (!client || !session?.accountId) return undefined;
  const grantId = session.grantIdFor(client.clientId);
  const existing = grantId ? await provider.Grant.find(grantId) : undefined;
  const grant = existing ?? new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope([...ctx.oidc.requestParamOIDCScopes]);
  grant.addOIDCClaims([...ctx.oidc.requestParamClaims]);
  grant.addResourceScope(RESOURCE, ACCESS_SCOPE);
  await grant.save();
  return grant;
}

function afterLogout(ctx: KoaContextWithOIDC): string {
  const { post_logout_redirect_uri: uri, state } = ctx.oidc.params ?? {};
  if (typeof uri !== 'string') return ctx.oidc.urlFor('end_session_success');
  const target = new URL(uri);
  if (typeof state === 'string') target.searchParams.set('state', state);
  return target.href;
}

function show(ctx: KoaContextWithOIDC, html: string): void {
  ctx.type = 'html';
  ctx.body = html;
}
