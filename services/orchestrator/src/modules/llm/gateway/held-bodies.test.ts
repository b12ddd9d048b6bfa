import test from 'ava';
import { HeldBodies } from './held-bodies.ts';

const MIB = 1024 * 1024;

test('bodies under way are held up to a bound, one giant is always let in, and room is given back once', (t) => {
  const bodies = new HeldBodies();
  const giants = Array.from({ length: 4 }, () => bodies.hold(16 * MIB));
  t.true(giants.every((letGo) => letGo !== undefined));
  t.is(bodies.hold(1), undefined);
  giants[0]?.();
  giants[0]?.();
  const one = bodies.hold(16 * MIB);
  t.truthy(one);
  t.is(bodies.hold(1), undefined, 'giving back twice made no second room');
  for (const letGo of [...giants, one]) letGo?.();
  t.truthy(new HeldBodies().hold(500 * MIB), 'whatever is allowed can be served alone');
});
