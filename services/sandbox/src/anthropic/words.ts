import { digest } from '../llm/answer.ts';
import type { StreamWords } from '../llm/produce.ts';
import type { Turn } from '../llm/turn.ts';
import { envelope } from './errors.ts';

/** One message on its way, and what it costs. */
export interface MessageTurn extends Turn {
  /** What it thinks before it answers, in pieces of one token each; null = it does not think. */
  thoughts: readonly string[] | null;
  /** Thoughts are counted, and signed, but not told. */
  hidesThoughts: boolean;
  cacheWriteTokens: number;
}

const STOP_REASONS = { stop: 'end_turn', length: 'max_tokens', tool_calls: 'tool_use' } as const;
export const THOUGHTS = ['Let ', 'me t', 'hink', ' abo', 'ut i', 't.'];

export const headersOf = ({ entry }: Turn): Record<string, string> => ({
  'request-id': `req_${entry.requestId}`,
  'anthropic-organization-id': 'org-sandbox',
  'anthropic-ratelimit-requests-limit': '10000',
  'anthropic-ratelimit-requests-remaining': '9999',
  'set-cookie': '__cf_bm=sandbox; path=/; HttpOnly',
});

/** https://platform.claude.com/docs/en/api/messages/create#response */
export function messageOf(turn: MessageTurn) {
  const { answer, strikes } = turn;
  const text = answer.pieces.join('');
  const said = answer.toolCall
    ? {
        type: 'tool_use',
        id: toolId(answer.toolCall.id),
        name: answer.toolCall.name,
        input: JSON.parse(text) as unknown,
      }
    : { type: 'text', text };
  const thought = turn.thoughts && [{ type: 'thinking', thinking: told(turn), signature: signatureOf(turn) }];
  return {
    ...opening(turn),
    content: strikes.refuse ? [] : [...(thought ?? []), said],
    ...ending(turn),
    ...(!strikes.no_usage && { usage: usageOf(turn) }),
  };
}

/** https://platform.claude.com/docs/en/build-with-claude/streaming */
export function wordsOf(turn: MessageTurn): StreamWords {
  const start = { ...opening(turn), content: [], stop_reason: null, stop_sequence: null };
  const { no_usage: isHidden } = turn.strikes;
  const message = isHidden ? start : { ...start, usage: { ...usageOf(turn), output_tokens: 1 } };
  return {
    headers: headersOf(turn),
    opening: event({ type: 'message_start', message }) + event({ type: 'ping' }),
    tokens: turn.strikes.refuse ? [] : [...thinkingTokens(turn), ...answerTokens(turn)],
    closing: () =>
      (turn.strikes.refuse ? '' : event({ type: 'content_block_stop', index: turn.thoughts ? 1 : 0 })) +
      event({ type: 'message_delta', delta: ending(turn), ...(!isHidden && { usage: usageOf(turn) }) }) +
      event({ type: 'message_stop' }),
    failure: event(envelope('overloaded_error', 'Overloaded'), 'error'),
    broken: 'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"te\n\n',
  };
}

function thinkingTokens(turn: MessageTurn): (() => string)[] {
  const { thoughts, hidesThoughts } = turn;
  if (!thoughts) return [];
  const start = event({
    type: 'content_block_start',
    index: 0,
    content_block: { type: 'thinking', thinking: '', signature: '' },
  });
  const end =
    event({ type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: signatureOf(turn) } }) +
    event({ type: 'content_block_stop', index: 0 });
  return thoughts.map((thinking, at) => {
    const delta = { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking } };
    const text =
      (at === 0 ? start : '') + (hidesThoughts ? '' : event(delta)) + (at === thoughts.length - 1 ? end : '');
    return () => text;
  });
}

function answerTokens({ answer, thoughts }: MessageTurn): (() => string)[] {
  const { toolCall } = answer;
  const index = thoughts ? 1 : 0;
  const block = toolCall
    ? { type: 'tool_use', id: toolId(toolCall.id), name: toolCall.name, input: {} }
    : { type: 'text', text: '' };
  const start = event({ type: 'content_block_start', index, content_block: block });
  return answer.pieces.map((piece, at) => () => {
    const delta = toolCall ? { type: 'input_json_delta', partial_json: piece } : { type: 'text_delta', text: piece };
    return (at === 0 ? start : '') + event({ type: 'content_block_delta', index, delta });
  });
}

const opening = ({ id, request }: Turn) => ({ id, type: 'message', role: 'assistant', model: request.model });

function ending({ answer, strikes }: Turn) {
  if (!strikes.refuse) return { stop_reason: STOP_REASONS[answer.finishReason], stop_sequence: null };
  const details = { type: 'refusal', category: 'general_harms', explanation: 'This is declined by its own rules.' };
  return { stop_reason: 'refusal', stop_sequence: null, stop_details: details };
}

/** What was cached is counted beside the input. */
function usageOf({ entry, cacheWriteTokens, thoughts }: MessageTurn) {
  return {
    input_tokens: entry.promptTokens - entry.cachedTokens - cacheWriteTokens,
    cache_creation_input_tokens: cacheWriteTokens,
    cache_read_input_tokens: entry.cachedTokens,
    output_tokens: entry.completionTokens,
    output_tokens_details: { thinking_tokens: Math.min(thoughts?.length ?? 0, entry.completionTokens) },
    service_tier: 'standard',
  };
}

const told = ({ thoughts, hidesThoughts }: MessageTurn): string => (hidesThoughts ? '' : (thoughts ?? []).join(''));
const signatureOf = ({ id }: Turn): string => digest(id).toString('base64');
const toolId = (id: string): string => id.replace(/^call_/, 'toolu_');
const event = (data: { type: string; [field: string]: unknown }, name = data.type): string =>
  `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
