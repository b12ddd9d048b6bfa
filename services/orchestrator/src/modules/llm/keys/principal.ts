import { z } from 'zod';
import { Limits } from '../limits/limits.ts';

/** Who a gateway key speaks for, and what they may do: all that a request needs to know of the database. */
export const Principal = z.object({
  keyId: z.string(),
  tenantId: z.string(),
  /** Of the tenant, when this was read: a higher one in Redis or the database means that this is out of date. */
  version: z.number().int(),
  models: z.array(z.string()).nullable(),
  expiresAtMs: z.number().nullable(),
  limits: Limits,
});
export type Principal = z.output<typeof Principal>;
