import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, SignJWT, exportJWK, exportSPKI, generateKeyPair } from 'jose';

export const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';

/** Whatever: `undefined` leaves a claim out. */
export type TestClaims = Record<string, unknown>;

/** A provider that signs whatever a test wants, for tokens that a well-behaved one would never give. */
export interface TestIssuer {
  url: string;
  /** A valid token of `person@example.test` for the API, changed by `claims`. */
  accessToken(claims?: TestClaims): Promise<string>;
  logoutToken(claims?: TestClaims): Promise<string>;
  sign(claims: TestClaims, key: CryptoKey | Uint8Array, header: { alg: string; kid?: string }): Promise<string>;
  /** In PEM, as an attacker finds it in the published keys. */
  publicKeyPem: string;
  kid: string;
  privateKey: CryptoKey;
  /** New keys are published, the old ones withdrawn. */
  rotate(): Promise<void>;
  /** Answers nothing but 503, or works again. */
  setDown(isDown: boolean): void;
  requests: string[];
  stop(): Promise<void>;
}

export async function startIssuer({ audience = 'bastide-api', clientId = 'bastide-dashboard' } = {}) {
  let pair = await generateKeyPair('RS256', { extractable: true });
  let kid = 'first';
  let isDown = false;
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    void answer(request.url ?? '').then((body) => {
      response.writeHead(body === undefined ? 503 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body ?? {}));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const answer = async (path: string): Promise<object | undefined> => {
    if (isDown) return undefined;
    if (path.startsWith('/keys')) {
      return { keys: [{ ...(await exportJWK(pair.publicKey)), kid, alg: 'RS256', use: 'sig' }] };
    }
    return {
      issuer: url,
      authorization_endpoint: `${url}/auth`,
      token_endpoint: `${url}/token`,
      jwks_uri: `${url}/keys`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
    };
  };
  const sign: TestIssuer['sign'] = (claims, key, header) =>
    new SignJWT(claims).setProtectedHeader({ typ: 'JWT', ...header }).sign(key);
  const now = () => Math.floor(Date.now() / 1000);
  const issuer: TestIssuer = {
    url,
    requests,
    kid,
    publicKeyPem: await exportSPKI(pair.publicKey),
    privateKey: pair.privateKey,
    sign,
    accessToken: (claims = {}) =>
      sign(
        {
          iss: url,
          aud: audience,
          sub: 'person',
          email: 'person@example.test',
          email_verified: true,
          name: 'A Person',
          realm_access: { roles: ['user'] },
          iat: now(),
          exp: now() + 300,
          ...claims,
        },
        pair.privateKey,
        { alg: 'RS256', kid },
      ),
    logoutToken: (claims = {}) =>
      sign(
        {
          iss: url,
          aud: clientId,
          sub: 'person',
          iat: now(),
          exp: now() + 120,
          jti: `jti-${Math.random()}`,
          events: { [LOGOUT_EVENT]: {} },
          ...claims,
        },
        pair.privateKey,
        { alg: 'RS256', kid },
      ),
    rotate: async () => {
      pair = await generateKeyPair('RS256', { extractable: true });
      kid = `${kid}-next`;
    },
    setDown: (value) => {
      isDown = value;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return issuer;
}
