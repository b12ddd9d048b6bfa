import { createHash, randomFillSync } from 'node:crypto';
import { encodeTime, monotonicFactory, ulid as ulidAt } from 'ulid';
import { z } from 'zod';

/** Every kind of row that is named outside the database, and the prefix of its ids. */
export const PREFIXES = {
  tenant: 'ten',
  user: 'usr',
  member: 'mem',
  invitation: 'ivt',
  session: 'ses',
  apiKey: 'key',
  llmKey: 'llmk',
  llmRoutes: 'llmr',
  subscription: 'sub',
  subscriptionChange: 'chg',
  invoice: 'inv',
  paymentAttempt: 'pat',
  payment: 'pay',
  mrrMovement: 'mrr',
  planGrant: 'grn',
  site: 'sit',
  operation: 'op',
  flagChange: 'flc',
  generatorChange: 'gec',
  audit: 'aud',
  mail: 'mail',
  inbox: 'inb',
  request: 'req',
  worker: 'wrk',
} as const;

export type IdKind = keyof typeof PREFIXES;

const POOL = new Uint32Array(1024);
let taken = POOL.length;

/** From the same source as ulid's own, but not asked anew for each of an id's sixteen characters. */
function random(): number {
  if (taken === POOL.length) {
    randomFillSync(POOL);
    taken = 0;
  }
  taken += 1;
  return (POOL[taken - 1] ?? 0) / 2 ** 32;
}

const ulid = monotonicFactory(random);

/**
 * `ten_01J…`: sorts by the time it was made, so newest first is `order by id desc`. `madeAt` is for a copy of something
 * that was made elsewhere and earlier.
 */
export function newId(kind: IdKind, madeAt?: Date): string {
  return `${PREFIXES[kind]}_${madeAt ? ulidAt(madeAt.getTime(), random) : ulid()}`;
}

/** Ids of this kind that were made at that time or later are not less than it. */
export const firstIdOf = (kind: IdKind, at: Date): string => `${PREFIXES[kind]}_${encodeTime(at.getTime())}`;

export const idSchema = (kind: IdKind) =>
  z
    .string()
    .regex(new RegExp(`^${PREFIXES[kind]}_[0-9A-HJKMNP-TV-Z]{26}$`), `must be an id like ${PREFIXES[kind]}_01J…`)
    .meta({ description: `Id of a ${kind}.` });

/** The same parts give the same UUID: an idempotency key that a second run computes again. */
export function stableUuid(...parts: readonly (string | number)[]): string {
  const hex = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  const variant = ((parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
