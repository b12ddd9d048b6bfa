import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { LoadShedder } from './load-shedder.ts';

const WORK_MS = 4;
/** What the event loop can do. */
const CAPACITY_PER_S = 1000 / WORK_MS;

function work(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

interface Run {
  served: number;
  refused: number;
  /** Of what was served, in the order of serving: from its arrival. */
  latencies: number[];
}

/** Requests that arrive whether or not the earlier ones are served, as they do from the internet. */
async function load(shedder: LoadShedder | undefined, perSecond: number, forMs: number): Promise<Run> {
  const run: Run = { served: 0, refused: 0, latencies: [] };
  const began = performance.now();
  let arrived = 0;
  while (performance.now() - began < forMs) {
    for (const due = ((performance.now() - began) / 1000) * perSecond; arrived < due; arrived += 1) {
      const arrivedMs = began + (arrived / perSecond) * 1000;
      // As a request lies in its socket until its turn comes.
      setImmediate(() => {
        if (shedder?.isOverloaded()) return (run.refused += 1);
        work(WORK_MS);
        run.served += 1;
        return run.latencies.push(performance.now() - arrivedMs);
      });
    }
    await sleep(1);
  }
  return run;
}

const slowest = (latencies: number[]) => latencies.toSorted((a, b) => a - b)[Math.floor(latencies.length * 0.95)] ?? 0;
const lastHalf = (latencies: number[]) => latencies.slice(latencies.length / 2);

test.serial(
  'under three times the load it can carry it serves what it can, in time; then it is well again',
  async (t) => {
    const without = await load(undefined, 3 * CAPACITY_PER_S, 2000);
    await sleep(100);
    const shedder = new LoadShedder({ live: () => 0, maxLive: 10_000, lateMs: 300 });
    const over = await load(shedder, 3 * CAPACITY_PER_S, 4000);
    t.log({ without: slowest(lastHalf(without.latencies)), with: slowest(lastHalf(over.latencies)) });
    t.true(over.refused > 0.4 * (over.refused + over.served), 'it had to refuse about two thirds');
    // Half of it may be lost to whatever else runs on this machine.
    t.true(over.served > 0.25 * 4 * CAPACITY_PER_S, `it served ${over.served}, of ${4 * CAPACITY_PER_S} that it could`);
    t.true(slowest(lastHalf(over.latencies)) < slowest(lastHalf(without.latencies)) / 2, 'and that in time');
    await sleep(2500);
    const after = await load(shedder, 0.3 * CAPACITY_PER_S, 1000);
    t.is(after.refused, 0);
    shedder.stop();
  },
);

test.serial('one long pause refuses nobody, and neither does a busy core', async (t) => {
  const shedder = new LoadShedder({ live: () => 0, maxLive: 10, lateMs: 300 });
  await sleep(300);
  work(900);
  for (let i = 0; i < 10; i += 1) {
    await sleep(50);
    t.false(shedder.isOverloaded());
  }
  // All of the core in small pieces.
  const until = performance.now() + 1500;
  while (performance.now() < until) {
    work(20);
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.false(shedder.isOverloaded());
  shedder.stop();
});

test('more requests than there may be are refused, whatever the load', (t) => {
  let live = 9;
  const shedder = new LoadShedder({ live: () => live, maxLive: 10, lateMs: 300 });
  t.false(shedder.isOverloaded());
  live = 10;
  t.true(shedder.isOverloaded());
  live = 3;
  t.false(shedder.isOverloaded());
  shedder.stop();
});
