import test from 'ava';
import fc from 'fast-check';
import { Live } from './live.ts';

test('holds what a Set of the same changes holds', (t) => {
  const items = Array.from({ length: 12 }, (_, id) => ({ id, place: -1 }));
  const changes = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: items.length - 1 })), { maxLength: 200 });
  fc.assert(
    fc.property(changes, (changes) => {
      const live = new Live<(typeof items)[number]>();
      const set = new Set<(typeof items)[number]>();
      for (const item of items) item.place = -1;
      for (const [isAdded, index] of changes) {
        const item = items[index] as (typeof items)[number];
        if (!isAdded) live.delete(item);
        else if (!set.has(item)) live.add(item);
        if (isAdded) set.add(item);
        else set.delete(item);
        if (live.size !== set.size) return false;
      }
      return [...live].every((item) => set.has(item)) && new Set(live).size === set.size;
    }),
  );
  t.pass();
});

test('lets those end who are being looked at', (t) => {
  const live = new Live<{ place: number }>();
  const items = [{ place: -1 }, { place: -1 }, { place: -1 }];
  for (const item of items) live.add(item);
  let seen = 0;
  for (const item of live) {
    live.delete(item);
    seen += 1;
  }
  t.is(seen, 3);
  t.is(live.size, 0);
});
