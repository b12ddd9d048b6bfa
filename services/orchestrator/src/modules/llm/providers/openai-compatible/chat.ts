import type { Answer, StreamEvent, TokenUsage } from '../provider.ts';
import { errorIn } from './error.ts';
import { eventData, parseObject } from './event.ts';
import { chatUsage } from './usage.ts';

interface Delta {
  content?: unknown;
  refusal?: unknown;
  reasoning?: unknown;
  reasoning_content?: unknown;
  tool_calls?: unknown;
  function_call?: unknown;
}

interface Choice {
  delta?: Delta | null;
  message?: Delta | null;
  finish_reason?: unknown;
}

type Fields = Readonly<Record<string, unknown>>;

/** Everything that a model produces, wherever it is put; reasoning has two names, and some providers use both at once. */
const TEXT_FIELDS = ['content', 'refusal', 'reasoning'] as const;

export function readChatAnswer(body: Buffer): Answer | undefined {
  const completion = parseObject(body.toString('utf8'));
  if (!completion || !Array.isArray(completion['choices'])) return undefined;
  const text: string[] = [];
  for (const choice of completion['choices'] as (Choice | null)[]) collect(choice?.message, text);
  return { usage: usageOf(completion), text };
}

export function readChatEvent(event: Buffer): StreamEvent {
  const data = eventData(event);
  if (data === undefined) return { kind: 'other' };
  if (data === null) return { kind: 'broken' };
  if (data === 'done') return { kind: 'done' };
  const choices = Array.isArray(data['choices']) ? (data['choices'] as (Choice | null)[]) : [];
  const error = errorIn(data);
  if (error) return { kind: 'error', error };
  const usage = usageOf(data);
  if (choices.length === 0) return usage ? { kind: 'usage', usage } : { kind: 'other' };
  const text: string[] = [];
  let isFinal = false;
  for (const choice of choices) {
    collect(choice?.delta ?? choice?.message, text);
    isFinal ||= typeof choice?.finish_reason === 'string';
  }
  return { kind: 'part', text: text.length === 1 ? (text[0] ?? '') : text.join(''), isFinal, usage };
}

/** Some providers send usage where nobody expects it, so every event is asked. */
function usageOf({ usage, x_groq: groq }: Fields): TokenUsage | null {
  return chatUsage(usage) ?? chatUsage((groq as { usage?: unknown } | null | undefined)?.usage);
}

function collect(delta: Delta | null | undefined, text: string[]): void {
  if (!delta) return;
  for (const field of TEXT_FIELDS) add(delta[field], text);
  if (delta.reasoning_content !== delta.reasoning) add(delta.reasoning_content, text);
  add((delta.function_call as { arguments?: unknown } | null | undefined)?.arguments, text);
  if (!Array.isArray(delta.tool_calls)) return;
  for (const call of delta.tool_calls as ({ function?: Fields | null; custom?: Fields | null } | null)[]) {
    add(call?.function?.['arguments'], text);
    add(call?.custom?.['input'], text);
  }
}

function add(value: unknown, text: string[]): void {
  if (typeof value === 'string') {
    if (value !== '') text.push(value);
    // Mistral's content is a list when it reasons, of pieces that may hold pieces.
  } else if (Array.isArray(value)) for (const piece of value as (Fields | null)[]) addPiece(piece, text);
}

function addPiece(piece: Fields | null, text: string[]): void {
  if (typeof piece !== 'object' || piece === null) return;
  add(piece['text'], text);
  add(piece['thinking'], text);
}
