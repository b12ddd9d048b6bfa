import type { IncomingHttpHeaders } from 'node:http';

const MODE = 'x-gateway-cache';
const TTL = 'x-gateway-cache-ttl';
const MAX_TTL_S = 86_400;

/** What a request wants of the cache; null = nothing. */
export interface CacheWish {
  /** False: the provider is asked whatever is kept, and its answer takes the old one's place. */
  reads: boolean;
  ttlS: number;
}

/** A header that says what is not understood: to be answered with 400, for somebody counts on it. */
export interface WrongWish {
  param: string;
  message: string;
}

/** `usesCache` is the key's setting, which the header overrules either way. */
export function cacheWish(
  headers: IncomingHttpHeaders,
  usesCache: boolean,
  defaultTtlS: number,
): CacheWish | WrongWish | null {
  const mode = headers[MODE]?.toString().toLowerCase() ?? (usesCache ? 'on' : 'off');
  if (mode === 'off') return null;
  if (mode !== 'on' && mode !== 'refresh')
    return { param: MODE, message: `Invalid value for the header '${MODE}': it must be on, off or refresh.` };
  const ttl = headers[TTL]?.toString();
  const ttlS = ttl === undefined ? defaultTtlS : Number(ttl);
  if (!Number.isInteger(ttlS) || ttlS < 1 || ttlS > MAX_TTL_S)
    return { param: TTL, message: `Invalid value for the header '${TTL}': it must be seconds from 1 to ${MAX_TTL_S}.` };
  return { reads: mode === 'on', ttlS };
}

export const isWrongWish = (wish: CacheWish | WrongWish | null): wish is WrongWish =>
  wish !== null && 'message' in wish;
