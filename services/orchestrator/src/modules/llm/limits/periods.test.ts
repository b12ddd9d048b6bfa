import test from 'ava';
import { type Period, periodsAt } from './periods.ts';

const of = (zone: string, at: string) => periodsAt(zone, Date.parse(at));
const told = ({ name, beganMs, endsMs }: Period) =>
  [name, new Date(beganMs).toISOString(), new Date(endsMs).toISOString()].join(' ');

test("days and months are the operator's", (t) => {
  const { day, month } = of('UTC', '2026-01-31T23:59:59.999Z');
  t.is(told(day), '2026-01-31 2026-01-31T00:00:00.000Z 2026-02-01T00:00:00.000Z');
  t.is(told(month), '2026-01 2026-01-01T00:00:00.000Z 2026-02-01T00:00:00.000Z');
  const algiers = of('Africa/Algiers', '2026-01-31T23:30:00Z');
  t.is(told(algiers.day), '2026-02-01@Africa/Algiers 2026-01-31T23:00:00.000Z 2026-02-01T23:00:00.000Z');
  t.is(told(algiers.month), '2026-02@Africa/Algiers 2026-01-31T23:00:00.000Z 2026-02-28T23:00:00.000Z');
  t.is(algiers.month.from, '2026-02-01');
  t.is(algiers.month.to, '2026-02-28');
});

test('a day has 23 or 25 hours when the clocks change, and a month an hour less or more', (t) => {
  const hours = ({ beganMs, endsMs }: Period) => (endsMs - beganMs) / 3_600_000;
  const spring = of('Europe/Paris', '2026-03-29T12:00:00Z');
  const autumn = of('Europe/Paris', '2026-10-25T12:00:00Z');
  t.deepEqual([hours(spring.day), hours(spring.month)], [23, 31 * 24 - 1]);
  t.deepEqual([hours(autumn.day), hours(autumn.month)], [25, 31 * 24 + 1]);
  t.is(hours(of('Africa/Cairo', '2026-04-24T12:00:00Z').day), 23, 'a day without a midnight');
});

test('every moment of a year is in exactly one day and one month, in every kind of zone', (t) => {
  for (const zone of ['UTC', 'Europe/Paris', 'Africa/Cairo', 'Australia/Lord_Howe', 'America/Nuuk'])
    for (let at = Date.parse('2026-01-01T00:00:00Z'); at < Date.parse('2027-01-02T00:00:00Z');) {
      const { day, month } = periodsAt(zone, at);
      t.true(day.beganMs <= at && at < day.endsMs && month.beganMs <= at && at < month.endsMs);
      t.true(month.beganMs <= day.beganMs && day.endsMs <= month.endsMs);
      const next = periodsAt(zone, day.endsMs);
      t.is(next.day.beganMs, day.endsMs, `${zone} ${day.name}`);
      t.is(next.month.beganMs, day.endsMs === month.endsMs ? month.endsMs : month.beganMs);
      at = day.endsMs;
    }
});
