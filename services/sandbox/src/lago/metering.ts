import type { Charge, Metric, Subscription, UsageEvent } from './model.ts';
import type { Organization } from './organization.ts';
import { priceOf, toMinorUnits } from './pricing.ts';

export interface Window {
  from: Date;
  /** The first moment that no longer counts. */
  end: Date;
}

export interface Usage {
  charge: Charge;
  units: number;
  eventsCount: number;
  amountCents: number;
}

/** What the subscription used of every charge in the window. */
export function measure(org: Organization, subscription: Subscription, window: Window): Usage[] {
  return subscription.plan.charges.map((charge) => {
    const events = eventsFor(org, subscription, charge.metric, window);
    const units = roundUnits(charge.metric, aggregate(charge.metric, events, window));
    const eventsCount = events.length;
    const amountCents = toMinorUnits(priceOf(charge, units, eventsCount), subscription.plan.currency);
    return { charge, units, eventsCount, amountCents };
  });
}

/** Events stamped before the row started or after it ended are silently not counted, whatever their external id. */
function eventsFor(org: Organization, subscription: Subscription, metric: Metric, window: Window): UsageEvent[] {
  const carriesOver = metric.recurring && metric.aggregationType !== 'count_agg';
  return org.rows.events
    .filter(
      (event) =>
        event.externalSubscriptionId === subscription.externalId &&
        event.code === metric.code &&
        (carriesOver || event.timestamp >= window.from) &&
        event.timestamp < window.end &&
        subscription.startedAt !== null &&
        (carriesOver || event.timestamp >= subscription.startedAt) &&
        (subscription.terminatedAt === null || event.timestamp <= subscription.terminatedAt) &&
        (metric.aggregationType === 'count_agg' || isUsable(metric, event)),
    )
    .sort((a, b) => a.timestamp.getTime() - b.timestamp.getTime());
}

/** False = reported by `events.errors` as a missing aggregation property. */
export function isUsable(metric: Metric, event: UsageEvent): boolean {
  if (metric.aggregationType === 'count_agg') return true;
  const value = metric.fieldName === null ? undefined : event.properties[metric.fieldName];
  if (value === undefined || value === null || value === '') return false;
  return metric.aggregationType === 'unique_count_agg' || !Number.isNaN(Number(value));
}

function aggregate(metric: Metric, events: UsageEvent[], window: Window): number {
  const raw = (event: UsageEvent): unknown =>
    metric.fieldName === null ? undefined : event.properties[metric.fieldName];
  const values = events.map((event) => Number(raw(event)));
  switch (metric.aggregationType) {
    case 'count_agg':
      return events.length;
    case 'sum_agg':
      return values.reduce((sum, value) => sum + value, 0);
    case 'max_agg':
      return values.reduce((max, value) => Math.max(max, value), 0);
    case 'latest_agg':
      return Math.max(0, values.at(-1) ?? 0);
    case 'unique_count_agg':
      return uniqueCount(events, raw);
    case 'weighted_sum_agg':
      return events.reduce((sum, event, index) => sum + (values[index] ?? 0) * shareLeft(event.timestamp, window), 0);
  }
}

function uniqueCount(events: UsageEvent[], raw: (event: UsageEvent) => unknown): number {
  const present = new Set<string>();
  for (const event of events) {
    const value = JSON.stringify(raw(event));
    if (event.properties['operation_type'] === 'remove') present.delete(value);
    else present.add(value);
  }
  return present.size;
}

/** The part of the window for which a value that arrived at `at` still counts. */
function shareLeft(at: Date, { from, end }: Window): number {
  const startMs = Math.max(at.getTime(), from.getTime());
  return (end.getTime() - startMs) / (end.getTime() - from.getTime());
}

function roundUnits(metric: Metric, units: number): number {
  if (metric.roundingFunction === null) return units;
  const factor = 10 ** (metric.roundingPrecision ?? 0);
  return Math[metric.roundingFunction](units * factor) / factor;
}
