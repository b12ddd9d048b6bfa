import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** A random token of 256 bits in base62-like text, with a prefix that scanners of leaked secrets can look for. */
export function newToken(prefix: string): string {
  return `${prefix}${randomBytes(32).toString('base64url')}`;
}

/** Tokens are random, so a plain hash is enough: nothing can be guessed from it. */
export const hashToken = (token: string): string => createHash('sha256').update(token).digest('hex');

/** What may be shown in lists to tell keys apart. */
export const tokenPrefix = (token: string): string => token.slice(0, 12);

export function equalsSecret(given: string, expected: string): boolean {
  const a = createHash('sha256').update(given).digest();
  const b = createHash('sha256').update(expected).digest();
  return timingSafeEqual(a, b);
}
