import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto';

// Slow enough that whoever reads Keycloak's settings does not guess a relay's password from it; 16 MiB, tens of ms.
const COST = 2 ** 14;
const LENGTH = 32;

/** A salted hash that is kept beside a secret which Keycloak does not show again, to see whether it is still the same. */
export function fingerprint(secret: string): string {
  const salt = randomBytes(16);
  return `scrypt$${salt.toString('base64url')}$${hash(secret, salt).toString('base64url')}`;
}

export function isFingerprintOf(secret: string, print: string | undefined): boolean {
  const [kind, salt, expected] = print?.split('$') ?? [];
  if (kind !== 'scrypt' || !salt || !expected) return false;
  const known = Buffer.from(expected, 'base64url');
  return known.length === LENGTH && timingSafeEqual(known, hash(secret, Buffer.from(salt, 'base64url')));
}

const hash = (secret: string, salt: Buffer) => scryptSync(secret, salt, LENGTH, { N: COST });
