import { z } from 'zod';
import { invalid, notFound, type ErrorDetails } from './errors.ts';
import { check, detailsOf, paginate, queryOf, read, type LagoRouter } from './http.ts';
import { isUsable } from './metering.ts';
import type { UsageEvent } from './model.ts';
import { newId, now, type Organization } from './organization.ts';
import { presentEvent } from './present.ts';

const MAX_BATCH = 100;

/** Seconds since 1970, perhaps with a fraction, perhaps as a string. */
const timestamp = z
  .union([z.number(), z.string().regex(/^\d+(\.\d+)?$/, 'invalid_format')], 'invalid_format')
  .transform((value) => new Date(Math.round(Number(value) * 1000)));

const EventInput = z.strictObject({
  transaction_id: z.string().min(1, 'value_is_mandatory'),
  external_subscription_id: z.string().nullable().optional(),
  code: z.string().min(1, 'value_is_mandatory'),
  timestamp: timestamp.optional(),
  properties: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
  precise_total_amount_cents: z.string().nullable().optional(),
});
type EventInput = z.output<typeof EventInput>;

const ALREADY_EXISTS = { transaction_id: ['value_already_exist'] };

export function eventRoutes(router: LagoRouter, org: Organization): void {
  router.post('/events', (call) => {
    const input = read(call, 'event', EventInput);
    if (isKnown(org, input)) throw invalid(ALREADY_EXISTS);
    call.body = { event: presentEvent(store(org, input)) };
  });
  router.post('/events/batch', (call) => {
    call.body = { events: storeBatch(org, read(call, 'events', z.array(z.unknown()))).map(presentEvent) };
  });
  router.get('/events', (call) => {
    const externalId = queryOf(call, 'external_subscription_id');
    const code = queryOf(call, 'code');
    const rows = org.rows.events
      .filter((row) => !externalId || row.externalSubscriptionId === externalId)
      .filter((row) => !code || row.code === code);
    call.body = paginate(call, 'events', rows.toReversed(), presentEvent);
  });
  router.get('/events/:transactionId', (call) => {
    const event = org.rows.events.find((row) => row.transactionId === call.params['transactionId']);
    if (!event) throw notFound('event');
    call.body = { event: presentEvent(event) };
  });
}

/** All or nothing: one duplicate, in the store or within the batch, and none is kept. */
function storeBatch(org: Organization, batch: unknown[]): UsageEvent[] {
  if (batch.length === 0) throw invalid({ events: ['no_events'] });
  if (batch.length > MAX_BATCH) throw invalid({ events: ['too_many_events'] });
  const errors: ErrorDetails = {};
  batch.forEach((item, index) => {
    const parsed = EventInput.safeParse(item);
    if (!parsed.success) errors[index] = detailsOf(parsed.error) as Record<string, string[]>;
  });
  if (Object.keys(errors).length > 0) throw invalid(errors);
  const inputs = check(z.array(EventInput), batch);
  const seen = new Set<string>();
  inputs.forEach((input, index) => {
    // Within one batch Lago matches by the transaction id alone, whatever the subscription.
    if (seen.has(input.transaction_id) || isKnown(org, input)) errors[index] = ALREADY_EXISTS;
    seen.add(input.transaction_id);
  });
  if (Object.keys(errors).length > 0) throw invalid(errors);
  return inputs.map((input) => store(org, input));
}

function isKnown(org: Organization, input: EventInput): boolean {
  return org.rows.events.some(
    (row) =>
      row.transactionId === input.transaction_id &&
      row.externalSubscriptionId === (input.external_subscription_id ?? null),
  );
}

/** Nothing else is checked here: an unknown metric or subscription is taken without a word. */
function store(org: Organization, input: EventInput): UsageEvent {
  const at = now(org);
  const event: UsageEvent = {
    id: newId(),
    transactionId: input.transaction_id,
    externalSubscriptionId: input.external_subscription_id ?? null,
    code: input.code,
    timestamp: input.timestamp ?? at,
    properties: input.properties ?? {},
    preciseTotalAmountCents: input.precise_total_amount_cents ?? null,
    createdAt: at,
    isValidated: false,
  };
  org.rows.events.push(event);
  return event;
}

/** The hourly check: unknown metrics and unusable properties are told by one webhook; an unknown subscription never is. */
export function reportEventErrors(org: Organization, at: Date): void {
  const events = org.rows.events.filter((row) => !row.isValidated && row.createdAt <= at);
  const invalidCode: string[] = [];
  const missingProperty: string[] = [];
  for (const event of events) {
    event.isValidated = true;
    const metric = org.rows.metrics.find((row) => row.code === event.code);
    if (!metric) invalidCode.push(event.transactionId);
    else if (!isUsable(metric, event)) missingProperty.push(event.transactionId);
  }
  if (invalidCode.length + missingProperty.length === 0) return;
  org.webhooks.send(org, 'events.errors', 'events_errors', {
    invalid_code: invalidCode,
    missing_aggregation_property: missingProperty,
    missing_group_key: [],
    invalid_filter_values: [],
  });
}
