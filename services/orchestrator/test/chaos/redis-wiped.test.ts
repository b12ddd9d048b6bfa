import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { startFullStack, startPrivateRedis } from '#test/support/full-stack.ts';
import { assertNothingLeft, assertOneOfEach, buySite } from '#test/support/main-job.ts';
import { createOwner } from '#test/support/people.ts';
import { atEnd } from '#test/support/stack.ts';

test('Redis is stopped, wiped and started again and again, and nothing is lost', async (t) => {
  t.timeout(180_000);
  const redis = await startPrivateRedis(atEnd(t));
  const stack = await startFullStack(atEnd(t), { redisUrl: redis.url, benchStepMs: 100 });
  await stack.startApi();
  await stack.startWorker();
  const owners = [];
  for (let i = 0; i < 4; i += 1) owners.push(await createOwner(stack.app));
  let isDone = false;
  let wipes = 0;
  const wiping = (async () => {
    while (!isDone && wipes < 8) {
      await sleep(500 + Math.random() * 2500);
      await redis.wipe(Math.random() * 1500);
      wipes += 1;
    }
  })();
  await Promise.all(owners.map((owner, index) => sleep(index * 1500).then(() => buySite(stack, owner, 120_000))));
  for (const owner of owners) await assertOneOfEach(t, stack, owner);
  isDone = true;
  await wiping;
  await assertNothingLeft(t, stack);
  t.true(wipes >= 2);
  t.log(`${wipes} wipes while ${owners.length} tenants bought their sites`);
});
