import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { granted, principalWith, requestOf, startLimitsWorld, usageOf } from '#test/support/limits-world.ts';
import { atEnd } from '#test/support/stack.ts';
import { NO_QUOTA, type Quota } from './limits.ts';

const deadMs = 200;
const EVERYTHING: Quota = {
  ...NO_QUOTA,
  ...{ requestsPerMinute: 100, tokensPerMinute: 100_000, messagesPerDay: 100, concurrency: 100 },
  budget: { nanoUsd: 1_000_000, period: 'day' },
};
const limits = { tenant: EVERYTHING, key: EVERYTHING, ownBudget: { nanoUsd: 1_000_000, period: 'month' } } as const;
const COSTS = { costNanoUsd: 1000, tokens: 50 };

/** What a request leaves behind that used so much: no place among those under way, and no tokens once it is over. */
const counts = (counted: Record<string, number>, kind: string) => [
  ...new Set(Object.entries(counted).flatMap(([name, count]) => (name.startsWith(`${kind}:`) ? [count] : []))),
];

test('what a dead gateway held is given back once, however many sweep', async (t) => {
  const world = startLimitsWorld(atEnd(t));
  const [dead, ...living] = Array.from({ length: 5 }, () => world.limiter({ deadMs }));
  const principal = principalWith(limits);
  if (!dead) return t.fail();
  for (const limiter of [dead, ...living]) await limiter.beat();
  for (let request = 0; request < 20; request += 1) await granted(dead, principal, COSTS);
  t.deepEqual(counts(await world.counted(), 'live'), [20]);
  for (const limiter of living) t.is(await limiter.sweep(), 0, 'its heart may beat yet');
  await sleep(deadMs + 20);
  for (const limiter of living) await limiter.beat();
  const swept = await Promise.all(living.map((limiter) => limiter.sweep()));
  t.is(
    swept.reduce((sum, count) => sum + count, 0),
    20,
  );
  t.deepEqual(await world.counted(), {});
  const known = await world.redis.hkeys(`${world.prefix}:llm:gateways`);
  t.deepEqual(known.sort(), ['wrk_2', 'wrk_3', 'wrk_4', 'wrk_5'], 'it is forgotten');
});

test('a gateway that beats keeps what it holds, as does one that has only just begun', async (t) => {
  const world = startLimitsWorld(atEnd(t));
  const [slow, sweeper] = [world.limiter({ deadMs }), world.limiter({ deadMs })];
  await granted(slow, principalWith(limits), COSTS);
  for (let round = 0; round < 6; round += 1) {
    t.is(await sweeper.sweep(), 0);
    await sleep(deadMs / 2);
    await slow.beat();
  }
  t.deepEqual(counts(await world.counted(), 'live'), [1]);
});

test('a gateway that dies right after its first reservation, without a beat, is found', async (t) => {
  const world = startLimitsWorld(atEnd(t));
  const [dead, sweeper] = [world.limiter({ deadMs }), world.limiter({ deadMs })];
  await granted(dead, principalWith(limits), COSTS);
  await sweeper.sweep();
  await sleep(deadMs + 20);
  t.is(await sweeper.sweep(), 1);
  t.deepEqual(await world.counted(), {});
});

test('what a gateway settles after it was taken for dead counts once', async (t) => {
  const world = startLimitsWorld(atEnd(t));
  const [paused, sweeper] = [world.limiter({ deadMs }), world.limiter({ deadMs })];
  const principal = principalWith(limits);
  const [served, failed] = [await granted(paused, principal, COSTS), await granted(paused, principal, COSTS)];
  await sweeper.sweep();
  await sleep(deadMs + 20);
  t.is(await sweeper.sweep(), 2);
  const settlement = { usage: usageOf(served, 700), costNanoUsd: 700, tokens: 30 };
  for (let time = 0; time < 2; time += 1) {
    await paused.settle(served, settlement);
    await paused.release(failed);
    const counted = await world.counted();
    t.deepEqual([counts(counted, 'cost'), counts(counted, 'messages'), counts(counted, 'live')], [[700], [1], []]);
  }
  t.deepEqual(await world.usage(), [settlement.usage, settlement.usage], 'the database takes one of them');
});

test('late usage counts in what is being counted, once, whoever brings it', async (t) => {
  const world = startLimitsWorld(atEnd(t));
  const [dead, one, two] = [world.limiter({ deadMs }), world.limiter({ deadMs }), world.limiter({ deadMs })];
  const principal = principalWith(limits);
  const lost = await granted(dead, principal, COSTS);
  const other = await granted(one, principal, COSTS);
  const usage = usageOf(lost, 700);
  // The journal may be read before or after the reservation is given back.
  await one.addUsage([usage]);
  await one.sweep();
  await sleep(deadMs + 20);
  await one.beat();
  t.is(await one.sweep(), 1);
  await Promise.all([one.addUsage([usage, usage]), two.addUsage([usage])]);
  await dead.settle(lost, { usage, costNanoUsd: 700, tokens: 30 });
  await one.settle(other, { usage: usageOf(other, 50), costNanoUsd: 50, tokens: 10 });
  const counted = await world.counted();
  t.deepEqual([counts(counted, 'cost'), counts(counted, 'messages'), counts(counted, 'live')], [[750], [2], []]);
});

