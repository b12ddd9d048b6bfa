import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { loadConfig } from '#core/config/load.ts';
import { createLogger } from '#core/log.ts';
import { createMetrics } from '#core/metrics.ts';
import { connectRedis, untilReady } from '#core/redis.ts';
import { startPrivateRedis } from '#test/support/full-stack.ts';
import { TEST_ENV, eventually } from '#test/support/stack.ts';
import { startTcpProxy } from '#test/support/tcp-proxy.ts';
import { Breakers, type BreakersOptions } from './breakers.ts';
import { CandidateBreakers } from './candidate-breakers.ts';

const REDIS_URL = process.env['TEST_REDIS_URL'] ?? '';
const GROQ = 'groq';
/** Short enough to wait for, long enough to be seen. */
const BRIEFLY = { kind: 'rate_limited', retryAfterMs: 300 } as const;
const newPrefix = () => `t-${randomBytes(6).toString('hex')}`;

/** The breakers of one gateway process. */
async function start(t: ExecutionContext, prefix: string, options: Partial<BreakersOptions> = {}, url = REDIS_URL) {
  const config = loadConfig({
    ...TEST_ENV,
    DATABASE_URL: 'mysql://nobody@127.0.0.1:1/none',
    REDIS_URL: url,
    REDIS_PREFIX: prefix,
  });
  const log = createLogger(config, 'test');
  const redis = connectRedis(config, log);
  const metrics = createMetrics('gateway');
  await untilReady(redis, 2000);
  const breakers = new Breakers({ config, log, redis, metrics }, { providers: [GROQ, 'openai'], ...options });
  breakers.start();
  const stop = async () => {
    await breakers.stop();
    redis.disconnect();
  };
  t.teardown(stop);
  return { breakers, stop, metrics: () => metrics.registry.metrics() };
}

/** Two processes that hear each other. */
async function pair(t: ExecutionContext, options: Partial<BreakersOptions> = {}) {
  const prefix = newPrefix();
  const [a, b] = [await start(t, prefix, options), await start(t, prefix, options)];
  await eventually('both have subscribed', async () => {
    a.breakers.failed('heard', now(), { kind: 'rate_limited', retryAfterMs: 60_000 });
    b.breakers.failed('heard-too', now(), { kind: 'rate_limited', retryAfterMs: 60_000 });
    await sleep(20);
    return b.breakers.isOpen('heard') && a.breakers.isOpen('heard-too');
  });
  return { prefix, a, b };
}

const now = () => performance.now();
const connectError = { kind: 'connect' } as const;
const until = (what: string, claim: () => boolean, timeoutMs?: number) =>
  eventually(what, () => Promise.resolve(claim()), timeoutMs);

test('what one process finds out, the others know at once', async (t) => {
  const { a, b } = await pair(t);
  for (let i = 0; i < 3; i += 1) a.breakers.failed(GROQ, now(), connectError);
  t.true(a.breakers.isOpen(GROQ), 'in the same turn');
  const began = now();
  await until('the other process knows', () => b.breakers.isOpen(GROQ));
  t.true(now() - began < 500, `took ${now() - began} ms`);
  t.is(b.breakers.mayTry(GROQ), false);
  t.true(b.breakers.mayTry('openai'), 'other providers are not concerned');
  t.true(b.breakers.retryAfterMs(GROQ) > 3000);
});

test('a process that starts later reads what holds', async (t) => {
  const prefix = newPrefix();
  const early = await start(t, prefix);
  await sleep(100);
  early.breakers.failed(GROQ, now(), { kind: 'refused' });
  await sleep(100);
  await early.stop();
  const late = await start(t, prefix);
  await until('it has read', () => late.breakers.isOpen(GROQ), 3000);
  t.true(late.breakers.retryAfterMs(GROQ) > 55_000);
});

