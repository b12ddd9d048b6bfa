import { newId } from '#core/ids.ts';
import type { UsageRecord } from '#modules/llm/usage/record.ts';

/** What a gateway writes down about one request: 10 tokens in, 20 out, 13 500 nano-USD. */
export const usageRecord = (tenantId: string, change: Partial<UsageRecord> = {}): UsageRecord => ({
  requestId: newId('request'),
  tenantId,
  keyId: 'llmk_test',
  userId: 'usr_test',
  at: '2026-03-10T12:00:00.000Z',
  surface: 'chat',
  provider: 'openai',
  model: 'gpt-4o-mini',
  upstreamModel: 'gpt-4o-mini',
  isStream: false,
  outcome: 'completed',
  promptTokens: 10,
  cachedTokens: 0,
  cacheWriteTokens: 0,
  completionTokens: 20,
  reasoningTokens: 0,
  audioTokens: 0,
  costNanoUsd: 13_500,
  price: 'openai/gpt-4o-mini@2026-11-20',
  isEstimated: false,
  isFallback: false,
  isBudgetFallback: false,
  isCacheHit: false,
  firstByteMs: 5,
  durationMs: 9,
  ...change,
});