test('what a gateway settles that was only taken for dead is counted instead of its estimate, in either order', async (t) => {
  for (const isEstimateFirst of [true, false]) {
    const world = startLimitsWorld(atEnd(t));
    const [asleep, one] = [world.limiter(), world.limiter()];
    const principal = principalWith(limits);
    const held = await granted(asleep, principal, COSTS);
    t.is(await one.giveBackAllOf('wrk_1'), 1);
    const [estimate, truth] = [usageOf(held, 400, 'interrupted'), usageOf(held, 150)];
    const settle = () => asleep.settle(held, { usage: truth, costNanoUsd: 150, tokens: 30 });
    if (!isEstimateFirst) await settle();
    await Promise.all([one.addUsage([estimate]), one.addUsage([estimate])]);
    if (isEstimateFirst) {
      t.deepEqual(counts(await world.counted(), 'cost'), [400]);
      await settle();
    }
    await one.addUsage([estimate, truth]);
    const counted = await world.counted();
    t.deepEqual([counts(counted, 'cost'), counts(counted, 'messages'), counts(counted, 'live')], [[150], [1], []]);
    t.true((await world.usage()).includes(truth));
  }
});

test('usage of yesterday is late for yesterday', async (t) => {
  const world = startLimitsWorld(atEnd(t));
  await world.setClock('2026-11-20T23:59:00Z');
  const limiter = world.limiter();
  const principal = principalWith({ tenant: { messagesPerDay: 10 } });
  const first = await granted(limiter, principal, COSTS);
  await limiter.settle(first, { usage: usageOf(first), costNanoUsd: 1000, tokens: 0 });
  await world.setClock('2026-11-21T00:01:00Z');
  await granted(limiter, principal, COSTS);
  await limiter.addUsage([usageOf({ ...first, requestId: 'req_lost' }, 7)]);
  const counted = await world.counted();
  t.is(counted['cost:all:2026-11-20'], 1007);
  t.is(counted['cost:all:2026-11-21'], 1000);
  t.is(counted[`messages:${principal.tenantId}:2026-11-20`], 2);
  t.is(counted[`messages:${principal.tenantId}:2026-11-21`], 1);
});

test('a reservation whose answer was lost on the way is given back with the next beat', async (t) => {
  const world = startLimitsWorld(atEnd(t));
  const limiter = world.limiter();
  const principal = principalWith(limits);
  const kept = await granted(limiter, principal, COSTS);
  const hearAgain = world.loseAnswersOf(limiter);
  await t.throwsAsync(limiter.reserve(requestOf(principal, COSTS)));
  t.deepEqual(counts(await world.counted(), 'live'), [2]);
  hearAgain();
  await limiter.beat();
  t.deepEqual(counts(await world.counted(), 'live'), [1]);
  await limiter.release(kept);
  t.deepEqual(await world.counted(), {});
});

test('a settlement that Redis did not confirm is made with the next beat, and counts once', async (t) => {
  const world = startLimitsWorld(atEnd(t));
  const limiter = world.limiter();
  const principal = principalWith(limits);
  const reservations = [];
  for (let request = 0; request < 4; request += 1) reservations.push(await granted(limiter, principal, COSTS));
  const [sent, unsent, released, journalled] = reservations;
  if (!sent || !unsent || !released || !journalled) return t.fail();
  const used = { costNanoUsd: 100, tokens: 10 };
  const hearAgain = world.loseAnswersOf(limiter);
  await t.throwsAsync(limiter.settle(sent, { ...used, usage: usageOf(sent, 100) }));
  const connect = world.cut(limiter);
  await t.throwsAsync(limiter.settle(unsent, { ...used, usage: usageOf(unsent, 100) }));
  await t.throwsAsync(limiter.release(released));
  await t.throwsAsync(limiter.settle(journalled, { ...used, usage: usageOf(journalled, 100) }));
  hearAgain();
  await connect();
  // The journal's keeper may be quicker than the beat.
  await limiter.addUsage([usageOf(journalled, 100)]);
  await limiter.beat();
  await limiter.beat();
  const counted = await world.counted();
  t.deepEqual([counts(counted, 'cost'), counts(counted, 'messages'), counts(counted, 'live')], [[300], [3], []]);
  t.is((await world.usage()).length, 3);
});

test('a settlement that Redis refuses stays owed and holds up neither the heart nor the others', async (t) => {
  const world = startLimitsWorld(atEnd(t));
  const limiter = world.limiter();
  const principal = principalWith(limits);
  const [refused, other] = [await granted(limiter, principal, COSTS), await granted(limiter, principal, COSTS)];
  const tooMuch = { usage: usageOf(refused), costNanoUsd: 1e21, tokens: 1 };
  await t.throwsAsync(() => limiter.settle(refused, tooMuch), { name: 'ReplyError' });
  const connect = world.cut(limiter);
  await t.throwsAsync(() => limiter.release(other));
  await connect();
  const beats = async () => Number(await world.redis.hget(`${world.prefix}:llm:gateways`, 'wrk_1'));
  const before = await beats();
  await limiter.beat();
  await limiter.beat();
  t.is(await beats(), before + 2);
  t.false((await world.redis.hkeys(`${world.prefix}:llm:reserved:wrk_1`)).includes(other.requestId));
});

test('nobody is taken for dead because Redis was away', async (t) => {
  const world = startLimitsWorld(atEnd(t));
  const [alive, sweeper] = [world.limiter({ deadMs }), world.limiter({ deadMs })];
  await granted(alive, principalWith(limits), COSTS);
  await sweeper.sweep();
  const connect = world.cut(sweeper);
  await t.throwsAsync(() => sweeper.sweep());
  await sleep(deadMs + 20);
  await connect();
  t.is(await sweeper.sweep(), 0, 'it could not beat either');
  await sleep(deadMs + 20);
  t.is(await sweeper.sweep(), 1);
});
