import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { chunksBefore } from './strikes.ts';
import { type Outcome, type Turn, pause } from './turn.ts';

const SEGMENT_BYTES = 7;

/** How one vendor words a stream: whole events, each with the blank line that ends it. */
export interface StreamWords {
  headers: Record<string, string>;
  opening: string;
  /** One for each token, said when it has been made; an empty one is not sent. */
  tokens: readonly (() => string)[];
  closing(): string;
  /** What says that it failed in the middle. */
  failure: string;
  /** An event that cannot be read. */
  broken: string;
}

/** Answers as server-sent events, one token each, and stops making tokens when the client is gone. */
export async function produceStream(turn: Turn, words: StreamWords): Promise<Outcome> {
  const { entry, strikes, response, gone } = turn;
  await pause(strikes.stall_before?.ms ?? 0, gone);
  if (gone.aborted) return 'aborted';
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
    ...words.headers,
  });
  await write(turn, words.opening);
  const cutAfter = chunksBefore(strikes.stream_cut);
  const failAfter = chunksBefore(strikes.stream_error);
  const stallAfter = chunksBefore(strikes.stall_mid);
  for (const [made, token] of words.tokens.entries()) {
    if (made === stallAfter) await pause(strikes.stall_mid?.ms ?? 0, gone);
    if (made === cutAfter) return cut(turn);
    if (made === failAfter) return fail(turn, words.failure);
    if (made === 1 && strikes.bad_json) return fail(turn, words.broken);
    await pause(turn.chunkDelayMs, gone);
    // Also gives a client without a delay the chance to leave between two tokens.
    await nextTurn();
    if (gone.aborted) return 'aborted';
    entry.completionTokens += 1;
    await write(turn, token());
  }
  await write(turn, words.closing());
  if (gone.aborted) return 'aborted';
  response.end();
  return 'complete';
}

/** Answers in one piece, after the time that the tokens take to make. */
export async function producePlain(
  turn: Turn,
  { tokens, headers, body }: { tokens: number; headers: Record<string, string>; body: () => unknown },
): Promise<Outcome> {
  const { entry, strikes, response, gone } = turn;
  await pause(strikes.stall_before?.ms ?? 0, gone);
  const stallAfter = chunksBefore(strikes.stall_mid);
  for (let made = 0; made < tokens && !gone.aborted; made += 1) {
    if (made === stallAfter) await pause(strikes.stall_mid?.ms ?? 0, gone);
    await pause(turn.chunkDelayMs, gone);
    if (!gone.aborted) entry.completionTokens += 1;
  }
  if (gone.aborted) return 'aborted';
  const json = JSON.stringify(body());
  const bytes = Buffer.from(strikes.bad_json ? json.slice(0, json.length / 2) : json);
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': bytes.length, ...headers });
  if (strikes.stream_cut) {
    response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
    return 'cut';
  }
  response.end(bytes);
  return 'complete';
}

function cut({ response }: Turn): Outcome {
  response.destroy();
  return 'cut';
}

async function fail(turn: Turn, event: string): Promise<Outcome> {
  await write(turn, event);
  turn.response.end();
  return 'failed';
}

async function write(turn: Turn, text: string): Promise<void> {
  const { strikes, response, gone } = turn;
  if (text === '') return;
  if (!strikes.odd_framing) return push(turn, text);
  const bytes = Buffer.from(`: SANDBOX PROCESSING\n\n${text}`.replace(/\r?\n/g, '\r\n'));
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