test('a process that missed the message reads it when Redis is back', async (t) => {
  const target = new URL(REDIS_URL);
  const proxy = await startTcpProxy({ host: target.hostname, port: Number(target.port) });
  t.teardown(() => proxy.stop());
  const prefix = newPrefix();
  const a = await start(t, prefix);
  const b = await start(t, prefix, {}, `redis://127.0.0.1:${proxy.port}`);
  await sleep(200);
  await proxy.down();
  a.breakers.failed(GROQ, now(), { kind: 'refused' });
  await sleep(300);
  t.false(b.breakers.isOpen(GROQ));
  await proxy.up();
  await until('it has read', () => b.breakers.isOpen(GROQ), 10_000);
  t.pass();
});

test('what could not be said while Redis was away is said when it is back', async (t) => {
  const target = new URL(REDIS_URL);
  const proxy = await startTcpProxy({ host: target.hostname, port: Number(target.port) });
  t.teardown(() => proxy.stop());
  const prefix = newPrefix();
  const a = await start(t, prefix, {}, `redis://127.0.0.1:${proxy.port}`);
  const b = await start(t, prefix);
  await proxy.down();
  a.breakers.failed(GROQ, now(), { kind: 'refused' });
  await sleep(300);
  t.false(b.breakers.isOpen(GROQ));
  await proxy.up();
  await until('it has been said', () => b.breakers.isOpen(GROQ), 10_000);
  t.pass();
});

test('when the time is up, one request of the whole cluster finds out; its success closes everywhere', async (t) => {
  const { a, b } = await pair(t);
  a.breakers.failed(GROQ, now(), BRIEFLY);
  await until('both know', () => b.breakers.isOpen(GROQ));
  await until('half open', () => a.breakers.states().get(GROQ) === 'half_open');
  await until('half open', () => b.breakers.states().get(GROQ) === 'half_open');
  const tried = await Promise.all(
    Array.from({ length: 50 }, async (_, i) => (i % 2 === 0 ? a : b).breakers.mayTry(GROQ)),
  );
  t.is(tried.filter((may) => may).length, 1);
  await sleep(300);
  t.deepEqual([await a.breakers.mayTry(GROQ), await b.breakers.mayTry(GROQ)], [false, false], 'until it has an answer');
  const prober = tried.indexOf(true) % 2 === 0 ? a : b;
  prober.breakers.succeeded(GROQ, now());
  await until('closed everywhere', () => a.breakers.mayTry(GROQ) === true && b.breakers.mayTry(GROQ) === true);
  t.pass();
});

test('a failed probe opens longer, everywhere', async (t) => {
  const { a, b } = await pair(t);
  a.breakers.failed(GROQ, now(), BRIEFLY);
  await until('both know', () => b.breakers.isOpen(GROQ));
  await sleep(320);
  t.true(await a.breakers.mayTry(GROQ));
  a.breakers.failed(GROQ, now(), { kind: 'status' });
  t.true(a.breakers.retryAfterMs(GROQ) > 7500, 'twice the first five seconds, give or take');
  await until('the other too', () => b.breakers.retryAfterMs(GROQ) > 7500);
  t.pass();
});

test('the later one of two deadlines holds in all processes', async (t) => {
  const { a, b } = await pair(t);
  a.breakers.failed(GROQ, now(), { kind: 'rate_limited', retryAfterMs: 30_000 });
  b.breakers.failed(GROQ, now(), { kind: 'rate_limited', retryAfterMs: 8000 });
  await until('both', () => a.breakers.retryAfterMs(GROQ) > 25_000 && b.breakers.retryAfterMs(GROQ) > 25_000);
  t.pass();
});

test('a probe whose gateway died is given up after a while', async (t) => {
  const { a, b } = await pair(t, { probeMs: 600 });
  a.breakers.failed(GROQ, now(), BRIEFLY);
  await until('both know', () => b.breakers.isOpen(GROQ));
  await sleep(320);
  t.true(await a.breakers.mayTry(GROQ));
  await a.stop();
  t.false(await b.breakers.mayTry(GROQ));
  const began = now();
  await eventually('the other one may try', async () => b.breakers.mayTry(GROQ), 3000);
  t.true(now() - began > 200);
});

