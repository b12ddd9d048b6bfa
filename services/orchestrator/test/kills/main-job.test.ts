import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { startFullStack } from '#test/support/full-stack.ts';
import { assertNothingLeft, assertOneOfEach, buySite } from '#test/support/main-job.ts';
import { createOwner } from '#test/support/people.ts';
import { atEnd } from '#test/support/stack.ts';

const KILLS = 50;
const TENANTS = 10;

test('a worker killed fifty times at random leaves every tenant with one site, one paid invoice, one mail', async (t) => {
  t.timeout(8 * 60_000);
  const stack = await startFullStack(atEnd(t), { benchStepMs: 60 });
  await stack.startApi();
  const owners = [];
  for (let i = 0; i < TENANTS; i += 1) owners.push(await createOwner(stack.app));

  let kills = 0;
  let isDone = false;
  const pauses: number[] = [];
  const killing = (async () => {
    for (;;) {
      const worker = await stack.startWorker();
      if (isDone) return;
      const pauseMs = 50 + Math.random() * 1200;
      pauses.push(Math.round(pauseMs));
      await sleep(pauseMs);
      if (kills >= KILLS) {
        isDone = true;
        return;
      }
      await worker.kill('SIGKILL');
      kills += 1;
    }
  })();

  const startedAt = Date.now();
  // New purchases come in all the time, so that each kill meets other steps.
  await Promise.all(
    owners.map(async (owner, index) => {
      await sleep(index * 4000);
      await buySite(stack, owner, 240_000);
    }),
  );
  await killing;
  for (const owner of owners) await assertOneOfEach(t, stack, owner);
  await assertNothingLeft(t, stack);
  const recovered = await stack.app.ctx.db('outbox').sum({ crashes: 'crashes' }).first<{ crashes: string }>();
  t.is(kills, KILLS);
  t.log(
    `${kills} kills, ${TENANTS} tenants, ${recovered.crashes} jobs recovered from dead workers, ${((Date.now() - startedAt) / 1000).toFixed(0)} s; ms between kills: ${pauses.join(' ')}`,
  );
});
