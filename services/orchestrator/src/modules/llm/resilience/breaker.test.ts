import test from 'ava';
import { Breaker, type Failure } from './breaker.ts';

/** A breaker at a clock that the test moves; openings that it calls for are done, as `Breakers` does. */
function breaker(random = 0.5) {
  let nowMs = 1_000_000;
  const subject = new Breaker({ now: () => nowMs, random: () => random });
  return {
    subject,
    now: () => nowMs,
    pass: (ms: number) => (nowMs += ms),
    /** An attempt that takes a moment and fails. */
    fail: (kind: Failure['kind'], retryAfterMs?: number) => {
      const startedMs = nowMs;
      nowMs += 1;
      const opening = subject.failed(startedMs, { kind, ...(retryAfterMs !== undefined && { retryAfterMs }) });
      if (opening) subject.open(opening);
    },
    succeed: () => {
      const startedMs = nowMs;
      nowMs += 1;
      if (subject.succeeded(startedMs)) subject.close();
      nowMs += 1;
    },
  };
}

test('opens at the fifth failure when half of the last 20 seconds failed, not before', (t) => {
  const { subject, fail, succeed } = breaker();
  for (let i = 0; i < 5; i += 1) succeed();
  for (let i = 0; i < 4; i += 1) fail('status');
  t.is(subject.state, 'closed', 'four failures');
  fail('timeout');
  t.is(subject.state, 'open');
});

test('stays closed while less than half fails, however many that are', (t) => {
  const { subject, fail, succeed } = breaker();
  for (let i = 0; i < 100; i += 1) {
    succeed();
    succeed();
    fail('status');
  }
  t.is(subject.state, 'closed');
});

test('forgets failures after 20 seconds', (t) => {
  const { subject, fail, pass } = breaker();
  for (let i = 0; i < 4; i += 1) fail('status');
  pass(21_000);
  fail('status');
  t.is(subject.state, 'closed');
  for (let i = 0; i < 4; i += 1) fail('status');
  t.is(subject.state, 'open');
});

test('opens at the third connect error in a row, among any number of successes', (t) => {
  const { subject, fail, succeed } = breaker();
  for (let i = 0; i < 50; i += 1) succeed();
  fail('connect');
  fail('connect');
  succeed();
  fail('connect');
  fail('connect');
  t.is(subject.state, 'closed');
  fail('connect');
  t.is(subject.state, 'open');
});

test('is open for 5 seconds, then twice as long after each failed probe, for a minute at most', (t) => {
  const { subject, fail, pass } = breaker();
  for (let i = 0; i < 3; i += 1) fail('connect');
  const lengths: number[] = [];
  for (let i = 0; i < 6; i += 1) {
    lengths.push(subject.openForMs);
    pass(subject.openForMs - 1);
    t.is(subject.state, 'open');
    pass(1);
    t.is(subject.state, 'half_open');
    fail('timeout');
  }
  t.deepEqual(lengths, [5000, 10_000, 20_000, 40_000, 60_000, 60_000]);
});

test('one success after that closes it, and the next opening is short again', (t) => {
  const { subject, fail, succeed, pass } = breaker();
  for (let i = 0; i < 3; i += 1) fail('connect');
  pass(5000);
  fail('connect');
  pass(10_000);
  succeed();
  t.is(subject.state, 'closed');
  fail('connect');
  fail('connect');
  t.is(subject.state, 'closed', 'what it counted before is forgotten');
  fail('connect');
  t.is(subject.openForMs, 5000);
});

test('the time is spread by a fifth both ways', (t) => {
  for (const [random, expected] of [
    [0, 4000],
    [1, 6000],
  ] as const) {
    const { subject, fail } = breaker(random);
    for (let i = 0; i < 3; i += 1) fail('connect');
    t.is(subject.openForMs, expected);
  }
});

test('a 429 opens for its retry-after, and of two deadlines the later one holds', (t) => {
  const { subject, fail, pass } = breaker();
  fail('rate_limited', 20_000);
  t.is(subject.openForMs, 20_000);
  fail('rate_limited', 2000);
  t.is(subject.openForMs, 19_999);
  fail('rate_limited', 40_000);
  t.is(subject.openForMs, 40_000);
  pass(40_000);
  t.is(subject.state, 'half_open');
  fail('rate_limited', 3000);
  t.is(subject.openForMs, 3000, 'the provider knows better than our doubling');
});

test('a 429 without a retry-after is a failure like others; a day of it is ten minutes', (t) => {
  const { subject, fail } = breaker();
  fail('rate_limited');
  t.is(subject.state, 'closed');
  fail('rate_limited', 86_400_000);
  t.is(subject.openForMs, 600_000);
});

test('a refusal of our key opens at once for a minute', (t) => {
  const { subject, fail, succeed } = breaker();
  for (let i = 0; i < 100; i += 1) succeed();
  fail('refused');
  t.is(subject.openForMs, 60_000);
});

test('the last failures of an outage neither open it longer nor open it again', (t) => {
  const { subject, fail, succeed, pass, now } = breaker();
  const longAgo = now();
  pass(1000);
  for (let i = 0; i < 5; i += 1) fail('timeout');
  pass(5000);
  t.is(subject.failed(longAgo, { kind: 'timeout' }), null, 'while half open it is not the probe');
  t.is(subject.state, 'half_open');
  succeed();
  t.is(subject.state, 'closed');
  for (let i = 0; i < 10; i += 1) t.is(subject.failed(longAgo, { kind: 'timeout' }), null);
  t.false(subject.succeeded(longAgo));
});

test('an answer to a request of before the outage does not close it', (t) => {
  const { subject, fail, now, pass } = breaker();
  const longAgo = now();
  pass(1);
  for (let i = 0; i < 3; i += 1) fail('connect');
  t.false(subject.succeeded(longAgo));
  t.is(subject.state, 'open');
});
