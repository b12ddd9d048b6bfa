import test from 'ava';
import fc from 'fast-check';
import type { TokenUsage } from '../provider.ts';
import { chatUsage, messagesUsage, responsesUsage } from './usage.ts';

const none: TokenUsage = {
  promptTokens: 0,
  cachedTokens: 0,
  cacheWriteTokens: 0,
  completionTokens: 0,
  reasoningTokens: 0,
  audioPromptTokens: 0,
  audioCompletionTokens: 0,
  costNanoUsd: null,
};

/** As each provider's documentation shows it, shortened. */
const CHAT: Record<string, [object, Partial<TokenUsage>]> = {
  'OpenAI, with every part': [
    {
      prompt_tokens: 2006,
      completion_tokens: 300,
      total_tokens: 2306,
      prompt_tokens_details: { cached_tokens: 1920, audio_tokens: 10 },
      completion_tokens_details: {
        reasoning_tokens: 192,
        audio_tokens: 4,
        accepted_prediction_tokens: 0,
        rejected_prediction_tokens: 7,
      },
    },
    {
      promptTokens: 2006,
      cachedTokens: 1920,
      completionTokens: 300,
      reasoningTokens: 192,
      audioPromptTokens: 10,
      audioCompletionTokens: 4,
    },
  ],
  'Groq, with times': [
    {
      queue_time: 0.018,
      prompt_tokens: 18,
      prompt_time: 0.0003,
      completion_tokens: 556,
      total_tokens: 574,
      total_time: 0.9,
    },
    { promptTokens: 18, completionTokens: 556 },
  ],
  'DeepSeek, its own cache fields': [
    {
      prompt_tokens: 100,
      completion_tokens: 20,
      total_tokens: 120,
      prompt_cache_hit_tokens: 64,
      prompt_cache_miss_tokens: 36,
      completion_tokens_details: { reasoning_tokens: 12 },
    },
    { promptTokens: 100, cachedTokens: 64, completionTokens: 20, reasoningTokens: 12 },
  ],
  'OpenRouter, with its cost and cache writes': [
    {
      prompt_tokens: 194,
      completion_tokens: 2,
      total_tokens: 196,
      cost: 0.00014,
      is_byok: false,
      cost_details: { upstream_inference_cost: 0.00014 },
      prompt_tokens_details: { cached_tokens: 0, cache_write_tokens: 100, audio_tokens: 0 },
    },
    { promptTokens: 194, completionTokens: 2, cacheWriteTokens: 100, costNanoUsd: 140_000 },
  ],
  'OpenRouter, by the operator’s own key': [
    {
      prompt_tokens: 1,
      completion_tokens: 1,
      cost: 0.000001,
      is_byok: true,
      cost_details: { upstream_inference_cost: 0.00002 },
    },
    { promptTokens: 1, completionTokens: 1, costNanoUsd: 21_000 },
  ],
  'OpenRouter, for nothing': [
    { prompt_tokens: 5, completion_tokens: 5, cost: 0 },
    { promptTokens: 5, completionTokens: 5, costNanoUsd: 0 },
  ],
  'a cost below a nano-dollar is rounded up': [
    { prompt_tokens: 1, completion_tokens: 0, cost: 1e-13 },
    { promptTokens: 1, costNanoUsd: 1 },
  ],
  'xAI, reasoning beside the completion and cost in ticks': [
    {
      prompt_tokens: 32,
      completion_tokens: 9,
      total_tokens: 135,
      prompt_tokens_details: { text_tokens: 32, audio_tokens: 0, image_tokens: 0, cached_tokens: 6 },
      completion_tokens_details: { reasoning_tokens: 94, audio_tokens: 0 },
      num_sources_used: 0,
      cost_in_usd_ticks: 37_756_001,
    },
    { promptTokens: 32, cachedTokens: 6, completionTokens: 103, reasoningTokens: 94, costNanoUsd: 3_775_601 },
  ],
  'Perplexity, cost by kind': [
    {
      prompt_tokens: 8,
      completion_tokens: 439,
      total_tokens: 447,
      search_context_size: 'low',
      cost: { input_tokens_cost: 2.4e-5, output_tokens_cost: 0.006585, request_cost: 0.006, total_cost: 0.012609 },
    },
    { promptTokens: 8, completionTokens: 439, costNanoUsd: 12_609_000 },
  ],
  'Together, cache beside the details': [
    { prompt_tokens: 30, completion_tokens: 3, total_tokens: 33, cached_tokens: 16 },
    { promptTokens: 30, cachedTokens: 16, completionTokens: 3 },
  ],
  'embeddings, no completion at all': [
    { prompt_tokens: 8, total_tokens: 8 },
    { promptTokens: 8, completionTokens: 0 },
  ],
  'details that are null': [
    { prompt_tokens: 3, completion_tokens: 4, prompt_tokens_details: null, completion_tokens_details: null },
    { promptTokens: 3, completionTokens: 4 },
  ],
  'zero is a value': [{ prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }, {}],
  'parts larger than their whole': [
    {
      prompt_tokens: 10,
      completion_tokens: 5,
      prompt_tokens_details: { cached_tokens: 99, cache_write_tokens: 7 },
      completion_tokens_details: { reasoning_tokens: 50 },
    },
    { promptTokens: 10, cachedTokens: 10, completionTokens: 5, reasoningTokens: 5 },
  ],
};
for (const [what, [usage, expected]] of Object.entries(CHAT))
  test(`usage of ${what}`, (t) => t.deepEqual(chatUsage(usage), { ...none, ...expected }));

