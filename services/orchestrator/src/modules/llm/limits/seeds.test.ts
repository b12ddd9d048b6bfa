import test from 'ava';
import { startPrivateRedis } from '#test/support/full-stack.ts';
import { granted, principalWith, requestOf, startLimitsWorld, usageOf } from '#test/support/limits-world.ts';
import { atEnd } from '#test/support/stack.ts';
import type { Period } from './periods.ts';
import type { SeedOwner, Seeds } from './seeds.ts';
import { raiseVersion } from './version.ts';

/** A database that has counted so much, and remembers what it was asked. */
function storing(counted: { messages: number; costNanoUsd: number }) {
  const asked: string[] = [];
  const answer = (what: 'messages' | 'costNanoUsd') => (owner: SeedOwner | null, period: Period) => {
    const of = owner ? (owner.keyId ?? owner.tenantId) : 'all';
    asked.push(`${what} of ${of} from ${period.from} to ${period.to}`);
    return Promise.resolve(counted[what]);
  };
  const seeds: Seeds = { messages: answer('messages'), costNanoUsd: answer('costNanoUsd') };
  return { asked, seeds };
}

test('a Redis that knows nothing is told what was counted, once for all who wait', async (t) => {
  const world = startLimitsWorld(atEnd(t));
  await world.setClock('2026-11-20T12:00:00Z');
  const database = storing({ messages: 5, costNanoUsd: 70 });
  const limiter = world.limiter({ seeds: database.seeds });
  const principal = principalWith({
    tenant: { messagesPerDay: 8, budget: { nanoUsd: 1000, period: 'month' }, concurrency: 50 },
    key: { messagesPerDay: 100, budget: { nanoUsd: 1000, period: 'day' }, tokensPerMinute: 10, requestsPerMinute: 50 },
  });
  const { tenantId, keyId } = principal;
  const decisions = await Promise.all(
    Array.from({ length: 40 }, () => limiter.reserve(requestOf(principal, { costNanoUsd: 10 }))),
  );
  t.is(decisions.filter(({ kind }) => kind === 'granted').length, 3, 'five were there before');
  t.deepEqual(database.asked.sort(), [
    'costNanoUsd of all from 2026-11-20 to 2026-11-20',
    `costNanoUsd of ${keyId} from 2026-11-20 to 2026-11-20`,
    `costNanoUsd of ${tenantId} from 2026-11-01 to 2026-11-30`,
    `messages of ${keyId} from 2026-11-20 to 2026-11-20`,
    `messages of ${tenantId} from 2026-11-20 to 2026-11-20`,
  ]);
  const counted = await world.counted();
  t.is(counted['cost:all:2026-11-20'], 100);
  t.is(counted[`cost:${tenantId}:2026-11`], 100);
  t.is(counted[`messages:${keyId}:2026-11-20`], 8);
  const refused = await limiter.reserve(requestOf(principal));
  t.is(refused.kind, 'refused');
  t.is(database.asked.length, 5, 'who is refused does not ask again');
});

test('a day that began under the eyes of Redis is not asked for', async (t) => {
  const world = startLimitsWorld(atEnd(t));
  const database = storing({ messages: 5, costNanoUsd: 70 });
  const limiter = world.limiter({ seeds: database.seeds });
  const principal = principalWith({ tenant: { messagesPerDay: 6 }, ownBudget: { nanoUsd: 1000, period: 'month' } });
  await world.setClock('2026-11-20T12:00:00Z');
  await granted(limiter, principal);
  const before = database.asked.length;
  await world.setClock('2026-11-21T00:00:00Z');
  for (let message = 0; message < 6; message += 1) await granted(limiter, principal);
  t.is(database.asked.length, before);
  await world.setClock('2026-12-01T00:00:00Z');
  await granted(limiter, principal);
  await granted(limiter, principalWith({ key: { budget: { nanoUsd: 5, period: 'month' } } }));
  t.is(database.asked.length, before);
});

