import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { chunksBefore } from './strikes.ts';
import { pause, providerHeaders, type Outcome, type Turn, usageOf } from './turn.ts';

const SEGMENT_BYTES = 7;

/** Answers as server-sent events, one token each, and stops making tokens when the client is gone. */
export async function answerStream(turn: Turn): Promise<Outcome> {
  const { answer, entry, strikes, response, gone } = turn;
  await pause(strikes.stall_before?.ms ?? 0, gone);
  if (gone.aborted) return 'aborted';
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
    ...providerHeaders(turn),
  });
  await send(turn, chunk(turn, opening(turn), null));
  const cutAfter = chunksBefore(strikes.stream_cut);
  const failAfter = chunksBefore(strikes.stream_error);
  const stallAfter = chunksBefore(strikes.stall_mid);
  for (const [made, piece] of answer.pieces.entries()) {
    if (made === stallAfter) await pause(strikes.stall_mid?.ms ?? 0, gone);
    if (made === cutAfter) return cut(turn);
    if (made === failAfter) return fail(turn);
    if (made === 1 && strikes.bad_json) return sendBroken(turn);
    await pause(turn.chunkDelayMs, gone);
    // Also gives a client without a delay the chance to leave between two tokens.
    await nextTurn();
    if (gone.aborted) return 'aborted';
    entry.completionTokens += 1;
    await send(turn, chunk(turn, delta(turn, piece), null));
  }
  return finish(turn);
}

async function finish(turn: Turn): Promise<Outcome> {
  const { request, strikes, response, gone, answer } = turn;
  const usage = request.stream_options?.include_usage ? usageOf(turn) : null;
  const last = chunk(turn, {}, answer.finishReason);
  await send(turn, strikes.usage_with_choices && usage ? { ...last, usage } : last);
  if (usage && !strikes.usage_with_choices) await send(turn, { ...chunk(turn, {}, null), choices: [], usage });
  await write(turn, 'data: [DONE]\n\n');
  if (gone.aborted) return 'aborted';
  response.end();
  return 'complete';
}

function cut({ response }: Turn): Outcome {
  response.destroy();
  return 'cut';
}

async function fail(turn: Turn): Promise<Outcome> {
  const error = { message: 'The server had an error while processing your request.', type: 'server_error' };
  await send(turn, { error: { ...error, param: null, code: 'internal_error' } });
  turn.response.end();
  return 'failed';
}

async function sendBroken(turn: Turn): Promise<Outcome> {
  await write(turn, `data: {"id":"${turn.id}","choices":[{"delta":{"content":"bro\n\n`);
  turn.response.end();
  return 'failed';
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

function send(turn: Turn, event: object): Promise<void> {
  return write(turn, `data: ${JSON.stringify(event)}\n\n`);
}

async function write(turn: Turn, text: string): Promise<void> {
  const { strikes, response, gone } = turn;
  if (!strikes.odd_framing) return push(turn, text);
  const bytes = Buffer.from(`: SANDBOX PROCESSING\n\n${text}`.replaceAll('\n', '\r\n'));
  response.socket?.setNoDelay(true);
  for (let at = 0; at < bytes.length && !gone.aborted; at += SEGMENT_BYTES) {
    await push(turn, bytes.subarray(at, at + SEGMENT_BYTES));
    await nextTurn();
  }
}

async function push({ response, gone }: Turn, data: string | Buffer): Promise<void> {
  if (gone.aborted || response.write(data)) return;
  await once(response, 'drain', { signal: gone }).catch(() => undefined);
}
