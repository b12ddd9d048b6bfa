import type { TokenUsage } from '../provider.ts';
import { type FinishReason, type Head, type Logprobs, openaiUsage } from './completion.ts';

export interface ToolCallDelta {
  index: number;
  id?: string;
  type?: 'function';
  function: { name?: string; arguments: string };
  extra_content?: { google: { thought_signature: string } };
}

export interface Delta {
  role?: 'assistant';
  content?: string | null;
  refusal?: string | null;
  reasoning_content?: string;
  thinking_blocks?: Readonly<Record<string, unknown>>[];
  tool_calls?: ToolCallDelta[];
}

interface ChunkChoice {
  index?: number;
  delta: Delta;
  finishReason?: FinishReason | null;
  logprobs?: Logprobs | null;
}

export const DONE = 'data: [DONE]\n\n';

/** Writes the events of https://platform.openai.com/docs/api-reference/chat/streaming. */
export class ChunkWriter {
  readonly #head: Head;
  readonly #wantsUsage: boolean;

  constructor(head: Head, wantsUsage: boolean) {
    this.#head = head;
    this.#wantsUsage = wantsUsage;
  }

  choice({ index = 0, delta, finishReason = null, logprobs = null }: ChunkChoice): string {
    return this.#event([{ index, delta, logprobs, finish_reason: finishReason }], null);
  }

  /** The last one, which is only passed on to clients that asked for it. */
  usage(usage: TokenUsage): string {
    return this.#event([], openaiUsage(usage));
  }

  #event(choices: object[], usage: object | null): string {
    const { id, created, model } = this.#head;
    const chunk = { id, object: 'chat.completion.chunk', created, model, choices };
    return `data: ${JSON.stringify(usage || this.#wantsUsage ? { ...chunk, usage } : chunk)}\n\n`;
  }
}
