import { z } from 'zod';
import { Limits } from '../limits/limits.ts';

/** What a key may be used for. */
export const KEY_SCOPES = ['chat', 'embeddings', 'models', 'usage'] as const;
export const KeyScope = z.enum(KEY_SCOPES);
export type KeyScope = z.output<typeof KeyScope>;

/** Who a gateway key speaks for, and what they may do: all that a request needs to know of the database. */
export const Principal = z.object({
  keyId: z.string(),
  tenantId: z.string(),
  /** Who made the key; null = an API key or the system did. */
  userId: z.string().nullable(),
  /** Of the tenant, when this was read: a higher one in Redis or the database means that this is out of date. */
  version: z.number().int(),
  /** `responses` and `messages` are ways to chat: they need `chat`. */
  scopes: z.array(KeyScope),
  models: z.array(z.string()).nullable(),
  expiresAtMs: z.number().nullable(),
  /** It ends because a newer secret took its place. */
  isReplaced: z.boolean().optional(),
  /** Answers may come from the tenant's own response cache. */
  usesCache: z.boolean(),
  limits: Limits,
});
export type Principal = z.output<typeof Principal>;
