import test from 'ava';
import { addDays, dayBegins, dayIn, daysFrom, monthDays, monthOf } from './calendar.ts';

const begins = (zone: string, day: string) => dayBegins(zone, day).toISOString();

test('a day is that of the zone, also when the clocks change', (t) => {
  t.is(dayIn('UTC', new Date('2026-03-01T23:59:59.999Z')), '2026-03-01');
  t.is(dayIn('Africa/Algiers', new Date('2026-03-01T22:59:59.999Z')), '2026-03-01');
  t.is(dayIn('Africa/Algiers', new Date('2026-03-01T23:00:00.000Z')), '2026-03-02');
  t.is(dayIn('America/New_York', new Date('2026-07-05T03:59:59.999Z')), '2026-07-04');
  t.is(dayIn('Pacific/Kiritimati', new Date('2026-01-01T10:00:00.000Z')), '2026-01-02');
});

test('a day begins at its midnight, and lasts 23 or 25 hours when the clocks change', (t) => {
  t.is(begins('UTC', '2026-03-29'), '2026-03-29T00:00:00.000Z');
  t.is(begins('Europe/Paris', '2026-03-29'), '2026-03-28T23:00:00.000Z');
  t.is(begins('Europe/Paris', '2026-03-30'), '2026-03-29T22:00:00.000Z');
  t.is(begins('Europe/Paris', '2026-10-25'), '2026-10-24T22:00:00.000Z');
  t.is(begins('Europe/Paris', '2026-10-26'), '2026-10-25T23:00:00.000Z');
  // Clocks go from 00:00 to 01:00: the day has no midnight.
  t.is(begins('Africa/Cairo', '2026-04-24'), '2026-04-23T22:00:00.000Z');
  // And from 24:00 back to 23:00, so that the day before has 25 hours.
  t.is(begins('Africa/Cairo', '2026-10-30'), '2026-10-29T22:00:00.000Z');
});

test('the first moment of a day belongs to it, the one before does not, in every zone', (t) => {
  for (const zone of Intl.supportedValuesOf('timeZone'))
    for (const day of ['2026-01-01', '2026-02-28', '2026-03-29', '2026-10-25', '2026-12-31']) {
      const at = dayBegins(zone, day);
      t.is(dayIn(zone, at), day, zone);
      t.true(dayIn(zone, at.getTime() - 1) < day, zone);
    }
});

test('days are counted over the ends of months and years', (t) => {
  t.is(addDays('2026-12-31', 1), '2027-01-01');
  t.is(addDays('2028-03-01', -1), '2028-02-29');
  t.is(daysFrom('2026-03-01', '2026-03-31'), 31);
  t.is(daysFrom('2026-03-28', '2026-03-30'), 3);
  t.is(monthOf('2026-03-28'), '2026-03');
  t.deepEqual(monthDays('2028-02'), { from: '2028-02-01', to: '2028-02-29' });
  t.deepEqual(monthDays('2026-12'), { from: '2026-12-01', to: '2026-12-31' });
});
