import type { AnsweredToolCall, FinishReason, Logprob, Logprobs } from '../chat/completion.ts';

export type Fields = Readonly<Record<string, unknown>>;

export const fields = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? (value as Fields) : {};
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
export const listOf = (value: unknown): Fields[] => (Array.isArray(value) ? value.map(fields) : []);

const FILTERED = new Set([
  'SAFETY',
  'RECITATION',
  'LANGUAGE',
  'BLOCKLIST',
  'PROHIBITED_CONTENT',
  'SPII',
  'IMAGE_SAFETY',
  'IMAGE_PROHIBITED_CONTENT',
  'IMAGE_RECITATION',
]);

/** https://ai.google.dev/api/generate-content#FinishReason; Gemini says STOP of calls, too. */
export function finishReasonOf(reason: unknown, hasCalls: boolean): FinishReason {
  if (reason === 'MAX_TOKENS') return 'length';
  if (FILTERED.has(textOf(reason))) return 'content_filter';
  return hasCalls ? 'tool_calls' : 'stop';
}

/** Why the prompt was not answered at all, for people. */
export function blockedPrompt(response: Fields): string | undefined {
  const reason = fields(response['promptFeedback'])['blockReason'];
  return typeof reason === 'string' ? `The prompt was blocked by the provider (${reason}).` : undefined;
}

/** What one part of a candidate's content says. */
export interface Said {
  content: string;
  reasoning: string;
  call?: Omit<AnsweredToolCall, 'id'> & { id: string | undefined };
}

export function saidBy(part: Fields): Said {
  const text = textOf(part['text']);
  const isThought = part['thought'] === true;
  const said = { content: isThought ? '' : text, reasoning: isThought ? text : '' };
  if (typeof part['functionCall'] !== 'object' || part['functionCall'] === null) return said;
  const { id, name, args } = fields(part['functionCall']);
  const signature = textOf(part['thoughtSignature']);
  return {
    ...said,
    call: {
      id: textOf(id) || undefined,
      type: 'function',
      function: { name: textOf(name), arguments: JSON.stringify(args ?? {}) },
      ...(signature !== '' && { extra_content: { google: { thought_signature: signature } } }),
    },
  };
}

/** The same answer gives the same ids, which clients must send back. At most 40 characters, as at OpenAI. */
export const callId = (answerId: string, candidate: number, call: number): string =>
  `call_${answerId}_${candidate}_${call}`.slice(-40);

/** https://ai.google.dev/api/generate-content#LogprobsResult */
export function logprobsOf(candidate: Fields): Logprobs | null {
  const result = fields(candidate['logprobsResult']);
  if (!Array.isArray(result['chosenCandidates'])) return null;
  const top = listOf(result['topCandidates']);
  const content = listOf(result['chosenCandidates']).map((chosen, index) => ({
    ...logprobOf(chosen),
    top_logprobs: listOf(top[index]?.['candidates']).map(logprobOf),
  }));
  return { content, refusal: null };
}

function logprobOf({ token, logProbability }: Fields): Logprob {
  const text = textOf(token);
  return { token: text, logprob: Number(logProbability ?? 0), bytes: [...Buffer.from(text)] };
}
