import { z } from 'zod';

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
  at: z.iso.datetime(),
  provider: z.string().min(1).max(40),
  model: z.string().min(1).max(200),
  isStream: z.boolean(),
  outcome: z.enum(OUTCOMES),
  promptTokens: count,
  cachedTokens: count,
  completionTokens: count,
  costNanoUsd: z.number().int().nonnegative(),
  /** `<model>@<date>`; null = the model has no price. */
  price: z.string().max(100).nullable(),
  /** Counted by our own rule, or without a price. */
  isEstimated: z.boolean(),
  firstByteMs: count.nullable(),
  durationMs: count,
});
export type UsageRecord = z.output<typeof UsageRecord>;

/** What is known of a request when it goes to the provider; enough to bill it should the gateway die. */
export const StartedRequest = UsageRecord.pick({
  requestId: true,
  tenantId: true,
  keyId: true,
  at: true,
  provider: true,
  model: true,
  isStream: true,
  promptTokens: true,
});
export type StartedRequest = z.output<typeof StartedRequest>;
