import type { Surface } from '../providers/provider.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A filter's no may be a whim, and an error is none of our business. */
const FINISHED = new Set(['stop', 'length', 'tool_calls', 'function_call']);
const STOPPED = new Set(['end_turn', 'max_tokens', 'stop_sequence', 'tool_use']);

/** Whether the provider said all that it had to say: only that is worth keeping. */
const IS_WHOLE: Readonly<Record<Surface, (answer: Fields) => boolean>> = {
  chat: ({ choices, error }) => isList(choices) && !error && choices.every(isWholeChoice),
  embeddings: ({ data, error }) => isList(data) && !error,
  responses: ({ status, incomplete_details: why, error }) =>
    !error &&
    (status === 'completed' || (status === 'incomplete' && (why as Fields | null)?.['reason'] === 'max_output_tokens')),
  messages: ({ type, stop_reason: reason }) => type === 'message' && STOPPED.has(String(reason)),
};

/** Sound is said in one format when it is streamed and in another when it is not. */
function isWholeChoice(choice: Fields | null): boolean {
  const message = choice?.['message'] as Fields | null | undefined;
  return FINISHED.has(String(choice?.['finish_reason'])) && typeof message === 'object' && !message?.['audio'];
}

export function isWholeAnswer(surface: Surface, body: Buffer): boolean {
  try {
    const answer: unknown = JSON.parse(body.toString('utf8'));
    return typeof answer === 'object' && answer !== null && IS_WHOLE[surface](answer as Fields);
  } catch {
    return false;
  }
}

const isList = (value: unknown): value is (Fields | null)[] => Array.isArray(value) && value.length > 0;
