import type { Config } from '#core/config/variables.ts';

type Origins = Pick<Config, 'PUBLIC_URL' | 'ADMIN_URL'>;

/**
 * The origin that a browser is at: the configured one that its Host header names, else the main one. Whatever a header
 * says, nobody is ever sent to an address that is not configured.
 */
export function originOf({ PUBLIC_URL, ADMIN_URL }: Origins, hostHeader: string): string {
  const isAdmin = ADMIN_URL !== undefined && new URL(ADMIN_URL).host === hostHeader.toLowerCase();
  return isAdmin ? ADMIN_URL : PUBLIC_URL;
}
