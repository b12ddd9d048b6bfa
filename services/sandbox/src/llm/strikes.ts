import type { Fault } from '../kernel/faults.ts';
import type { World } from '../kernel/stand-in.ts';

/**
 * Faults of the LLM providers (targets `llm`, `anthropic`, `gemini`) beyond the common ones; several kinds may strike one
 * request.
 * - `stall_before`: the first byte (headers included) comes `ms` late;
 * - `stall_mid`: after `chunks` tokens (default 3) nothing comes for `ms`;
 * - `stream_cut`: the connection is cut after `chunks` tokens (default 3); a plain answer is cut in the middle;
 * - `stream_error`: after `chunks` tokens (default 3) an error event, then the end without `[DONE]`;
 * - `no_usage`: no usage, although asked for; `usage_with_choices`: usage on the last chunk that has a choice;
 * - `odd_framing`: CRLF, comment lines, and segments of seven bytes that split characters;
 * - `bad_json`: an answer, or the second event, that is not JSON; `html_502`: a proxy's HTML page;
 * - `refuse`: the model declines by its own rules (`anthropic` and `gemini` only).
 */
const EVERYWHERE = ['no_usage'] as const;
const PLAIN = [...EVERYWHERE, 'stall_before', 'stall_mid', 'stream_cut', 'bad_json', 'refuse'] as const;
const STREAM = [...PLAIN, 'stream_error', 'usage_with_choices', 'odd_framing'] as const;
const KINDS = { embeddings: EVERYWHERE, plain: PLAIN, stream: STREAM };

export type Strikes = Partial<Record<(typeof STREAM)[number], Fault>>;

interface Request {
  method: string;
  path: string;
}

/** Takes only what can strike this kind of answer, so that a fault with `times` is not spent on another. */
export function takeStrikes(world: World, request: Request, shape: keyof typeof KINDS, target = 'llm'): Strikes {
  const struck = KINDS[shape].flatMap((kind) => {
    const fault = world.faults.take(target, [kind], request);
    return fault ? [[kind, fault] as const] : [];
  });
  return Object.fromEntries(struck);
}

export function takesProxyPage(world: World, request: Request, target = 'llm'): boolean {
  return world.faults.take(target, ['html_502'], request) !== undefined;
}

const DEFAULT_CHUNKS = 3;

export function chunksBefore(fault: Fault | undefined): number {
  return fault ? (fault.chunks ?? DEFAULT_CHUNKS) : Infinity;
}
