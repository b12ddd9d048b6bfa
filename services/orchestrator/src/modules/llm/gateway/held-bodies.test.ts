import test from 'ava';
import { HeldBodies } from './held-bodies.ts';

const MIB = 1024 * 1024;

test('large bodies are held up to a bound, one giant is always let in, and room is given back once', (t) => {
  const bodies = new HeldBodies();
  const giants = ['a', 'b', 'c', 'd'].map((tenantId) => bodies.of(tenantId));
  for (const giant of giants) t.true(giant.grow(16 * MIB));
  t.false(bodies.of('e').grow(MIB));
  t.true(bodies.of('e').grow(1000), 'a small one is no matter');
  giants[0]?.letGo();
  giants[0]?.letGo();
  const one = bodies.of('e');
  t.true(one.grow(16 * MIB));
  t.false(bodies.of('f').grow(MIB), 'giving back twice made no second room');
  for (const held of [...giants, one]) held.letGo();
  t.true(bodies.of('a').grow(500 * MIB), 'whatever is allowed can be served alone');
});

test('a tenant that sends giants leaves room for the others', (t) => {
  const bodies = new HeldBodies();
  t.true(bodies.of('a').grow(16 * MIB));
  t.true(bodies.of('a').grow(16 * MIB));
  t.false(bodies.of('a').grow(16 * MIB));
  t.true(bodies.of('b').grow(16 * MIB));
});

test('a body whose length was not said takes its room as it comes', (t) => {
  const bodies = new HeldBodies();
  t.true(bodies.of('a').grow(60 * MIB));
  const chunked = bodies.of('b');
  let taken = 0;
  while (chunked.grow(MIB / 4)) taken += 1;
  t.is(taken, 16);
  chunked.letGo();
  t.true(bodies.of('c').grow(4 * MIB));
});