test('a limit that is younger than its period is asked for: nobody has counted for it', async (t) => {
  const world = startLimitsWorld(atEnd(t));
  const database = storing({ messages: 0, costNanoUsd: 90 });
  const limiter = world.limiter({ seeds: database.seeds });
  await world.redis.set(`${world.prefix}:llm:epoch:UTC`, 1);
  const principal = principalWith();
  await granted(limiter, principal, { costNanoUsd: 50 });
  t.deepEqual(database.asked, []);
  const limited = { ...principalWith({ ownBudget: { nanoUsd: 100, period: 'month' } }, principal), version: 1 };
  const config = { REDIS_PREFIX: world.prefix } as Parameters<typeof raiseVersion>[0]['config'];
  await raiseVersion({ redis: world.redis, config }, principal.tenantId, 1);
  t.like(await limiter.reserve(requestOf(limited, { costNanoUsd: 20 })), { kind: 'refused', limit: 'budget' });
  t.is(database.asked.length, 1);
  await granted(limiter, limited, { costNanoUsd: 10 });
  const untold = { ...principalWith({ ownBudget: { nanoUsd: 100, period: 'day' } }, principal), version: 2 };
  t.like(await limiter.reserve(requestOf(untold, { costNanoUsd: 20 })), { kind: 'refused', limit: 'budget' });
  t.is(database.asked.length, 2, 'nobody told Redis of this change, but the gateway knows of it');
});

test('days of a zone that is taken up again are asked for: nobody has counted them in between', async (t) => {
  const world = startLimitsWorld(atEnd(t));
  await world.setClock('2026-11-20T12:00:00Z');
  const principal = principalWith({ tenant: { messagesPerDay: 100 } });
  const begin = async (zone: string, at: string) => {
    await world.setClock(at);
    const database = storing({ messages: 0, costNanoUsd: 0 });
    const limiter = world.limiter({ zone, seeds: database.seeds });
    await limiter.beat();
    await granted(limiter, principal);
    await limiter.beat();
    await granted(limiter, principal);
    return database.asked.length;
  };
  t.is(await begin('UTC', '2026-11-20T12:00:00Z'), 2);
  t.is(await begin('UTC', '2026-11-21T12:00:00Z'), 0);
  t.is(await begin('Africa/Algiers', '2026-11-22T12:00:00Z'), 2, 'other days');
  t.is(await begin('UTC', '2026-11-23T12:00:00Z'), 2);
  t.is(await begin('UTC', '2026-11-24T12:00:00Z'), 0);
});

test('when Redis forgets everything, nobody gets a new day, and nothing is taken from what is counted anew', async (t) => {
  const redis = await startPrivateRedis(atEnd(t));
  const world = startLimitsWorld(atEnd(t), redis.url);
  const counted = { messages: 0, costNanoUsd: 0 };
  const database = storing(counted);
  const limiter = world.limiter({ seeds: database.seeds });
  const full = { messagesPerDay: 3, concurrency: 9, tokensPerMinute: 1000, requestsPerMinute: 9 };
  const principal = principalWith({ tenant: full, ownBudget: { nanoUsd: 1000, period: 'month' } });
  const cost = { costNanoUsd: 100, tokens: 10 };
  const [early, late, failed] = [
    await granted(limiter, principal, cost),
    await granted(limiter, principal, cost),
    await granted(limiter, principal, cost),
  ];
  await limiter.settle(early, { usage: usageOf(early, 60), costNanoUsd: 60, tokens: 10 });
  Object.assign(counted, { messages: 1, costNanoUsd: 60 });
  await redis.wipe(100);
  await t.notThrowsAsync(async () => {
    for (;;)
      try {
        return await limiter.beat();
      } catch {
        // Until it is connected again.
      }
  });
  const after = await granted(limiter, principal, cost);
  await limiter.settle(late, { usage: usageOf(late, 50), costNanoUsd: 50, tokens: 10 });
  await limiter.settle(late, { usage: usageOf(late, 50), costNanoUsd: 50, tokens: 10 });
  await limiter.release(failed);
  await limiter.settle(after, { usage: usageOf(after, 40), costNanoUsd: 40, tokens: 10 });
  const now = await world.counted();
  const { tenantId, day, month } = after.scope;
  t.deepEqual(
    [now[`messages:${tenantId}:${day}`], now[`cost:all:${day}`], now[`cost:${tenantId}:${month}`]],
    [3, 150, 150],
  );
  t.is(now[`live:${tenantId}`], undefined);
  t.like(await limiter.reserve(requestOf(principal)), { kind: 'refused', limit: 'messages' });
});