test('more tokens than anybody could use are not believed', (t) => {
  t.is(chatUsage({ prompt_tokens: Number.MAX_SAFE_INTEGER, completion_tokens: 1 }), null);
  t.is(messagesUsage({ input_tokens: 1, output_tokens: 2 ** 32 }), null);
});

test('what is no usage is none', (t) => {
  for (const value of [
    undefined,
    null,
    'x',
    [],
    {},
    { prompt_tokens: 1 },
    { prompt_tokens: -1, completion_tokens: 2 },
    { prompt_tokens: 1.5, completion_tokens: 2 },
    { prompt_tokens: '1', completion_tokens: 2 },
    { prompt_tokens: 9, total_tokens: 3 },
  ])
    t.is(chatUsage(value), null, JSON.stringify(value));
  const said = (cost: unknown) => chatUsage({ prompt_tokens: 1, completion_tokens: 1, cost })?.costNanoUsd;
  for (const cost of ['0.1', null, {}, { total_cost: '1' }]) t.is(said(cost), null, JSON.stringify(cost));
  for (const cost of [-1, Number.NaN, Infinity, Number.MAX_VALUE, 1e9, { total_cost: -0.1 }])
    t.is(said(cost), NaN, JSON.stringify(cost));
});

test('the Responses API counts the same in other words', (t) => {
  const usage = {
    input_tokens: 36,
    input_tokens_details: { cached_tokens: 30 },
    output_tokens: 87,
    output_tokens_details: { reasoning_tokens: 64 },
    total_tokens: 123,
  };
  t.deepEqual(responsesUsage(usage), {
    ...none,
    promptTokens: 36,
    cachedTokens: 30,
    completionTokens: 87,
    reasoningTokens: 64,
  });
  t.is(responsesUsage({ ...usage, cost: { total_cost: 0.00001 } })?.costNanoUsd, 10_000);
  t.is(responsesUsage(null), null);
});

test('Anthropic counts what the cache did beside the input', (t) => {
  const usage = { input_tokens: 12, cache_read_input_tokens: 900, cache_creation_input_tokens: 88, output_tokens: 7 };
  t.deepEqual(messagesUsage(usage), {
    ...none,
    promptTokens: 1000,
    cachedTokens: 900,
    cacheWriteTokens: 88,
    completionTokens: 7,
  });
  t.is(messagesUsage({ input_tokens: 12 }), null);
});

test('a cost is never less than what is asked, and never a nano-dollar too much', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e12 }), (nano) => {
      const usage = chatUsage({ prompt_tokens: 1, completion_tokens: 1, cost: nano / 1e9 });
      t.is(usage?.costNanoUsd, nano);
    }),
  );
});
