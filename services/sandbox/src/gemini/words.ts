import { digest } from '../llm/answer.ts';
import type { StreamWords } from '../llm/produce.ts';
import type { Turn } from '../llm/turn.ts';
import { envelope } from './errors.ts';

/** One response on its way, and what it costs. */
export interface ContentTurn extends Turn {
  /** What it thinks before it answers, in pieces of one token each; null = it does not think. */
  thoughts: readonly string[] | null;
  /** Thoughts are told, not only counted. */
  tellsThoughts: boolean;
}

export const THOUGHTS = ['Let ', 'me t', 'hink', ' abo', 'ut i', 't.'];

export const headersOf = (): Record<string, string> => ({ 'server-timing': 'gfet4t7; dur=1', vary: 'X-Origin' });

/** https://ai.google.dev/api/generate-content#generatecontentresponse */
export function responseOf(turn: ContentTurn) {
  if (turn.strikes.refuse) return blocked(turn);
  const thought = turn.thoughts && turn.tellsThoughts ? [{ text: turn.thoughts.join(''), thought: true }] : [];
  return chunk(turn, [...thought, said(turn)], finishReason(turn));
}

/** https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent: it ends by closing, without a mark. */
export function wordsOf(turn: ContentTurn): StreamWords {
  const isRefused = turn.strikes.refuse !== undefined;
  return {
    headers: headersOf(),
    opening: '',
    tokens: isRefused ? [] : [...thinkingTokens(turn), ...answerTokens(turn)],
    closing: () => event(isRefused ? blocked(turn) : chunk(turn, [{ text: '' }], finishReason(turn))),
    failure: event(envelope(503)),
    broken: 'data: {"candidates":[{"content":{"parts":[{"te\r\n\r\n',
  };
}

const thinkingTokens = (turn: ContentTurn): (() => string)[] =>
  (turn.thoughts ?? []).map((text) => () => (turn.tellsThoughts ? event(chunk(turn, [{ text, thought: true }])) : ''));

/** Calls come whole. */
function answerTokens(turn: ContentTurn): (() => string)[] {
  const { pieces, toolCall } = turn.answer;
  if (!toolCall) return pieces.map((text) => () => event(chunk(turn, [{ text }])));
  return pieces.map((_, at) => () => (at === pieces.length - 1 ? event(chunk(turn, [said(turn)])) : ''));
}

function said({ id, answer: { pieces, toolCall }, thoughts }: ContentTurn): object {
  const text = pieces.join('');
  if (!toolCall) return { text };
  const call = { functionCall: { name: toolCall.name, args: JSON.parse(text) as unknown } };
  return thoughts ? { ...call, thoughtSignature: digest(id).toString('base64') } : call;
}

function chunk(turn: ContentTurn, parts: object[], finishReason?: string) {
  const candidate = { content: { parts, role: 'model' }, ...(finishReason && { finishReason }), index: 0 };
  return { candidates: [candidate], ...ending(turn) };
}

function blocked(turn: ContentTurn) {
  return { promptFeedback: { blockReason: 'PROHIBITED_CONTENT' }, ...ending(turn) };
}

const finishReason = ({ answer }: Turn): string => (answer.finishReason === 'length' ? 'MAX_TOKENS' : 'STOP');

function ending(turn: ContentTurn) {
  const { id, request, strikes } = turn;
  return {
    ...(!strikes.no_usage && { usageMetadata: usageOf(turn) }),
    modelVersion: request.model,
    responseId: id,
  };
}

/** Of everything so far. What was thought is counted beside the candidates. */
function usageOf({ entry, thoughts }: ContentTurn) {
  const thoughtsTokenCount = Math.min(thoughts?.length ?? 0, entry.completionTokens);
  return {
    promptTokenCount: entry.promptTokens,
    ...(entry.cachedTokens > 0 && { cachedContentTokenCount: entry.cachedTokens }),
    candidatesTokenCount: entry.completionTokens - thoughtsTokenCount,
    ...(thoughtsTokenCount > 0 && { thoughtsTokenCount }),
    totalTokenCount: entry.promptTokens + entry.completionTokens,
    promptTokensDetails: [{ modality: 'TEXT', tokenCount: entry.promptTokens }],
  };
}

const event = (data: object): string => `data: ${JSON.stringify(data)}\r\n\r\n`;
