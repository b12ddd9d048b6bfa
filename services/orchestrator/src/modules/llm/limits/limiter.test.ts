import test from 'ava';
import {
  type SomeLimits,
  granted,
  principalWith,
  requestOf,
  startLimitsWorld,
  usageOf,
} from '#test/support/limits-world.ts';
import { atEnd } from '#test/support/stack.ts';

const HOUR_MS = 3600_000;

test('of 200 at once against a quota of three, exactly three pass, over several gateways', async (t) => {
  const world = startLimitsWorld(atEnd(t));
  const limiters = [world.limiter(), world.limiter(), world.limiter()] as const;
  for (const limits of [{ messagesPerDay: 3 }, { requestsPerMinute: 3 }, { concurrency: 3 }, { tokensPerMinute: 30 }])
    for (const by of ['tenant', 'key'] as const) {
      const principal = principalWith({ [by]: limits });
      const decisions = await Promise.all(
        Array.from({ length: 200 }, (_, at) =>
          at % 3 === 0 ? limiters[0] : at % 3 === 1 ? limiters[1] : limiters[2],
        ).map((limiter) => limiter.reserve(requestOf(principal, { tokens: 10, counter: principal.keyId }))),
      );
      const tickets = decisions.flatMap((decision) => (decision.kind === 'granted' ? [decision.ticket] : []));
      t.deepEqual(tickets.sort(), [1, 2, 3], 'and a refusal takes no ticket');
      t.is(decisions.filter((decision) => decision.kind === 'refused' && decision.by === by).length, 197);
    }
});

test('a refusal takes nothing, and says by what and for how long', async (t) => {
  const world = startLimitsWorld(atEnd(t));
  await world.setClock('2026-11-20T12:00:30Z');
  const limiter = world.limiter();
  const toMidnight = 12 * HOUR_MS - 30_000;
  const cases: [SomeLimits, 'tenant' | 'key', string, number][] = [
    [{ key: { messagesPerDay: 0 } }, 'key', 'messages', toMidnight],
    [{ tenant: { messagesPerDay: 0, concurrency: 0 } }, 'tenant', 'messages', toMidnight],
    [{ tenant: { budget: { nanoUsd: 9, period: 'day' } } }, 'tenant', 'budget', toMidnight],
    [{ ownBudget: { nanoUsd: 9, period: 'month' } }, 'tenant', 'budget', toMidnight + 10 * 24 * HOUR_MS],
    [{ key: { budget: { nanoUsd: 9, period: 'month' } } }, 'key', 'budget', toMidnight + 10 * 24 * HOUR_MS],
    [{ key: { requestsPerMinute: 0 } }, 'key', 'requests', 60_000],
    [{ tenant: { tokensPerMinute: 9 } }, 'tenant', 'tokens', 60_000],
    [{ key: { concurrency: 0 } }, 'key', 'concurrency', 1000],
  ];
  const roomy = { requestsPerMinute: 10, tokensPerMinute: 100, messagesPerDay: 10, concurrency: 10 };
  for (const [{ tenant, key, ownBudget = null }, by, limit, retryAfterMs] of cases) {
    const limits = { tenant: { ...roomy, ...tenant }, key: { ...roomy, ...key }, ownBudget };
    const request = requestOf(principalWith(limits), { costNanoUsd: 10, tokens: 10, counter: 'route' });
    t.like(await limiter.reserve(request), { kind: 'refused', by, limit, retryAfterMs });
  }
  t.deepEqual(await world.counted(), {});
  t.is(await world.redis.exists(`${world.prefix}:llm:ticket:route`), 0);
});

