import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import test from 'ava';
import fc from 'fast-check';
import { type SomeLimits, principalWith, requestOf, startLimitsWorld, usageOf } from '#test/support/limits-world.ts';
import type { ReservingOrder } from '#test/support/reserving-process.ts';
import { atEnd } from '#test/support/stack.ts';
import { repositoryPath } from '#test/support/processes.ts';

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
const answerOf = async (child: ChildProcess): Promise<unknown> => ((await once(child, 'message')) as unknown[])[0];

test('processes that ask for four times a budget at once get all of it and not more', async (t) => {
  const world = startLimitsWorld(atEnd(t));
  const children = [1, 2, 3].map(() => fork(repositoryPath('services/orchestrator/test/support/reserving-process.ts')));
  t.teardown(() => children.forEach((child) => child.kill()));
  await Promise.all(children.map(answerOf));
  const unit = 1_000_000;
  const budget = 50 * unit;
  const cases: [SomeLimits, number][] = [
    [{ tenant: { budget: { nanoUsd: budget, period: 'month' } } }, 1e15],
    [{ key: { budget: { nanoUsd: budget, period: 'day' } } }, 1e15],
    [{}, budget],
  ];
  for (const [at, [limits, dailyBudgetNanoUsd]] of cases.entries()) {
    const principal = principalWith(limits);
    const answers = await Promise.all(
      children.map((child, place) => {
        const order: ReservingOrder = {
          url: process.env['TEST_REDIS_URL'] ?? '',
          prefix: `${world.prefix}:llm:${at}`,
          gatewayId: `wrk_${at}_${place}`,
          dailyBudgetNanoUsd,
          principal,
          costs: Array.from({ length: 67 }, () => unit),
        };
        child.send(order);
        return answerOf(child);
      }),
    );
    t.is(sum((answers as number[][]).map(sum)), budget);
  }
});

test('whatever is estimated and used, what is spent is never more than the budget and what estimates fell short', async (t) => {
  const world = startLimitsWorld(atEnd(t));
  await world.setClock('2026-11-20T12:00:00Z');
  const limiters = [world.limiter(), world.limiter(), world.limiter()];
  const request = fc.record({
    estimate: fc.integer({ min: 1, max: 50 }),
    used: fc.nat({ max: 60 }),
    gateway: fc.nat(),
  });
  const property = fc.asyncProperty(
    fc.array(request, { minLength: 50, maxLength: 200 }),
    fc.constantFrom('tenant' as const, 'key' as const),
    async (requests, by) => {
      const nanoUsd = 1000;
      const principal = principalWith({ [by]: { budget: { nanoUsd, period: 'day' } } });
      const id = by === 'tenant' ? principal.tenantId : principal.keyId;
      let short = 0;
      const asking = requests.map(async ({ estimate, used, gateway }) => {
        const limiter = limiters[gateway % 3] ?? t.fail('no gateway');
        const decision = await limiter.reserve(requestOf(principal, { costNanoUsd: estimate }));
        if (decision.kind !== 'granted') return 0;
        const { reservation } = decision;
        short += Math.max(0, used - estimate);
        await limiter.settle(reservation, { usage: usageOf(reservation, used), costNanoUsd: used, tokens: 0 });
        return used;
      });
      const spent = sum(await Promise.all(asking));
      t.true(spent <= nanoUsd + short);
      t.is(Number(await world.redis.get(`${world.prefix}:llm:cost:${id}:2026-11-20`)), spent);
    },
  );
  await fc.assert(property, { numRuns: 25 });
});
