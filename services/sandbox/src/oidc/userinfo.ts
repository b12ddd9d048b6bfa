import { type KeyObject, verify } from 'node:crypto';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { z } from 'zod';
import { type Accounts, claimsOf } from './accounts.ts';
import type { Store } from './adapter.ts';

export const USERINFO_PATH = '/protocol/openid-connect/userinfo';

const Payload = z.object({ sub: z.string(), sid: z.string(), exp: z.number() });

/** The library's userinfo refuses tokens made for an API; Keycloak answers any token of the realm whose session lives. */
export function userinfo(accounts: Accounts, store: Store, publicKey: KeyObject) {
  return async (ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> => {
    if (ctx.path !== USERINFO_PATH) return next();
    const token = /^Bearer (.+)$/i.exec(ctx.get('authorization'))?.[1] ?? '';
    const payload = read(token, publicKey);
    const isValid = payload && payload.exp * 1000 > Date.now() && store.hasSession(payload.sid);
    const account = isValid ? accounts.bySub(payload.sub) : undefined;
    if (!account) {
      ctx.status = 401;
      ctx.set('www-authenticate', 'Bearer realm="cloud", error="invalid_token"');
      ctx.body = { error: 'invalid_token', error_description: 'Token verification failed' };
      return;
    }
    ctx.body = claimsOf(account);
  };
}

function read(token: string, publicKey: KeyObject): z.output<typeof Payload> | undefined {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const isSigned = verify(
    'RSA-SHA256',
    Buffer.from(`${header}.${payload}`),
    publicKey,
    Buffer.from(signature, 'base64url'),
  );
  if (!isSigned) return undefined;
  return Payload.safeParse(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))).data;
}