test('what is reserved is corrected by what was used, and all of it given back when it came to nothing', async (t) => {
  const world = startLimitsWorld(atEnd(t));
  await world.setClock('2026-11-20T12:00:30Z');
  const limiter = world.limiter();
  const budgets = { budget: { nanoUsd: 1e15, period: 'day' } } as const;
  const all = { requestsPerMinute: 9, tokensPerMinute: 1000, messagesPerDay: 9, concurrency: 9 };
  const principal = principalWith({
    tenant: { ...all, ...budgets },
    key: { ...all, ...budgets },
    ownBudget: { nanoUsd: 1e15, period: 'month' },
  });
  const { tenantId, keyId } = principal;
  const minute = Date.parse('2026-11-20T12:00Z') / 60_000;
  const of = (id: string, live: number, requests: number, cost: number, tokens: number) => ({
    [`cost:${id}:2026-11-20`]: cost,
    [`messages:${id}:2026-11-20`]: requests,
    [`minute:${id}:${minute}`]: requests,
    [`tokens:${id}:${minute}`]: tokens,
    ...(live > 0 && { [`live:${id}`]: live }),
  });
  const expected = (live: number, { requests, cost, tokens }: Record<'requests' | 'cost' | 'tokens', number>) => ({
    'cost:all:2026-11-20': cost,
    ...of(tenantId, live, requests, cost, tokens),
    ...of(keyId, live, requests, cost, tokens),
    [`cost:${tenantId}:2026-11`]: cost,
    ...(live > 0 && { 'reserved:wrk_1': live }),
  });
  // Lua would write such a number in another form.
  const dear = 123_456_789_012_345;
  const first = await granted(limiter, principal, { costNanoUsd: dear, tokens: 100 });
  const second = await granted(limiter, principal, { costNanoUsd: 1000, tokens: 10 });
  t.deepEqual(await world.counted(), expected(2, { requests: 2, cost: dear + 1000, tokens: 110 }));
  await limiter.settle(first, { usage: usageOf(first), costNanoUsd: 7, tokens: 130 });
  t.deepEqual(await world.counted(), expected(1, { requests: 2, cost: 1007, tokens: 140 }));
  await limiter.release(second);
  const afterwards = expected(0, { requests: 1, cost: 7, tokens: 130 });
  t.deepEqual(await world.counted(), afterwards);
  await limiter.release(first);
  await limiter.settle(first, { usage: usageOf(first), costNanoUsd: 9, tokens: 9 });
  await limiter.settle(second, { usage: usageOf(second), costNanoUsd: 9, tokens: 9 });
  await limiter.release(second);
  t.deepEqual(await world.counted(), afterwards, 'a second time changes nothing');
  t.deepEqual(await world.usage(), [usageOf(first)]);
  t.is(await limiter.sweep(), 0);
});

test('allowances are the tightest, after this request', async (t) => {
  const world = startLimitsWorld(atEnd(t));
  await world.setClock('2026-11-20T23:00:00Z');
  const limiter = world.limiter();
  const none = await limiter.reserve(requestOf(principalWith()));
  t.like(none, { allowances: { requests: null, tokens: null } });
  const principal = principalWith({
    tenant: { requestsPerMinute: 3, tokensPerMinute: 500 },
    key: { messagesPerDay: 4, requestsPerMinute: 9, tokensPerMinute: 1000 },
  });
  const first = await limiter.reserve(requestOf(principal, { tokens: 100 }));
  t.like(first, {
    allowances: {
      requests: { limit: 3, remaining: 2, resetMs: 60_000 },
      tokens: { limit: 500, remaining: 400, resetMs: 60_000 },
    },
  });
  for (let more = 0; more < 2; more += 1) await granted(limiter, principal);
  await world.setClock('2026-11-20T23:02:00Z');
  const later = await limiter.reserve(requestOf(principal, { tokens: 1 }));
  t.like(later, {
    allowances: { requests: { limit: 4, remaining: 0, resetMs: 58 * 60_000 }, tokens: { remaining: 499 } },
  });
  const refused = await limiter.reserve(requestOf(principal, { tokens: 100 }));
  t.like(refused, {
    kind: 'refused',
    limit: 'messages',
    allowances: { requests: { remaining: 0 }, tokens: { remaining: 499 } },
  });
});

test('within any minute there are no more requests than allowed, and as many as allowed', async (t) => {
  const world = startLimitsWorld(atEnd(t));
  const limiter = world.limiter();
  const principal = principalWith({ key: { requestsPerMinute: 5 } });
  const start = Date.parse('2026-11-20T12:00:00Z');
  const passed: number[] = [];
  for (let at = start; at < start + 400_000; at += 3777) {
    await world.setClock(at);
    const decision = await limiter.reserve(requestOf(principal));
    const recent = passed.filter((one) => one > at - 60_000);
    t.is(decision.kind, recent.length < 5 ? 'granted' : 'refused');
    if (decision.kind === 'granted') passed.push(at);
    else if (decision.kind === 'refused') t.is(decision.retryAfterMs, (recent[0] ?? 0) + 60_000 - at);
  }
  t.true(passed.length > 30);
});

test('tokens of a minute leave as they came, and waiting as long as told is enough', async (t) => {
  const world = startLimitsWorld(atEnd(t));
  const limiter = world.limiter();
  const principal = principalWith({ tenant: { tokensPerMinute: 1000 } });
  const ask = (tokens: number) => limiter.reserve(requestOf(principal, { tokens }));
  let at = Date.parse('2026-11-20T12:00:50Z');
  await world.setClock(at);
  t.is((await ask(900)).kind, 'granted');
  for (const tokens of [200, 700, 1000]) {
    const refused = await ask(tokens);
    t.is(refused.kind, 'refused');
    const waitMs = refused.kind === 'refused' ? refused.retryAfterMs : 0;
    t.true(waitMs > 0 && waitMs <= 120_000);
    await world.setClock(at + waitMs - 100);
    t.is((await ask(tokens)).kind, 'refused', `${tokens} after less`);
    at += waitMs;
    await world.setClock(at);
    const decision = await ask(tokens);
    t.is(decision.kind, 'granted', `${tokens} after ${waitMs} ms`);
    if (decision.kind === 'granted') await limiter.release(decision.reservation);
  }
  t.like(await ask(1001), { kind: 'refused', limit: 'tokens', retryAfterMs: 60_000 });
});

