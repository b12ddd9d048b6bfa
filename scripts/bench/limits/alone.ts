/**
 * The limiter without a gateway around it, and what Redis can do at all: calls of a script that does nothing. A process
 * of its own, on the core that gateways have; prints what it found.
 */
import {
  granted,
  principalWith,
  startLimitsWorld,
  usageOf,
} from '../../../services/orchestrator/test/support/limits-world.ts';
import { median } from '../load/load.ts';
import type { LimitsFound, OfCalls } from './found.ts';

const ROUNDS = 5;
const AT_ONCE = 64;
const WARM_UP_MS = 500;
const MEASURE_MS = 1500;
const ALONE_MS = 500;
const MUCH = {
  requestsPerMinute: 1e9,
  tokensPerMinute: 1e12,
  messagesPerDay: 1e9,
  concurrency: 1e6,
  budget: { nanoUsd: 1e15, period: 'day' },
} as const;

type Call = (caller: number) => Promise<unknown>;

const cleanUps: (() => Promise<void>)[] = [];
const world = startLimitsWorld((run) => cleanUps.push(run));
const limiter = world.limiter();
const principals = Array.from({ length: AT_ONCE }, () => principalWith({ tenant: MUCH, key: MUCH }));

const request: Call = async (caller) => {
  const principal = principals[caller] ?? principalWith();
  const reservation = await granted(limiter, principal, { costNanoUsd: 10, tokens: 10, counter: 'route' });
  await limiter.settle(reservation, { costNanoUsd: 5, tokens: 5, usage: usageOf(reservation, 5) });
};
world.redis.defineCommand('nothing', { numberOfKeys: 0, lua: 'return 1' });
const nothing: Call = () => (world.redis as typeof world.redis & { nothing(): Promise<number> }).nothing();

async function round(call: Call): Promise<OfCalls> {
  await repeat(call, AT_ONCE, WARM_UP_MS);
  const before = { node: process.cpuUsage(), redisUs: await redisUs() };
  const { count, seconds } = await repeat(call, AT_ONCE, MEASURE_MS);
  const { user, system } = process.cpuUsage(before.node);
  const usedByRedisUs = (await redisUs()) - before.redisUs;
  const single = await repeat(call, 1, ALONE_MS);
  return {
    perSecond: count / seconds,
    nodeUs: (user + system) / count,
    redisUs: usedByRedisUs / count,
    aloneMs: (single.seconds * 1000) / single.count,
  };
}

async function repeat(call: Call, callers: number, durationMs: number): Promise<{ count: number; seconds: number }> {
  const startedAt = performance.now();
  const endsAt = startedAt + durationMs;
  let count = 0;
  const work = Array.from({ length: callers }, async (_, caller) => {
    for (; performance.now() < endsAt; count += 1) await call(caller);
  });
  await Promise.all(work);
  return { count, seconds: (performance.now() - startedAt) / 1000 };
}

async function redisUs(): Promise<number> {
  const info = await world.redis.info('cpu');
  const seconds = (name: string) => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)?.[1]);
  return (seconds('used_cpu_user') + seconds('used_cpu_sys')) * 1e6;
}

function medians(rounds: readonly OfCalls[]): OfCalls {
  const of = (field: keyof OfCalls) => median(rounds.map((found) => found[field]));
  return { perSecond: of('perSecond'), nodeUs: of('nodeUs'), redisUs: of('redisUs'), aloneMs: of('aloneMs') };
}

const rounds: Record<keyof LimitsFound, OfCalls[]> = { requests: [], nothing: [] };
try {
  for (let index = 0; index < ROUNDS; index += 1) {
    rounds.nothing.push(await round(nothing));
    rounds.requests.push(await round(request));
  }
} finally {
  for (const run of cleanUps.reverse()) await run();
}
const found: LimitsFound = { requests: medians(rounds.requests), nothing: medians(rounds.nothing) };
process.stdout.write(`limits ${JSON.stringify(found)}\n`);
