import { z } from 'zod';
import type { Entitlements } from '#modules/catalogue/schemas.ts';

/** What a tenant's plans allow in the gateway; null = no limit. */
export const Limits = z.object({
  tier: z.string(),
  messagesPerDay: z.number().int().nullable(),
  requestsPerMinute: z.number().int().nullable(),
});
export type Limits = z.output<typeof Limits>;

/** A count of 0 messages means that no plan of the gateway is held; 0 per minute that no plan sets a rate. */
export function limitsOf(entitlements: Entitlements): Limits {
  const perMinute = entitlements.llm_requests_per_minute;
  return {
    tier: entitlements.llm_tier,
    messagesPerDay: entitlements.llm_messages_per_day,
    requestsPerMinute: perMinute === 0 ? null : perMinute,
  };
}
