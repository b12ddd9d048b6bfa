import test from 'ava';
import type { BillingTime, Interval } from './model.ts';
import { nextHourly, periodAt } from './periods.ts';

function period(interval: Interval, billingTime: BillingTime, anchor: string, at: string): string {
  const { from, end } = periodAt({ interval, billingTime, anchor: new Date(anchor) }, new Date(at));
  return `${from.toISOString().slice(0, 10)}/${end.toISOString().slice(0, 10)}`;
}

test('calendar periods follow the calendar', (t) => {
  const at = '2026-11-18T23:59:59Z';
  const calendar = (interval: Interval) => period(interval, 'calendar', '2026-10-05T10:00:00Z', at);
  t.is(calendar('weekly'), '2026-11-16/2026-11-23');
  t.is(calendar('monthly'), '2026-11-01/2026-12-01');
  t.is(calendar('quarterly'), '2026-10-01/2027-01-01');
  t.is(calendar('semiannual'), '2026-07-01/2027-01-01');
  t.is(calendar('yearly'), '2026-01-01/2027-01-01');
});

test('anniversary periods follow the day the subscription began', (t) => {
  const anchor = '2026-10-20T10:00:00Z';
  const anniversary = (interval: Interval) => period(interval, 'anniversary', anchor, '2026-11-19T23:59:59Z');
  t.is(anniversary('weekly'), '2026-11-17/2026-11-24');
  t.is(anniversary('monthly'), '2026-10-20/2026-11-20');
  t.is(anniversary('quarterly'), '2026-10-20/2027-01-20');
  t.is(anniversary('yearly'), '2026-10-20/2027-10-20');
});

test('the 31st becomes the last day of a shorter month and comes back', (t) => {
  const monthly = (at: string) => period('monthly', 'anniversary', '2026-01-31T10:00:00Z', at);
  t.is(monthly('2026-02-15T00:00:00Z'), '2026-01-31/2026-02-28');
  t.is(monthly('2026-02-28T00:00:00Z'), '2026-02-28/2026-03-31');
  t.is(monthly('2026-03-31T00:00:00Z'), '2026-03-31/2026-04-30');
});

test('an hourly job sees something at its minute, never before it happened', (t) => {
  const seen = (at: string) => nextHourly(new Date(at), 10).toISOString();
  t.is(seen('2026-11-03T10:00:00Z'), '2026-11-03T10:10:00.000Z');
  t.is(seen('2026-11-03T10:10:00Z'), '2026-11-03T10:10:00.000Z');
  t.is(seen('2026-11-03T10:10:01Z'), '2026-11-03T11:10:00.000Z');
});
