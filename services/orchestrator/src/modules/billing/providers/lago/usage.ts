import { z } from 'zod';
import type { UsageEvent } from '../engine.ts';
import type { LagoEvent } from './lago.ts';

export const toLagoEvent = (event: UsageEvent): LagoEvent => ({
  transaction_id: event.transactionId,
  external_subscription_id: event.subscriptionId,
  code: event.metric,
  timestamp: event.at.getTime() / 1000,
  properties: event.properties,
});

const Details = z.record(z.string(), z.unknown());
const Duplicate = z.object({ transaction_id: z.array(z.string()) });

/** Events of a refused batch that Lago has already: `{"0": {"transaction_id": ["value_already_exist"]}}` → 0. */
export function knownIndexes(details: unknown, count: number): ReadonlySet<number> {
  const byIndex = Details.safeParse(details);
  if (!byIndex.success) return new Set();
  return new Set(
    Object.entries(byIndex.data)
      .filter(([, problems]) => isDuplicate(problems))
      .map(([index]) => Number(index))
      .filter((index) => index < count),
  );
}

function isDuplicate(problems: unknown): boolean {
  const parsed = Duplicate.safeParse(problems);
  return parsed.success && parsed.data.transaction_id.includes('value_already_exist');
}
