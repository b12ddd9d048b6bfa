import test from 'ava';
import { duration, fromNaiveTime, naiveTime, paddedDuration } from './time.ts';

test('writes UTC without a zone, to the microsecond, and reads it back', (t) => {
  const at = new Date('2026-11-20T08:30:39.224Z');
  t.is(naiveTime(at), '2026-11-20 08:30:39.224000');
  t.deepEqual(fromNaiveTime('2026-11-20 08:30:39.224429'), at);
});

test('writes durations as the contract shows them', (t) => {
  const [start, end] = ['2026-11-20 08:30:39.224000', '2026-11-20 10:31:40.234000'];
  t.is(duration(start, end), '2:01:01.010000');
  t.is(paddedDuration(start, end), '02:01:01.010000');
  t.is(duration(end, start), '0:00:00.000000');
});
