import { decodeTime } from 'ulid';
import type { TokenUsage } from '../provider.ts';

export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter';

export interface AnsweredToolCall {
  id: string;
  type: 'function';
  function: { name: string; arguments: string };
  extra_content?: { google: { thought_signature: string } };
}

/** As https://platform.openai.com/docs/api-reference/chat/object has it, and what providers give beyond it. */
export interface CompletionMessage {
  content: string | null;
  refusal: string | null;
  /** DeepSeek's name, which most clients know. */
  reasoning_content?: string;
  thinking_blocks?: Readonly<Record<string, unknown>>[];
  tool_calls?: AnsweredToolCall[];
}

export interface Choice {
  message: CompletionMessage;
  finishReason: FinishReason;
  logprobs?: Logprobs | null;
}

export interface Logprob {
  token: string;
  logprob: number;
  bytes: number[];
}

export interface Logprobs {
  content: (Logprob & { top_logprobs: Logprob[] })[];
  refusal: null;
}

/** What all parts of one answer say about it. */
export interface Head {
  id: string;
  created: number;
  model: string;
}

/** Neither Anthropic nor Gemini says when: the time of our request, which its id carries. */
export function createdAt(requestId: string): number {
  const ulid = requestId.slice(requestId.indexOf('_') + 1);
  return /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(ulid) ? Math.floor(decodeTime(ulid) / 1000) : 0;
}

export function completionBody({ id, created, model }: Head, choices: Choice[], usage: TokenUsage | null): Buffer {
  const completion = {
    id,
    object: 'chat.completion',
    created,
    model,
    choices: choices.map(({ message, finishReason, logprobs = null }, index) => ({
      index,
      message: { role: 'assistant', ...message },
      logprobs,
      finish_reason: finishReason,
    })),
    ...(usage && { usage: openaiUsage(usage) }),
  };
  return Buffer.from(JSON.stringify(completion));
}

export function openaiUsage(usage: TokenUsage) {
  return {
    prompt_tokens: usage.promptTokens,
    completion_tokens: usage.completionTokens,
    total_tokens: usage.promptTokens + usage.completionTokens,
    prompt_tokens_details: {
      cached_tokens: usage.cachedTokens,
      audio_tokens: usage.audioPromptTokens,
      // OpenRouter's name for it; OpenAI has none.
      ...(usage.cacheWriteTokens > 0 && { cache_write_tokens: usage.cacheWriteTokens }),
    },
    completion_tokens_details: {
      reasoning_tokens: usage.reasoningTokens,
      audio_tokens: usage.audioCompletionTokens,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

/** What everything that a model produced is to who counts it. */
export function producedText({ content, refusal, reasoning_content: reasoning, tool_calls: calls }: CompletionMessage) {
  const texts = [reasoning, content, refusal, ...(calls ?? []).map((call) => call.function.arguments)];
  return texts.filter((text): text is string => typeof text === 'string' && text !== '');
}
