import { count } from '../openai-compatible/usage.ts';
import type { TokenUsage } from '../provider.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * https://ai.google.dev/api/generate-content#UsageMetadata: what was cached is part of the prompt, what was thought is
 * beside the candidates, and what tools of Google's returned is beside the prompt.
 */
export function geminiUsage(given: unknown): TokenUsage | null {
  const usage = (given ?? {}) as Fields;
  const prompt = count(usage['promptTokenCount']);
  if (prompt === null) return null;
  const reasoningTokens = count(usage['thoughtsTokenCount']) ?? 0;
  const promptTokens = prompt + (count(usage['toolUsePromptTokenCount']) ?? 0);
  return {
    promptTokens,
    cachedTokens: Math.min(count(usage['cachedContentTokenCount']) ?? 0, promptTokens),
    cacheWriteTokens: 0,
    completionTokens: (count(usage['candidatesTokenCount']) ?? 0) + reasoningTokens,
    reasoningTokens,
    audioPromptTokens: Math.min(audio(usage['promptTokensDetails'] ?? usage['promptTokenDetails']), promptTokens),
    audioCompletionTokens: Math.min(audio(usage['candidatesTokensDetails']), count(usage['candidatesTokenCount']) ?? 0),
    costNanoUsd: null,
  };
}

function audio(details: unknown): number {
  if (!Array.isArray(details)) return 0;
  return (details as (Fields | null)[])
    .filter((detail) => detail?.['modality'] === 'AUDIO')
    .reduce((sum, detail) => sum + (count(detail?.['tokenCount']) ?? 0), 0);
}
