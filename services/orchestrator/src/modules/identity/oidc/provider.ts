import { type JWTVerifyGetKey, createRemoteJWKSet } from 'jose';
import * as client from 'openid-client';
import type { Config } from '#core/config/variables.ts';
import type { Context } from '#core/context.ts';
import { Unavailable } from '#core/errors.ts';

const TIMEOUT_S = 5;
const RETRY_MS = 1000;
/** A token signed by an unknown key makes us look for new keys, but not more often than this. */
const KEYS_PAUSE_MS = 2000;

/** What was discovered about the provider: addresses and keys. */
export interface Provider {
  client: client.Configuration;
  issuer: string;
  keys: JWTVerifyGetKey;
}

interface Attempt {
  provider: Promise<Provider>;
  /** Until then a failure is not tried again, so that a crowd at the door does not hammer a provider that is ill. */
  retryAt: number;
}

/** One discovery per configuration, that is per process: everything else of the context is made anew per request. */
const attempts = new WeakMap<Config, Attempt>();

/** Asked for at the first need, not at start: the API lives without its provider, and finds it when it is back. */
export async function findProvider({ config, log }: Pick<Context, 'config' | 'log'>): Promise<Provider> {
  let attempt = attempts.get(config);
  if (!attempt || attempt.retryAt <= Date.now()) {
    attempt = { provider: discover(config), retryAt: Infinity };
    attempts.set(config, attempt);
  }
  const current = attempt;
  try {
    return await current.provider;
  } catch (error) {
    if (current.retryAt === Infinity) {
      current.retryAt = Date.now() + RETRY_MS;
      log.warn({ err: error, issuer: config.OIDC_ISSUER_URL }, 'the identity provider could not be discovered');
    }
    throw ProviderDown(error);
  }
}

export const ProviderDown = (cause: unknown) => Unavailable({ dependency: 'identity provider' }, { cause });

async function discover(config: Config): Promise<Provider> {
  const configuration = await client.discovery(
    new URL(config.OIDC_ISSUER_URL),
    config.OIDC_CLIENT_ID,
    config.OIDC_CLIENT_SECRET,
    undefined,
    {
      timeout: TIMEOUT_S,
      // The ID token's signature too, though it comes by a direct connection: TLS is not always ours to the end.
      execute: [
        client.enableNonRepudiationChecks,
        ...(config.NODE_ENV === 'production' ? [] : [client.allowInsecureRequests]),
      ],
    },
  );
  const { issuer, jwks_uri: jwksUri } = configuration.serverMetadata();
  if (jwksUri === undefined) throw new Error('The identity provider publishes no keys (jwks_uri)');
  return {
    client: configuration,
    issuer,
    keys: createRemoteJWKSet(new URL(jwksUri), { timeoutDuration: TIMEOUT_S * 1000, cooldownDuration: KEYS_PAUSE_MS }),
  };
}
