import { dayIn, monthDays, monthOf } from '#core/calendar.ts';
import type { Context } from '#core/context.ts';
import { nanoToUsd } from '#core/money.ts';
import { type UsageScope, usageSums } from './queries.ts';

/** As OpenAI's clients would name it. */
interface KeyTotals {
  requests: number;
  prompt_tokens: number;
  cached_tokens: number;
  completion_tokens: number;
  /** Exact. */
  cost_usd: string;
}

interface OfPeriods {
  day: KeyTotals;
  month: KeyTotals;
}

/** What a key and its tenant have used on the operator's day and in his month, for the gateway's own GET /v1/usage. */
export async function usageForKey(
  { db, config }: Pick<Context, 'db' | 'config'>,
  { tenantId, keyId }: { tenantId: string; keyId: string },
): Promise<{ day: string; month: string; time_zone: string; key: OfPeriods; tenant: OfPeriods }> {
  const zone = config.LLM_TIME_ZONE;
  const day = dayIn(zone, Date.now());
  const month = monthOf(day);
  const of = async (scope: UsageScope): Promise<OfPeriods> => ({
    day: await totals(usageSums(db, scope, { from: day, to: day })),
    month: await totals(usageSums(db, scope, monthDays(month))),
  });
  return { day, month, time_zone: zone, key: await of({ tenantId, keyId }), tenant: await of({ tenantId }) };
}

async function totals(used: ReturnType<typeof usageSums>): Promise<KeyTotals> {
  const { requests, promptTokens, cachedTokens, completionTokens, costNanoUsd } = await used.total();
  return {
    requests,
    prompt_tokens: promptTokens,
    cached_tokens: cachedTokens,
    completion_tokens: completionTokens,
    cost_usd: nanoToUsd(costNanoUsd),
  };
}
