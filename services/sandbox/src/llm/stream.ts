import { type StreamWords, produceStream } from './produce.ts';
import { type Outcome, type Turn, providerHeaders, usageOf } from './turn.ts';

const FAILURE = {
  message: 'The server had an error while processing your request.',
  type: 'server_error',
  param: null,
  code: 'internal_error',
};

/** Answers as OpenAI's events, one token each. */
export function answerStream(turn: Turn): Promise<Outcome> {
  return produceStream(turn, wordsOf(turn));
}

function wordsOf(turn: Turn): StreamWords {
  return {
    headers: providerHeaders(turn),
    opening: event(chunk(turn, opening(turn), null)),
    tokens: turn.answer.pieces.map((piece) => () => event(chunk(turn, delta(turn, piece), null))),
    closing: () => closing(turn),
    failure: event({ error: FAILURE }),
    broken: `data: {"id":"${turn.id}","choices":[{"delta":{"content":"bro\n\n`,
  };
}

function closing(turn: Turn): string {
  const { request, strikes, answer } = turn;
  const usage = request.stream_options?.include_usage ? usageOf(turn) : null;
  const last = chunk(turn, {}, answer.finishReason);
  const isBeside = strikes.usage_with_choices && usage;
  const usageChunk = usage && !isBeside ? event({ ...chunk(turn, {}, null), choices: [], usage }) : '';
  return `${event(isBeside ? { ...last, usage } : last)}${usageChunk}data: [DONE]\n\n`;
}

function chunk({ id, createdAt, request }: Turn, delta: object, finishReason: string | null) {
  return {
    id,
    object: 'chat.completion.chunk',
    created: Math.floor(createdAt.getTime() / 1000),
    model: request.model,
    system_fingerprint: 'fp_sandbox',
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }],
    ...(request.stream_options?.include_usage && { usage: null }),
  };
}

function opening({ answer: { toolCall } }: Turn): object {
  if (!toolCall) return { role: 'assistant', content: '', refusal: null };
  const call = { index: 0, id: toolCall.id, type: 'function', function: { name: toolCall.name, arguments: '' } };
  return { role: 'assistant', content: null, tool_calls: [call] };
}

function delta({ answer: { toolCall } }: Turn, piece: string): object {
  return toolCall ? { tool_calls: [{ index: 0, function: { arguments: piece } }] } : { content: piece };
}

const event = (data: object): string => `data: ${JSON.stringify(data)}\n\n`;
