import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import Provider, { type ClientMetadata, type JWK } from 'oidc-provider';
import { z } from 'zod';
import type { StandIn, World } from '../kernel/stand-in.ts';
import { WebhookSender } from '../kernel/webhook-sender.ts';
import { Accounts } from './accounts.ts';
import { Store } from './adapter.ts';
import { configuration } from './configuration.ts';
import { interactions } from './interactions.ts';
import { endSession } from './logout.ts';
import { userinfo } from './userinfo.ts';

export interface OidcOptions {
  clientId: string;
  clientSecret: string;
  redirectUris: string[];
  postLogoutRedirectUris: string[];
  backchannelLogoutUri?: string;
  audience: string;
  /** Where it listens. */
  url: string;
  publicUrl?: string;
}

/** A client that does not answer holds a sign-out up no longer than this. */
const NOTICE_TIMEOUT_MS = 2000;

const EndSession = z.object({ sub: z.string() });
const SetRoles = z.object({ email: z.string(), roles: z.array(z.string()) });
const SetClient = z.object({
  redirectUris: z.array(z.url()).exactOptional(),
  postLogoutRedirectUris: z.array(z.url()).exactOptional(),
  backchannelLogoutUri: z.url().exactOptional(),
});

/**
 * The realm `cloud` of a Keycloak, played by the certified oidc-provider. It lives in real time, whatever the sandbox's
 * clock says: who verifies a token looks at a clock of his own.
 * Actions: `endSession {sub}` signs a person out everywhere, over the back channel; `setRoles {email, roles}` sets realm
 * roles, seen in the next token; `setClient {redirectUris?, …}` changes what the one client registered.
 */
export function createOidc(world: World, options: OidcOptions): StandIn {
  const accounts = new Accounts();
  let registered = options;
  const store = new Store(() => clientMetadata(registered));
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const issuer = options.publicUrl ?? options.url;
  const sender = new WebhookSender(world, { standIn: 'oidc', retryMs: [], isAccepted: (status) => status < 300 });
  const provider = new Provider(
    issuer,
    configuration({
      accounts,
      store,
      issuer,
      audience: options.audience,
      signingKey: signingJwk(privateKey),
      cookieSuffix: new URL(options.url).port,
      fetch: notifyThrough(sender),
    }),
  );
  provider.proxy = options.publicUrl !== undefined;
  provider.use(userinfo(accounts, store, publicKey));
  provider.use(interactions(provider, accounts));
  provider.on('server_error', (_ctx, error) => process.stderr.write(`oidc: ${error.stack ?? error.message}\n`));
  const answer = provider.callback();

  return {
    name: 'oidc',
    handler: (request, response) => void answer(request, response),
    refusal: () => ({ body: { error: 'temporarily_unavailable', error_description: 'Injected fault' } }),
    state: () => ({
      issuer,
      accounts: accounts.list(),
      sessions: store.sessions().map(({ accountId, loginTs, exp }) => ({ sub: accountId, loginTs, exp })),
    }),
    reset: () => {
      accounts.reset();
      store.clear();
      registered = options;
    },
    stop: () => sender.stop(),
    actions: {
      endSession: async (input) => {
        const sessions = await Promise.all(
          store.sessionIdsOf(EndSession.parse(input).sub).map((id) => provider.Session.find(id)),
        );
        for (const session of sessions) if (session) await endSession(provider, session);
        return { ended: sessions.length };
      },
      setRoles: (input) => {
        const { email, roles } = SetRoles.parse(input);
        return accounts.setRoles(email, roles);
      },
      setClient: (input) => {
        registered = { ...registered, ...SetClient.parse(input) };
        return clientMetadata(registered);
      },
    },
  };
}

function signingJwk(privateKey: KeyObject): JWK {
  return { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: randomBytes(8).toString('hex') };
}

function clientMetadata(options: OidcOptions): ClientMetadata {
  return {
    client_id: options.clientId,
    client_secret: options.clientSecret,
    redirect_uris: options.redirectUris,
    post_logout_redirect_uris: options.postLogoutRedirectUris,
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
    response_types: ['code'],
    id_token_signed_response_alg: 'RS256',
    ...(options.backchannelLogoutUri && {
      backchannel_logout_uri: options.backchannelLogoutUri,
      backchannel_logout_session_required: true,
    }),
  };
}

/**
 * The provider calls out only for back-channel logout. Its own dispatcher refuses the loopback, where our clients live;
 * and the sandbox's webhook faults must strike here as well. One attempt, as Keycloak makes.
 */
function notifyThrough(sender: WebhookSender): typeof fetch {
  return async (input, init) => {
    const url = input instanceof Request ? input.url : input.toString();
    const body = init?.body instanceof URLSearchParams ? init.body.toString() : '';
    sender.send({ url, body, headers: () => ({ 'content-type': 'application/x-www-form-urlencoded' }) });
    await Promise.race([sender.idle(), sleep(NOTICE_TIMEOUT_MS, undefined, { ref: false })]);
    return new Response(null, { status: 204 });
  };
}
