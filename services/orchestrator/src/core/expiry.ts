import { z } from 'zod';

const MAX_YEARS = 10;
const YEAR_MS = 366 * 24 * 3600_000;

/** When something that a person makes shall stop to work. Bounded, because the database's years have four digits. */
export const ExpiresAt = z.iso
  .datetime({ offset: true })
  .refine((at) => Date.parse(at) > Date.now(), 'must be in the future')
  .refine((at) => Date.parse(at) <= Date.now() + MAX_YEARS * YEAR_MS, `must be at most ${MAX_YEARS} years ahead`);
