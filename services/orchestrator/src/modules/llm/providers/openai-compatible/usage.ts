import { NANO_PER_USD } from '#core/money.ts';
import type { TokenUsage } from '../provider.ts';

/** xAI counts in ticks of 10⁻¹⁰ USD: https://docs.x.ai/developers/cost-tracking. */
const TICKS_PER_NANO = 10;
/** More digits than a price has, fewer than a double: 0.00014 USD are 140000 nano, not 140000.00000000003. */
const SIGNIFICANT_DIGITS = 13;

type Fields = Readonly<Record<string, unknown>>;

/** What chat completions and embeddings say of their usage. Zero is a value; absence is not. */
export function chatUsage(usage: unknown): TokenUsage | null {
  if (!isFields(usage)) return null;
  const prompt = count(usage['prompt_tokens']);
  const total = count(usage['total_tokens']);
  const completion = count(usage['completion_tokens']) ?? (prompt !== null && total !== null ? total - prompt : null);
  if (prompt === null || completion === null || completion < 0) return null;
  const promptParts = fields(usage['prompt_tokens_details']);
  const completionParts = fields(usage['completion_tokens_details']);
  const reasoning = count(completionParts['reasoning_tokens']) ?? count(usage['reasoning_tokens']) ?? 0;
  return whole({
    promptTokens: prompt,
    cachedTokens:
      count(promptParts['cached_tokens']) ??
      // DeepSeek's and Together's own names.
      count(usage['prompt_cache_hit_tokens']) ??
      count(usage['cached_tokens']) ??
      0,
    cacheWriteTokens: count(promptParts['cache_write_tokens']) ?? count(promptParts['cache_creation_tokens']) ?? 0,
    // xAI and Gemini's compatible API count reasoning beside the completion; only the total tells.
    completionTokens: total === prompt + completion + reasoning ? completion + reasoning : completion,
    reasoningTokens: reasoning,
    audioPromptTokens: count(promptParts['audio_tokens']) ?? 0,
    audioCompletionTokens: count(completionParts['audio_tokens']) ?? 0,
    costNanoUsd: costOf(usage),
  });
}

/** The same in the words of the Responses API. */
export function responsesUsage(usage: unknown): TokenUsage | null {
  if (!isFields(usage)) return null;
  const { input_tokens: input, output_tokens: output, total_tokens: total } = usage;
  return chatUsage({
    ...usage,
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: total,
    prompt_tokens_details: usage['input_tokens_details'],
    completion_tokens_details: usage['output_tokens_details'],
  });
}

/** Anthropic's words: what came from the cache, or went into it, is counted beside the input. */
export function messagesUsage(usage: Fields): TokenUsage | null {
  const input = count(usage['input_tokens']);
  const output = count(usage['output_tokens']);
  if (input === null || output === null) return null;
  const cachedTokens = count(usage['cache_read_input_tokens']) ?? 0;
  const cacheWriteTokens = count(usage['cache_creation_input_tokens']) ?? 0;
  return {
    promptTokens: input + cachedTokens + cacheWriteTokens,
    cachedTokens,
    cacheWriteTokens,
    completionTokens: output,
    reasoningTokens: Math.min(count(fields(usage['output_tokens_details'])['thinking_tokens']) ?? 0, output),
    audioPromptTokens: 0,
    audioCompletionTokens: 0,
    costNanoUsd: costOf(usage),
  };
}

/** A part is never more than its whole, whatever a provider says: a price per part would turn negative. */
function whole(usage: TokenUsage): TokenUsage {
  const { promptTokens, completionTokens } = usage;
  const cachedTokens = Math.min(usage.cachedTokens, promptTokens);
  return {
    ...usage,
    cachedTokens,
    cacheWriteTokens: Math.min(usage.cacheWriteTokens, promptTokens - cachedTokens),
    reasoningTokens: Math.min(usage.reasoningTokens, completionTokens),
    audioPromptTokens: Math.min(usage.audioPromptTokens, promptTokens),
    audioCompletionTokens: Math.min(usage.audioCompletionTokens, completionTokens),
  };
}

/** OpenRouter, Perplexity and xAI say what it costs, each in its own way. */
function costOf(usage: Fields): number | null {
  const { cost, cost_in_usd_ticks: ticks } = usage;
  if (isNumber(ticks)) return nano(ticks / TICKS_PER_NANO);
  if (isFields(cost)) return isNumber(cost['total_cost']) ? nano(cost['total_cost'] * NANO_PER_USD) : null;
  if (!isNumber(cost)) return null;
  // With the operator's own key at OpenRouter, `cost` is only their fee: https://openrouter.ai/docs/use-cases/usage-accounting.
  const upstream = usage['is_byok'] === true ? fields(usage['cost_details'])['upstream_inference_cost'] : 0;
  return nano((cost + (isNumber(upstream) ? upstream : 0)) * NANO_PER_USD);
}

/** Rounded up: never less than they ask. */
function nano(amount: number): number {
  const rounded = Math.ceil(Number(amount.toPrecision(SIGNIFICANT_DIGITS)));
  return Number.isSafeInteger(rounded) && rounded >= 0 ? rounded : NaN;
}

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
const fields = (value: unknown): Fields => (isFields(value) ? value : {});
/** More tokens are a mistake of the provider's: no row could hold them, and nobody is billed for them. */
const MAX_TOKENS = 1e9;
export const count = (value: unknown): number | null =>
  Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= MAX_TOKENS ? Number(value) : null;
const isNumber = (value: unknown): value is number => typeof value === 'number';
