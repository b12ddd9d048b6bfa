import { z } from 'zod';
import { SURFACES } from '../providers/provider.ts';

/**
 * How a request ended: `completed` as the provider meant it; `aborted` by the client; `cut` by the provider or by us in
 * the middle of a stream; `interrupted` when the gateway died, found later in its journal.
 */
export const OUTCOMES = ['completed', 'aborted', 'cut', 'interrupted'] as const;
export type Outcome = (typeof OUTCOMES)[number];

const count = z.number().int().min(0).max(4_294_967_295);

/** What one request used. `requestId` makes a second copy harmless, wherever it comes from. */
export const UsageRecord = z.object({
  requestId: z.string().min(1).max(40),
  tenantId: z.string().min(1).max(40),
  keyId: z.string().min(1).max(40),
  /** Who made the key; null = an API key or the system did. */
  userId: z.string().min(1).max(40).nullable().default(null),
  at: z.iso.datetime(),
  surface: z.enum(SURFACES).default('chat'),
  /** Who answered; `cache` = nobody was asked. */
  provider: z.string().min(1).max(40),
  /** As the client asked for it. */
  model: z.string().min(1).max(200),
  /** As the provider calls it. */
  upstreamModel: z.string().min(1).max(200).nullable().default(null),
  isStream: z.boolean(),
  outcome: z.enum(OUTCOMES),
  promptTokens: count,
  cachedTokens: count,
  cacheWriteTokens: count.default(0),
  completionTokens: count,
  reasoningTokens: count.default(0),
  audioTokens: count.default(0),
  costNanoUsd: z.number().int().nonnegative(),
  /** `<provider>/<model>@<date>`, `provider` when it said so itself, `free`, `cache`; null = the model has no price. */
  price: z.string().max(300).nullable(),
  /** Counted by our own rule, or without a price. */
  isEstimated: z.boolean(),
  /** Another provider had failed, or was known to be failing. */
  isFallback: z.boolean().default(false),
  /** The day's budget was spent: the free provider answered. */
  isBudgetFallback: z.boolean().default(false),
  isCacheHit: z.boolean().default(false),
  firstByteMs: count.nullable(),
  durationMs: count,
});
export type UsageRecord = z.output<typeof UsageRecord>;

/** What is known of a request when it goes to the provider; enough to bill it should the gateway die. */
export const StartedRequest = UsageRecord.pick({
  requestId: true,
  tenantId: true,
  keyId: true,
  userId: true,
  at: true,
  surface: true,
  provider: true,
  model: true,
  upstreamModel: true,
  isStream: true,
  promptTokens: true,
  isFallback: true,
  isBudgetFallback: true,
}).extend({
  /** The provider takes nothing for it. */
  isFree: z.boolean().default(false),
});
export type StartedRequest = z.output<typeof StartedRequest>;
