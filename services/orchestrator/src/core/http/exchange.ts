import type { Context as KoaContext } from 'koa';
import type { Exchange } from './route.ts';

export function exchangeOf(koa: KoaContext, rawBody: Buffer): Exchange {
  return {
    rawBody,
    // Not koa.URL: that is no URL at all when the client sends a Host that is none.
    url: URL.parse(koa.originalUrl, 'http://api') ?? new URL('http://api/'),
    userAgent: koa.get('user-agent'),
    header: (name) => koa.get(name),
    cookie: (name) => koa.cookies.get(name),
    setCookie: (name, value, { maxAgeS } = {}) => {
      const attributes = ['Path=/', 'Secure', 'HttpOnly', 'SameSite=Lax'];
      if (value === null) attributes.push('Max-Age=0');
      else if (maxAgeS !== undefined) attributes.push(`Max-Age=${Math.floor(maxAgeS)}`);
      // Written by hand: the cookies library refuses Secure on a plain-HTTP loopback, which browsers do trust.
      koa.append('set-cookie', [`${name}=${value ?? ''}`, ...attributes].join('; '));
    },
  };
}
