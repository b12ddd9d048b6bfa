import {
  type CompletionMessage,
  type FinishReason,
  completionBody,
  createdAt,
  producedText,
} from '../chat/completion.ts';
import { parseObject } from '../openai-compatible/event.ts';
import { messagesUsage } from '../openai-compatible/usage.ts';
import type { Answer, UpstreamCall } from '../provider.ts';

export type Fields = Readonly<Record<string, unknown>>;

export const fields = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? (value as Fields) : {};
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const FINISH_REASONS: Readonly<Record<string, FinishReason>> = {
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool_calls',
  refusal: 'content_filter',
};

/** https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons */
export const finishReasonOf = (stopReason: unknown): FinishReason => FINISH_REASONS[textOf(stopReason)] ?? 'stop';

/** Why it would not answer, for people. */
export const refusalOf = ({ stop_reason: reason, stop_details: details }: Fields): string | null =>
  reason === 'refusal' ? textOf(fields(details)['explanation']) || null : null;

/** A message of https://platform.claude.com/docs/en/api/messages as OpenAI's chat completion. */
export function readChatAnswer(body: Buffer, call: UpstreamCall): Answer | undefined {
  const given = parseObject(body.toString('utf8'));
  if (!given || !Array.isArray(given['content'])) return undefined;
  const message = messageOf(given['content'].map(fields), refusalOf(given));
  const usage = messagesUsage(fields(given['usage']));
  const head = {
    id: textOf(given['id']) || call.requestId,
    created: createdAt(call.requestId),
    model: textOf(given['model']) || call.model,
  };
  return {
    usage,
    text: producedText(message),
    body: completionBody(head, [{ message, finishReason: finishReasonOf(given['stop_reason']) }], usage),
  };
}

function messageOf(blocks: readonly Fields[], refusal: string | null): CompletionMessage {
  const ofType = (...types: string[]) => blocks.filter(({ type }) => types.includes(textOf(type)));
  const texts = ofType('text').map(({ text }) => textOf(text));
  const thoughts = ofType('thinking', 'redacted_thinking');
  const reasoning = thoughts.map(({ thinking }) => textOf(thinking)).join('');
  const calls = ofType('tool_use').map(({ id, name, input }) => ({
    id: textOf(id),
    type: 'function' as const,
    function: { name: textOf(name), arguments: JSON.stringify(input ?? {}) },
  }));
  const isSilent = texts.length === 0 && (calls.length > 0 || refusal !== null);
  return {
    content: isSilent ? null : texts.join(''),
    refusal,
    ...(reasoning !== '' && { reasoning_content: reasoning }),
    ...(thoughts.length > 0 && { thinking_blocks: thoughts }),
    ...(calls.length > 0 && { tool_calls: calls }),
  };
}
