import test from 'ava';
import { RetryBudget } from './retry-budget.ts';
import { Slots } from './slots.ts';

function budget() {
  let nowMs = 5_000_000;
  const subject = new RetryBudget(() => nowMs);
  const taken = (tries: number) => Array.from({ length: tries }, () => subject.take()).filter(Boolean).length;
  return { subject, taken, pass: (ms: number) => (nowMs += ms) };
}

test('retries are a fifth of the requests of the last ten seconds', (t) => {
  const { subject, taken, pass } = budget();
  for (let second = 0; second < 10; second += 1) {
    for (let i = 0; i < 100; i += 1) subject.requested();
    pass(999);
  }
  t.is(taken(1000), 200);
  pass(11_000);
  t.is(taken(1000), 30, 'nothing of it is left after ten seconds');
});

test('a quiet gateway may retry three times a second', (t) => {
  const { taken, pass } = budget();
  t.is(taken(100), 30);
  pass(5000);
  t.is(taken(100), 0);
  pass(5000);
  t.is(taken(100), 30);
});

test('a provider has as many requests as it may, and no other provider is concerned', (t) => {
  const slots = new Slots();
  t.true(slots.take('ollama', 2));
  t.true(slots.take('ollama', 2));
  t.false(slots.take('ollama', 2));
  t.true(slots.take('groq', 2));
  slots.give('ollama');
  t.true(slots.take('ollama', 2));
  for (let i = 0; i < 100; i += 1) t.true(slots.take('openai', null));
  t.is(slots.count('openai'), 100);
});
