import { createHash, timingSafeEqual } from 'node:crypto';
import type { Middleware } from 'koa';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** `bearer <token>`, or `basic` with any name and the token as password; the scheme in any case. */
export function authenticate(token: string): Middleware {
  const expected = digest(token);
  return async (ctx, next) => {
    const given = presentedToken(ctx.get('authorization'));
    if (given === undefined || !timingSafeEqual(digest(given), expected)) {
      ctx.status = 401;
      ctx.set('www-authenticate', 'Basic');
      ctx.body = { message: 'Unauthenticated' };
      return;
    }
    await next();
  };
}

function presentedToken(header: string): string | undefined {
  const [, scheme, credentials] = /^(\w+) +(\S+)$/.exec(header) ?? [];
  if (credentials === undefined) return undefined;
  if (scheme?.toLowerCase() === 'bearer') return credentials;
  if (scheme?.toLowerCase() !== 'basic') return undefined;
  const decoded = Buffer.from(credentials, 'base64').toString('utf8');
  return decoded.slice(decoded.indexOf(':') + 1);
}
