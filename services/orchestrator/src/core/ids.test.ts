import test from 'ava';
import { PREFIXES, idSchema, newId, stableUuid } from './ids.ts';

test('ids sort by the time they were made', (t) => {
  const ids = Array.from({ length: 1000 }, () => newId('site'));
  t.deepEqual([...ids].sort(), ids);
  t.is(new Set(ids).size, ids.length);
});

test('an id of one kind is not taken for another', (t) => {
  t.true(idSchema('site').safeParse(newId('site')).success);
  t.false(idSchema('site').safeParse(newId('tenant')).success);
  t.false(idSchema('site').safeParse("sit_' or 1=1 --").success);
  t.is(new Set(Object.values(PREFIXES)).size, Object.keys(PREFIXES).length);
});

test('the same parts give the same UUID, others another, and it is a valid one', (t) => {
  t.is(stableUuid('op_1', 'create', 1), stableUuid('op_1', 'create', 1));
  t.not(stableUuid('op_1', 'create', 1), stableUuid('op_1', 'create', 2));
  t.not(stableUuid('ab', 'c'), stableUuid('a', 'bc'));
  t.regex(stableUuid('x'), /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
