type Fields = Readonly<Record<string, unknown>>;

/** Of an answer that is there at once; clients only expect that it comes in pieces. */
const PIECE_CHARACTERS = 256;

export interface ReplayedStream {
  /** Without the usage event and the last one. */
  events: Buffer;
  /** For who asked for it. */
  usageEvent: Buffer | null;
}

/** A chat completion as the stream that it would have come in. */
export function replayChat(completion: Buffer, wantsUsage: boolean): ReplayedStream {
  const { choices, usage = null, object: _, ...rest } = JSON.parse(completion.toString('utf8')) as Fields;
  const head = { ...rest, object: 'chat.completion.chunk' };
  const chunk = (choices: readonly object[], said: unknown) =>
    `data: ${JSON.stringify({ ...head, choices, ...(wantsUsage && { usage: said }) })}\n\n`;
  const events = (choices as readonly Fields[]).flatMap((choice) =>
    partsOf(choice).map((part) =>
      chunk([{ index: choice['index'] ?? 0, logprobs: null, finish_reason: null, ...part }], null),
    ),
  );
  return { events: Buffer.from(events.join('')), usageEvent: wantsUsage ? Buffer.from(chunk([], usage)) : null };
}

/** Who speaks, what is said piece by piece, all the rest of the message, and how it ended. */
function partsOf({ message, finish_reason: finishReason, logprobs = null, index: _, ...others }: Fields): object[] {
  const {
    role = 'assistant',
    content,
    reasoning,
    reasoning_content: thoughts,
    tool_calls: calls,
    ...rest
  } = message as Fields;
  const parts: object[] = [{ delta: { role, content: typeof content === 'string' ? '' : (content ?? null) } }];
  for (const [name, text] of Object.entries({ reasoning, reasoning_content: thoughts, content }))
    for (const piece of piecesOf(text)) parts.push({ delta: { [name]: piece } });
  if (Array.isArray(calls))
    for (const [index, call] of calls.entries()) parts.push(...toolParts(call as Fields, index));
  const remaining = Object.entries(rest).filter(([, value]) => value !== null);
  if (remaining.length > 0) parts.push({ delta: Object.fromEntries(remaining) });
  if (logprobs !== null) parts.push({ delta: {}, logprobs });
  return [...parts, { ...others, delta: {}, finish_reason: finishReason ?? 'stop' }];
}

function toolParts(call: Fields, index: number): object[] {
  const { function: called } = call;
  if (typeof called !== 'object' || called === null) return [{ delta: { tool_calls: [{ ...call, index }] } }];
  const { arguments: text, ...named } = called as Fields;
  const first = { ...call, index, function: { ...named, arguments: '' } };
  return [
    { delta: { tool_calls: [first] } },
    ...piecesOf(text).map((piece) => ({ delta: { tool_calls: [{ index, function: { arguments: piece } }] } })),
  ];
}

/** Never in the middle of a character. */
function piecesOf(text: unknown): string[] {
  if (typeof text !== 'string') return [];
  const pieces: string[] = [];
  for (let at = 0; at < text.length;) {
    let end = Math.min(text.length, at + PIECE_CHARACTERS);
    if (end < text.length && isFirstHalf(text.charCodeAt(end - 1))) end += 1;
    pieces.push(text.slice(at, end));
    at = end;
  }
  return pieces;
}

const isFirstHalf = (code: number) => code >= 0xd800 && code <= 0xdbff;
