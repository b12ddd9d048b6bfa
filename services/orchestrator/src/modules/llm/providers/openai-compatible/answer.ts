import { characters } from '../../characters.ts';
import type { Answer, StreamEvent, TokenUsage } from '../provider.ts';
import { errorOfEvent } from './error.ts';

interface Delta {
  content?: unknown;
  refusal?: unknown;
  reasoning?: unknown;
  reasoning_content?: unknown;
  tool_calls?: unknown;
  function_call?: unknown;
}

interface Completion {
  choices?: unknown;
  usage?: unknown;
  x_groq?: { usage?: unknown } | null;
  error?: unknown;
}

interface Choice {
  delta?: Delta | null;
  message?: Delta | null;
  finish_reason?: unknown;
}

const COMPLETION_FIELDS = ['content', 'refusal', 'reasoning', 'reasoning_content'] as const;

export function readAnswer(body: Buffer): Answer | undefined {
  const completion = parse(body.toString('utf8'));
  if (!completion || !Array.isArray(completion.choices)) return undefined;
  const choices = completion.choices as Choice[];
  return { usage: usageOf(completion), textLength: sum(choices.map((choice) => textLength(choice.message))) };
}

export function readEvent(event: Buffer): StreamEvent {
  const data = dataOf(event.toString('utf8'));
  if (data === undefined) return { kind: 'other' };
  if (data === '[DONE]') return { kind: 'done' };
  const completion = parse(data);
  if (!completion) return { kind: 'broken' };
  if (completion.error) return { kind: 'error', error: errorOfEvent(completion.error) };
  const usage = usageOf(completion);
  const choices = Array.isArray(completion.choices) ? (completion.choices as Choice[]) : [];
  if (choices.length === 0) return usage ? { kind: 'usage', usage } : { kind: 'other' };
  return {
    kind: 'part',
    textLength: sum(choices.map((choice) => textLength(choice.delta))),
    isFinal: choices.some((choice) => typeof choice.finish_reason === 'string'),
    usage,
  };
}

/** The data of one event: its `data:` lines, joined. Undefined for comments and the like. */
function dataOf(event: string): string | undefined {
  if (event.startsWith('data: ') && event.indexOf('\n') === event.length - 2) return event.slice(6, -2);
  const lines = event
    .split(/\r?\n/)
    .flatMap((line) => (line.startsWith('data:') ? [line.slice(5).replace(/^ /, '')] : []));
  return lines.length === 0 ? undefined : lines.join('\n').trim();
}

function parse(text: string): Completion | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Zero is a value; absence is not (some providers send usage where nobody expects it, so every event is asked). */
function usageOf({ usage, x_groq: groq }: Completion): TokenUsage | null {
  return toUsage(usage) ?? toUsage(groq?.usage);
}

function toUsage(usage: unknown): TokenUsage | null {
  if (typeof usage !== 'object' || usage === null) return null;
  const {
    prompt_tokens: prompt,
    completion_tokens: completion,
    prompt_tokens_details: details,
  } = usage as {
    prompt_tokens?: unknown;
    completion_tokens?: unknown;
    prompt_tokens_details?: { cached_tokens?: unknown } | null;
  };
  if (!isCount(prompt) || !isCount(completion)) return null;
  const cached = details?.cached_tokens;
  return { promptTokens: prompt, cachedTokens: isCount(cached) ? cached : 0, completionTokens: completion };
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
const lengthOf = (value: unknown): number => (typeof value === 'string' ? characters(value) : 0);

/** Everything that a model produced, wherever it is put. */
function textLength(delta: Delta | null | undefined): number {
  if (!delta) return 0;
  let length = 0;
  for (const field of COMPLETION_FIELDS) length += lengthOf(delta[field]);
  const call = delta.function_call as { arguments?: unknown } | null | undefined;
  length += lengthOf(call?.arguments);
  if (Array.isArray(delta.tool_calls))
    for (const tool of delta.tool_calls as { function?: { arguments?: unknown } | null }[])
      length += lengthOf(tool.function?.arguments);
  return length;
}
