import { producePlain } from './produce.ts';
import { type Outcome, type Turn, providerHeaders, usageOf } from './turn.ts';

/** Answers as OpenAI does, in one piece. */
export function answerPlain(turn: Turn): Promise<Outcome> {
  const { pieces } = turn.answer;
  return producePlain(turn, { tokens: pieces.length, headers: providerHeaders(turn), body: () => completion(turn) });
}

function completion(turn: Turn) {
  const { answer, request } = turn;
  const text = answer.pieces.join('');
  const usage = usageOf(turn);
  const message = answer.toolCall
    ? { content: null, tool_calls: [toolCall(answer.toolCall, text)] }
    : { content: text };
  return {
    id: turn.id,
    object: 'chat.completion',
    created: Math.floor(turn.createdAt.getTime() / 1000),
    model: request.model,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', refusal: null, ...message },
        logprobs: null,
        finish_reason: answer.finishReason,
      },
    ],
    ...(usage && { usage }),
    system_fingerprint: 'fp_sandbox',
  };
}

function toolCall({ id, name }: { id: string; name: string }, args: string) {
  return { id, type: 'function', function: { name, arguments: args } };
}
