import test from 'ava';
import { HeldBodies } from './held-bodies.ts';

const MIB = 1024 * 1024;

test('bodies under way are held up to a bound, one giant is always let in, and room is given back once', (t) => {
  const bodies = new HeldBodies();
  const giants = ['ten_a', 'ten_a', 'ten_b', 'ten_b'].map((tenantId) => bodies.hold(16 * MIB, tenantId));
  t.true(giants.every((letGo) => letGo !== undefined));
  t.is(bodies.hold(MIB, 'ten_c'), undefined);
  giants[0]?.();
  giants[0]?.();
  const one = bodies.hold(16 * MIB, 'ten_c');
  t.truthy(one);
  t.is(bodies.hold(MIB, 'ten_d'), undefined, 'giving back twice made no second room');
  for (const letGo of [...giants, one]) letGo?.();
  t.truthy(new HeldBodies().hold(500 * MIB, 'ten_a'), 'whatever is allowed can be served alone');
});

test('a tenant that sends giants leaves room for others, and small ones always find some', (t) => {
  const bodies = new HeldBodies();
  const giants = Array.from({ length: 4 }, () => bodies.hold(16 * MIB, 'ten_a'));
  t.is(giants.filter((letGo) => letGo !== undefined).length, 2);
  t.truthy(bodies.hold(MIB, 'ten_b'));
  for (const tenantId of ['ten_b', 'ten_c']) bodies.hold(15 * MIB, tenantId);
  t.is(bodies.hold(2 * MIB, 'ten_d'), undefined);
  t.truthy(bodies.hold(2048, 'ten_d'));
  t.truthy(bodies.hold(2048, 'ten_a'));
});
