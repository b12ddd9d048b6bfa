import test from 'ava';
import { Counter, Histogram, Registry } from 'prom-client';
import { type Labelled, Spread, SpreadHistogram, Tally, tallied } from './tallies.ts';

const BUCKETS = [0.1, 1, 10];
const lines = async (registry: Registry) => (await registry.metrics()).split('\n').sort();

/** The same said to prom-client itself and to tallies. */
function both() {
  const [theirs, ours] = [new Registry(), new Registry()];
  for (const registry of [theirs, ours]) registry.setDefaultLabels({ process: 'gateway' });
  return { theirs, ours };
}

test('a tallied counter reads as one of prom-client, however often it is read', async (t) => {
  const { theirs, ours } = both();
  const config = { name: 'n_total', help: 'Help.', labelNames: ['a', 'b'] as const };
  const counter = new Counter({ ...config, registers: [theirs] });
  const children: Labelled<'a' | 'b', Tally>[] = [];
  tallied({ ...config, registers: [ours] }, () => children);
  t.deepEqual(await lines(ours), await lines(theirs));
  for (const labels of [
    { a: 'x', b: '1' },
    { a: 'x "quoted"', b: '2' },
  ]) {
    counter.inc(labels, 3);
    const tally = new Tally();
    tally.value += 3;
    children.push([labels, tally]);
    t.deepEqual(await lines(ours), await lines(theirs));
    t.deepEqual(await lines(ours), await lines(theirs));
  }
});

test('a histogram of spreads reads as one of prom-client', async (t) => {
  const { theirs, ours } = both();
  const config = { name: 'h_seconds', help: 'Help.', labelNames: ['a'] as const, buckets: BUCKETS };
  const histogram = new Histogram({ ...config, registers: [theirs] });
  const spreads = { x: new Spread(BUCKETS), y: new Spread(BUCKETS) };
  new SpreadHistogram({ ...config, registers: [ours] }, () =>
    Object.entries(spreads).flatMap(([a, spread]) => (spread.count > 0 ? [[{ a }, spread] as const] : [])),
  );
  t.deepEqual(await lines(ours), await lines(theirs));
  for (const [a, value] of [
    ...(['x', 'x', 'x', 'x', 'x'] as const).map((a, at) => [a, [0, 0.1, 0.5, 10, 11][at] ?? 0] as const),
    ['y', 1] as const,
  ]) {
    histogram.observe({ a }, value);
    spreads[a].observe(value);
  }
  t.deepEqual(await lines(ours), await lines(theirs));
});
