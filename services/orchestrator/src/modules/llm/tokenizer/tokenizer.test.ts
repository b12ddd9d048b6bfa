import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { countTokens as cl100k } from 'gpt-tokenizer/encoding/cl100k_base';
import { countTokens as o200k } from 'gpt-tokenizer/encoding/o200k_base';
import { createLogger } from '#core/log.ts';
import { eventually } from '#test/support/stack.ts';
import type { CountingTimes } from './counting-thread.ts';
import { encodingOf } from './encodings.ts';
import { type Rule, ruleOf } from './families.ts';
import { TokenCounter } from './token-counter.ts';

const TEXTS = [
  '',
  ' ',
  'a',
  'Hello, world!',
  "I'm SURE they'll've said: it's 12,345.678 €\r\n\n\n   \t and   more   ",
  'def f(x):\n    return {"a": [x ** 2 for _ in range(10)]}  # café\n',
  'L’été, Noël à l’École Supérieure — œuvre d’art, 3 000 €.',
  'مرحبا بالعالم، كيف حالك اليوم؟ الجزائر بلد كبير.',
  '你好，世界。今天天气很好，我们去公园散步吧！',
  'こんにちは世界 안녕하세요 세계 Привет мир नमस्ते दुनिया',
  '👩‍👩‍👧‍👦 🇩🇿 🤷🏽‍♀️ \u{1F600}\u{1F601} e\u0301',
  'lone \ud800 surrogate',
  '<|endoftext|> is text like any other <|im_start|>',
  'https://example.com/a/b?c=d&e=%20f#g ./path/to/file.tar.gz --flag=value',
  readFileSync(new URL('tokenizer.test.ts', import.meta.url), 'utf8'),
  readFileSync(new URL('../../../../llm-prices.yaml', import.meta.url), 'utf8'),
];

function counter(t: ExecutionContext, times?: Partial<CountingTimes>): TokenCounter {
  const counter = new TokenCounter(createLogger({ LOG_LEVEL: 'silent' }, 'test'), times);
  t.teardown(() => counter.stop());
  return counter;
}

test('our way to hold the vocabularies counts as gpt-tokenizer does', (t) => {
  const asText = { disallowedSpecial: new Set<string>() };
  for (const text of TEXTS) {
    t.is(encodingOf('o200k_base').count(text), o200k(text, asText), text.slice(0, 40));
    t.is(encodingOf('cl100k_base').count(text), cl100k(text, asText), text.slice(0, 40));
  }
});

test('random characters of all kinds are counted as gpt-tokenizer does', (t) => {
  const kinds = ['abcdefgh', 'ÄÖÜßéè', ' \n\t', '0123456789', '!?.,;:-_()/', 'مرحبا', '世界好', '😀👍🏽'].map((kind) => [
    ...kind,
  ]);
  let seed = 42;
  const next = (max: number) => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed % max;
  };
  for (let i = 0; i < 300; i += 1) {
    let text = '';
    while (text.length < 120) {
      const kind = kinds[next(kinds.length)] ?? [];
      for (let n = next(6); n >= 0; n -= 1) text += kind[next(kind.length)] ?? '';
    }
    t.is(encodingOf('o200k_base').count(text), o200k(text), JSON.stringify(text));
  }
});

test('a word without end neither takes the square of its length nor is counted far off', (t) => {
  const word = 'a'.repeat(100_000);
  const began = performance.now();
  const tokens = encodingOf('o200k_base').count(word);
  t.true(performance.now() - began < 5000, 'gpt-tokenizer needs half a minute, js-tiktoken an hour');
  const tenth = o200k(word.slice(0, 4096)) / 4096;
  t.true(Math.abs(tokens - tenth * word.length) < 0.03 * tokens, `${tokens}`);
});