test('when the day changes for Redis, a new day begins, also when the clocks change that night', async (t) => {
  const world = startLimitsWorld(atEnd(t));
  const zone = 'Europe/Paris';
  const principal = principalWith({ tenant: { messagesPerDay: 1, budget: { nanoUsd: 100, period: 'month' } } });
  // The night of 25 October 2026 has 25 hours, that of 31 October ends the month too.
  await world.setClock('2026-10-24T22:00:00Z');
  const limiters = [world.limiter({ zone }), world.limiter({ zone })];
  const ask = async (at: string, costNanoUsd: number) => {
    await world.setClock(at);
    const decisions = [];
    for (const limiter of limiters) decisions.push(await limiter.reserve(requestOf(principal, { costNanoUsd })));
    return decisions.map((decision) => (decision.kind === 'refused' ? decision.limit : decision.kind));
  };
  t.deepEqual(await ask('2026-10-24T22:00:00Z', 60), ['granted', 'messages']);
  t.deepEqual(await ask('2026-10-25T22:59:59.999Z', 60), ['messages', 'messages']);
  t.deepEqual(await ask('2026-10-25T23:00:00Z', 60), ['budget', 'budget']);
  t.deepEqual(await ask('2026-10-25T23:00:01Z', 30), ['granted', 'messages']);
  t.deepEqual(await ask('2026-10-31T22:59:59Z', 30), ['budget', 'budget']);
  t.deepEqual(await ask('2026-10-31T23:00:00Z', 60), ['granted', 'messages'], 'a new month');
  t.deepEqual(await ask('2026-10-31T22:59:59Z', 30), ['budget', 'budget'], 'the clock was put back: so is the month');
});

test('what is given back after midnight is given back to the day that it was taken from', async (t) => {
  const world = startLimitsWorld(atEnd(t));
  await world.setClock('2026-11-30T23:59:59Z');
  const limiter = world.limiter();
  const principal = principalWith({ tenant: { messagesPerDay: 5 }, ownBudget: { nanoUsd: 1000, period: 'month' } });
  const { tenantId } = principal;
  const [served, failed] = [await granted(limiter, principal, { costNanoUsd: 100 }), await granted(limiter, principal)];
  await world.setClock('2026-12-01T00:00:01Z');
  const next = await granted(limiter, principal, { costNanoUsd: 50 });
  await limiter.settle(served, { usage: usageOf(served), costNanoUsd: 70, tokens: 0 });
  await limiter.release(failed);
  await limiter.release(next);
  t.deepEqual(await world.counted(), {
    'cost:all:2026-11-30': 70,
    [`cost:${tenantId}:2026-11`]: 70,
    [`messages:${tenantId}:2026-11-30`]: 1,
  });
});

test('the day of everybody being spent, all are granted for nothing, and told so', async (t) => {
  const world = startLimitsWorld(atEnd(t));
  const limiter = world.limiter({ dailyBudgetNanoUsd: 100 });
  const principal = principalWith({ tenant: { budget: { nanoUsd: 10, period: 'day' } } });
  const rich = principalWith();
  const ask = async (who: typeof rich, costNanoUsd: number) => {
    const decision = await limiter.reserve(requestOf(who, { costNanoUsd }));
    return decision.kind === 'granted' ? [decision.isBudgetFallback, decision.reservation.costNanoUsd] : decision.kind;
  };
  t.deepEqual(await ask(rich, 101), [true, 0], 'what does not fit');
  t.deepEqual(await ask(rich, 90), [false, 90]);
  t.deepEqual(await ask(principal, 10), [false, 10]);
  t.deepEqual(await ask(principal, 5), [true, 0], 'a budget of its own does not refuse what costs nothing');
  t.deepEqual(await ask(rich, 0), [true, 0], 'who pays nothing is told as well');
  const none = world.limiter({ dailyBudgetNanoUsd: 0 });
  t.like(await none.reserve(requestOf(rich)), { kind: 'granted', isBudgetFallback: true });
});