test('a probe that says nothing, as its client left, is the next request’s', async (t) => {
  const { a, b } = await pair(t);
  a.breakers.failed(GROQ, now(), BRIEFLY);
  await until('both know', () => b.breakers.isOpen(GROQ));
  await sleep(320);
  t.true(await a.breakers.mayTry(GROQ));
  a.breakers.abandoned(GROQ, now());
  await eventually('the other process may try', async () => b.breakers.mayTry(GROQ), 1000);
  t.pass();
});

test('without Redis each process goes by itself, and asking never waits long', async (t) => {
  const { breakers } = await start(t, newPrefix(), {}, 'redis://127.0.0.1:1');
  t.is(breakers.mayTry(GROQ), true);
  breakers.failed(GROQ, now(), BRIEFLY);
  t.is(breakers.mayTry(GROQ), false);
  await sleep(320);
  const began = now();
  const tried = await Promise.all([breakers.mayTry(GROQ), breakers.mayTry(GROQ)]);
  t.deepEqual(tried, [true, false], 'one probe');
  t.true(now() - began < 1000);
  breakers.succeeded(GROQ, now());
  t.is(breakers.mayTry(GROQ), true);
});

test('a Redis that hangs is away as well', async (t) => {
  const redis = await startPrivateRedis((run) => t.teardown(run));
  const { breakers } = await start(t, newPrefix(), {}, redis.url);
  await sleep(100);
  breakers.failed(GROQ, now(), BRIEFLY);
  await sleep(320);
  const pauser = connectRedis({ REDIS_URL: redis.url }, createLogger({ LOG_LEVEL: 'silent' }, 'test'));
  await untilReady(pauser, 2000);
  await pauser.call('CLIENT', 'PAUSE', '700', 'ALL');
  pauser.disconnect();
  const began = now();
  t.true(await breakers.mayTry(GROQ));
  t.true(now() - began < 600, `waited ${now() - began} ms`);
});

test('metrics say the state, what changed, and that our key was refused', async (t) => {
  const { breakers, metrics } = await start(t, newPrefix());
  t.regex(await metrics(), /bastide_llm_breaker_state\{provider="openai",process="gateway"\} 0/);
  breakers.failed(GROQ, now(), { kind: 'refused' });
  const text = await metrics();
  t.regex(text, /bastide_llm_breaker_state\{provider="groq",process="gateway"\} 2/);
  t.regex(text, /bastide_llm_breaker_transitions_total\{provider="groq",to="open",process="gateway"\} 1/);
  t.regex(text, /bastide_llm_provider_refused_total\{provider="groq",process="gateway"\} 1/);
});

test('a 429 is about one model of the provider: its others stay, in all processes, and its breaker is as it was', async (t) => {
  const { a, b } = await pair(t);
  const [here, there] = [new CandidateBreakers(a.breakers), new CandidateBreakers(b.breakers)];
  const [large, small] = [
    { provider: GROQ, model: 'large one' },
    { provider: GROQ, model: 'small' },
  ];
  here.failed(large, now(), BRIEFLY);
  t.true(here.isOpen(large));
  t.is(here.mayTry(large), false);
  await until('the other process knows', () => there.isOpen({ ...large }));
  for (const breakers of [here, there]) t.is(breakers.mayTry(small), true);
  t.deepEqual([...b.breakers.states().keys()].sort(), [GROQ, 'heard', 'heard-too', 'openai']);
  t.is(a.breakers.states().get(GROQ), 'closed');
  t.regex(await a.metrics(), /breaker_transitions_total\{provider="groq",to="open",.*\} 1/);
  await until('its time to be over', () => !there.isOpen(large));
  t.is(await there.mayTry(large), true, 'one probe');
  t.is(await there.mayTry(large), false);
  there.succeeded(large, now());
  await until('both to be well', () => here.mayTry(large) === true && there.mayTry(large) === true);
  for (let failure = 0; failure < 3; failure += 1) here.failed(large, now(), connectError);
  t.true(here.isOpen(small), 'what is down is down for all');
});
