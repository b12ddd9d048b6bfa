import { chunksBefore } from './strikes.ts';
import { pause, providerHeaders, type Outcome, type Turn, usageOf } from './turn.ts';

/** Answers in one piece, after the time that the tokens take to make. */
export async function answerPlain(turn: Turn): Promise<Outcome> {
  const { answer, entry, strikes, response, gone } = turn;
  await pause(strikes.stall_before?.ms ?? 0, gone);
  const stallAfter = chunksBefore(strikes.stall_mid);
  for (let made = 0; made < answer.pieces.length && !gone.aborted; made += 1) {
    if (made === stallAfter) await pause(strikes.stall_mid?.ms ?? 0, gone);
    await pause(turn.chunkDelayMs, gone);
    if (!gone.aborted) entry.completionTokens += 1;
  }
  if (gone.aborted) return 'aborted';
  const json = JSON.stringify(completion(turn));
  const body = Buffer.from(strikes.bad_json ? json.slice(0, json.length / 2) : json);
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-length': body.length,
    ...providerHeaders(turn),
  });
  if (strikes.stream_cut) {
    response.write(body.subarray(0, body.length / 2), () => response.destroy());
    return 'cut';
  }
  response.end(body);
  return 'complete';
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