test('each family of models has its rule', (t) => {
  const rules: Record<Rule, string[]> = {
    o200k_base: [
      'gpt-4o',
      'gpt-4o-mini-2024-07-18',
      'openai/gpt-4.1',
      'gpt-5.2-codex',
      'o1',
      'o3-mini',
      'chatgpt-4o-latest',
      'openai/gpt-oss-120b',
      'accounts/fireworks/models/gpt-oss-20b',
    ],
    cl100k_base: [
      'gpt-4',
      'gpt-4-turbo',
      'gpt-35-turbo',
      'gpt-3.5-turbo',
      'text-embedding-3-small',
      'meta-llama/Llama-3.3-70B-Instruct-Turbo',
      'llama-3.1-8b-instant',
      'llama3.2:1b',
      'qwen/qwen3-32b',
    ],
    characters: [
      'sandbox-small',
      'claude-sonnet-4-5',
      'gemini-2.5-flash',
      'mistral-large-latest',
      'deepseek-chat',
      'olmo-2',
      'x',
    ],
  };
  for (const [rule, models] of Object.entries(rules))
    for (const model of models) t.is<string, string>(ruleOf(model), rule, model);
});

test('a prompt is counted by the cookbook: its texts, and some tokens for each message and the reply', async (t) => {
  const body = {
    model: 'gpt-4o',
    messages: [
      { role: 'system', content: 'You are terse.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is in ' },
          { type: 'text', text: 'this image?' },
          { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
        ],
      },
    ],
    tools: [{ type: 'function', function: { name: 'look' } }],
  };
  const { promptTokens, completionTokens } = await counter(t).count('gpt-4o', body, ['A ', 'cat', '.']);
  const tools = o200k(JSON.stringify(body.tools));
  t.is(promptTokens, 3 + 4 + o200k('You are terse.') + 4 + o200k('What is in this image?') + 85 + tools);
  t.is(completionTokens, o200k('A cat.'));
});

test('a model without a tokenizer is counted by its characters, without a thread', async (t) => {
  const subject = counter(t);
  const body = { messages: [{ role: 'user', content: 'Grüße 👋 an alle' }] };
  t.deepEqual(await subject.count('sandbox-small', body, ['abc', 'de', 'f👋']), {
    promptTokens: 3 + 4 + Math.ceil([...'Grüße 👋 an alle'].length / 4),
    completionTokens: 2,
  });
  t.false(subject.isRunning);
});

test('many at once are all counted, and the thread ends when there is nothing to do', async (t) => {
  const subject = counter(t, { idleMs: 200 });
  const counted = await Promise.all(
    Array.from({ length: 200 }, (_, i) => subject.count('gpt-4o', null, ['token '.repeat(i)])),
  );
  for (const [i, { completionTokens }] of counted.entries()) t.is(completionTokens, o200k('token '.repeat(i)));
  t.true(subject.isRunning);
  await eventually('it has ended', () => Promise.resolve(!subject.isRunning));
  t.is((await subject.count('gpt-4o', null, ['one two three'])).completionTokens, 3, 'and begins anew');
});

test('more than the queue holds is counted by the rule', async (t) => {
  const subject = counter(t);
  const text = 'tokens and more tokens '.repeat(1000);
  const all = Array.from({ length: 600 }, () => subject.count('gpt-4o', null, [text]));
  const rule = Math.ceil(text.length / 4);
  const counted = (await Promise.all(all)).map(({ completionTokens }) => completionTokens);
  t.true(counted.filter((tokens) => tokens === rule).length >= 300);
  t.is(counted[0], o200k(text));
});

test('a count that takes too long is given up for the rule, and the thread with it', async (t) => {
  const subject = counter(t, { deadlineMs: 1 });
  const text = 'no time for this '.repeat(1000);
  t.is((await subject.count('gpt-4o', null, [text])).completionTokens, Math.ceil(text.length / 4));
  t.false(subject.isRunning);
  const began = performance.now();
  t.is((await subject.count('gpt-4o', null, [text])).completionTokens, Math.ceil(text.length / 4));
  t.true(performance.now() - began < 50, 'nor is it tried again at once');
});

test('what is under way when the gateway stops is counted by the rule', async (t) => {
  const subject = counter(t);
  const text = 'almost done '.repeat(5000);
  const under = subject.count('gpt-4o', null, [text]);
  await sleep(1);
  await subject.stop();
  t.is((await under).completionTokens, Math.ceil(text.length / 4));
});