test('what costs nothing fits into a budget that is spent', async (t) => {
  const world = startLimitsWorld(atEnd(t));
  const limiter = world.limiter();
  const principal = principalWith({ key: { budget: { nanoUsd: 10, period: 'day' } } });
  const reservation = await granted(limiter, principal, { costNanoUsd: 10 });
  await limiter.settle(reservation, { usage: usageOf(reservation), costNanoUsd: 25, tokens: 0 });
  t.like(await limiter.reserve(requestOf(principal, { costNanoUsd: 1 })), { kind: 'refused', limit: 'budget' });
  t.like(await limiter.reserve(requestOf(principal)), { kind: 'granted', isBudgetFallback: false });
});

test('who knows less than Redis is told, and who knows more tells it', async (t) => {
  const world = startLimitsWorld(atEnd(t));
  const limiter = world.limiter();
  const principal = principalWith({ tenant: { messagesPerDay: 1 } });
  t.is((await limiter.reserve(requestOf({ ...principal, version: 7 }))).kind, 'granted');
  t.deepEqual(await limiter.reserve(requestOf({ ...principal, version: 6 })), { kind: 'stale', what: 'principal' });
  await world.redis.set(`${world.prefix}:llm:config:version`, 10);
  const request = requestOf({ ...principal, version: 7 });
  t.deepEqual(await limiter.reserve({ ...request, configVersion: 9 }), { kind: 'stale', what: 'config' });
  t.is((await limiter.reserve({ ...request, configVersion: 10 })).kind, 'refused');
  t.is((await limiter.reserve({ ...request, configVersion: 11 })).kind, 'refused');
});

test('two configurations in one turn of the event loop are judged each by itself', async (t) => {
  const world = startLimitsWorld(atEnd(t));
  const limiter = world.limiter();
  await world.redis.set(`${world.prefix}:llm:config:version`, 2);
  const principal = principalWith();
  const kinds = await Promise.all(
    [1, 2, 1, 3, 2].map(async (configVersion) => (await limiter.reserve(requestOf(principal, { configVersion }))).kind),
  );
  t.deepEqual(kinds, ['stale', 'granted', 'stale', 'granted', 'granted']);
});

test('a log that is of a time to come keeps nobody out', async (t) => {
  const world = startLimitsWorld(atEnd(t));
  const limiter = world.limiter();
  const principal = principalWith({ tenant: { requestsPerMinute: 1, tokensPerMinute: 10 } });
  await world.setClock('2026-11-20T13:00:00Z');
  await granted(limiter, principal, { tokens: 10 });
  t.is((await limiter.reserve(requestOf(principal, { tokens: 10 }))).kind, 'refused');
  await world.setClock('2026-11-20T12:00:00Z');
  t.is((await limiter.reserve(requestOf(principal, { tokens: 10 }))).kind, 'granted');
});

test('what Redis refuses of one request fails that one alone, and takes nothing of it', async (t) => {
  const world = startLimitsWorld(atEnd(t));
  const limiter = world.limiter();
  const budget = { nanoUsd: 1000, period: 'day' } as const;
  const limits = { messagesPerDay: 9, concurrency: 9, requestsPerMinute: 9, budget };
  const [ill, well] = [principalWith({ tenant: limits }), principalWith()] as const;
  const broken = `${world.prefix}:llm:live:${ill.tenantId}`;
  await world.redis.hset(broken, 'no', 'number');
  const ask = (who: typeof ill) => limiter.reserve(requestOf(who, { costNanoUsd: 5, counter: 'route' }));
  const asked = await Promise.allSettled([ask(well), ask(ill), ask(well)]);
  t.deepEqual(
    asked.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  t.deepEqual(
    Object.keys(await world.counted()).filter((name) => name.includes(ill.tenantId)),
    [`live:${ill.tenantId}`],
  );
  await world.redis.del(broken);
  t.like(await ask(ill), { kind: 'granted', ticket: 3 });
});

test('what Redis refuses of one settlement fails that one alone', async (t) => {
  const world = startLimitsWorld(atEnd(t));
  const limiter = world.limiter();
  const principal = principalWith({ tenant: { concurrency: 9 } });
  const [refused, other] = [await granted(limiter, principal), await granted(limiter, principal)];
  const settled = await Promise.allSettled([
    limiter.settle(refused, { usage: usageOf(refused), costNanoUsd: 1e21, tokens: 1 }),
    limiter.settle(other, { usage: usageOf(other), costNanoUsd: 1, tokens: 1 }),
  ]);
  t.deepEqual(
    settled.map(({ status }) => status),
    ['rejected', 'fulfilled'],
  );
  t.is((await world.usage()).length, 2, 'what was used is known of both');
  t.is((await world.counted())[`live:${principal.tenantId}`], undefined);
});
