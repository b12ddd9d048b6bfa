import { z } from 'zod';
import { nowSeconds, type Account } from '../account.ts';
import { invalidRequest } from '../errors.ts';
import { ignored, integer, metadata, notSimulated } from '../http.ts';
import { NewItemParams, recurringPrice, refuseMixed } from './items.ts';
import type { Recurring, SchedulePhase, SubscriptionSchedule } from './objects.ts';
import { periodAt } from './periods.ts';
import { prorationBehavior } from './subscription-params.ts';

/** `iterations` is no longer a parameter: a phase has an `end_date` or a `duration`. */
const PhaseParams = z.strictObject({
  add_invoice_items: notSimulated,
  application_fee_percent: notSimulated,
  automatic_tax: notSimulated,
  billing_cycle_anchor: notSimulated,
  billing_thresholds: notSimulated,
  collection_method: notSimulated,
  currency: z.string().optional(),
  default_payment_method: notSimulated,
  default_tax_rates: notSimulated,
  description: notSimulated,
  discounts: notSimulated,
  duration: z
    .strictObject({
      interval: z.enum(['day', 'week', 'month', 'year']),
      interval_count: integer.pipe(z.number().positive()).default(1),
    })
    .optional(),
  end_date: integer.or(z.literal('now')).optional(),
  invoice_settings: ignored,
  items: z.array(NewItemParams).min(1).max(20),
  metadata: metadata.optional(),
  proration_behavior: prorationBehavior.optional(),
  start_date: integer.or(z.literal('now')).optional(),
  transfer_data: notSimulated,
  trial: notSimulated,
  trial_end: notSimulated,
});
type PhaseParams = z.output<typeof PhaseParams>;

export const UpdateParams = z.strictObject({
  default_settings: notSimulated,
  end_behavior: z.enum(['release', 'cancel']).optional(),
  metadata: metadata.optional(),
  pause_schedules: notSimulated,
  phases: z.array(PhaseParams).min(1).max(10).optional(),
  proration_behavior: prorationBehavior.optional(),
});

/** All phases at once, the one that runs included: what an update leaves out is gone. */
export function phasesOf(account: Account, schedule: SubscriptionSchedule, inputs: PhaseParams[]): SchedulePhase[] {
  const now = nowSeconds(account);
  const current = schedule.current_phase;
  const phases: SchedulePhase[] = [];
  inputs.forEach((input, index) => {
    const param = `phases[${index}]`;
    const begin = input.start_date === 'now' ? now : input.start_date;
    const start = begin ?? phases.at(-1)?.end_date ?? current?.start_date ?? now;
    if (index === 0 && current && start !== current.start_date) {
      throw invalidRequest('You can not modify the start date of the current phase.', {
        param: `${param}[start_date]`,
      });
    }
    if (index > 0 && start !== phases.at(-1)?.end_date) {
      throw invalidRequest('A phase must start when the phase before it ends.', { param: `${param}[start_date]` });
    }
    const prices = input.items.map((item, at) => recurringPrice(account, item, `${param}[items][${at}]`));
    refuseMixed(prices, schedule.phases[0]?.currency ?? '');
    const end = endOf(input, { start, now, recurring: prices[0]?.recurring ?? null, param });
    phases.push({
      ...constants,
      currency: schedule.phases[0]?.currency ?? '',
      end_date: end,
      items: input.items.map((item, at) => ({
        billing_thresholds: null,
        discounts: [],
        metadata: item.metadata ?? {},
        plan: prices[at]?.id ?? '',
        price: prices[at]?.id ?? '',
        quantity: item.quantity ?? 1,
        tax_rates: [],
      })),
      metadata: input.metadata ?? {},
      proration_behavior: input.proration_behavior ?? 'create_prorations',
      start_date: start,
    });
  });
  return phases;
}

interface Begin {
  start: number;
  now: number;
  recurring: Recurring | null;
  param: string;
}

/** Left out = one period of its price. */
function endOf({ end_date: end, duration }: PhaseParams, { start, now, recurring, param }: Begin): number {
  if (end !== undefined && duration) {
    throw invalidRequest('You cannot set both `end_date` and `duration`.', { param: `${param}[duration]` });
  }
  const length = duration
    ? { ...duration, meter: null, trial_period_days: null, usage_type: 'licensed' as const }
    : null;
  const span = length ?? recurring;
  const at = end === 'now' ? now : (end ?? (span ? periodAt(start, span, start).end : start));
  if (at <= start || at < now) {
    throw invalidRequest('The end of a phase must be after its start, and not in the past.', {
      param: `${param}[end_date]`,
    });
  }
  return at;
}

const constants = {
  add_invoice_items: [] as [],
  application_fee_percent: null,
  billing_cycle_anchor: null,
  billing_thresholds: null,
  collection_method: null,
  default_payment_method: null,
  default_tax_rates: [] as [],
  description: null,
  discounts: [] as [],
  invoice_settings: null,
  on_behalf_of: null,
  transfer_data: null,
  trial_end: null,
};
