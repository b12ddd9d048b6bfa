import type { ErrorBody } from '../../gateway/errors.ts';

type Fields = Readonly<Record<string, unknown>>;

const MAX_MESSAGE_LENGTH = 2000;
const INVALID = 'invalid_request_error';
/** Whose account it is that asks, and with which key, is nobody's business: ids and keys have digits or stars in them. */
const OURS = /\b(?:org|proj|sk|gsk|xai|csk|pplx|fw)[-_](?=[\w-]*[\d*])[\w*-]{6,}/g;

/**
 * What a provider says went wrong, in OpenAI's envelope; undefined when it says nothing that could be read. Seen:
 * `{error: {message, …}}`, `{error: "…", code}` (xAI), `{message, type, code}` (Cerebras, Cohere),
 * `{object: "error", message}` (vLLM, Mistral), `{detail: "…" | [{loc, msg}]}` (FastAPI), and lists of one of them.
 */
export function envelopeOf(value: unknown): ErrorBody | undefined {
  if (Array.isArray(value)) return envelopeOf(value[0]);
  if (!isFields(value)) return undefined;
  const { error, message, detail } = value;
  if (isFields(error)) return envelopeOf(error);
  if (typeof error === 'string') return envelope(error, value);
  if (typeof message === 'string') return unwrapped(message) ?? envelope(message, value);
  if (isFields(message)) return envelopeOf(message);
  return detailsOf(detail);
}

export const parseEnvelope = (body: Buffer): ErrorBody | undefined => {
  try {
    return envelopeOf(JSON.parse(body.toString('utf8')));
  } catch {
    return undefined;
  }
};

/** For people: nothing of ours in it, and not longer than anybody reads. */
export const presentable = (message: string): string => message.replace(OURS, '…').slice(0, MAX_MESSAGE_LENGTH);

/** Some put a whole envelope, as JSON, in the message of theirs. */
function unwrapped(message: string): ErrorBody | undefined {
  return message.startsWith('{') ? parseEnvelope(Buffer.from(message)) : undefined;
}

/** What FastAPI's validation says: where, and what about it. */
function detailsOf(detail: unknown): ErrorBody | undefined {
  if (typeof detail === 'string') return envelope(detail, {});
  if (isFields(detail) && !Array.isArray(detail)) return envelopeOf(detail);
  if (!Array.isArray(detail)) return undefined;
  const [first] = detail as unknown[];
  if (!isFields(first) || typeof first['msg'] !== 'string') return undefined;
  const location = Array.isArray(first['loc']) ? first['loc'].filter((step) => step !== 'body').join('.') : '';
  return envelope(location === '' ? first['msg'] : `${location}: ${first['msg']}`, { param: location || null });
}

function envelope(message: string, { type, param, code }: Fields): ErrorBody | undefined {
  if (message === '') return undefined;
  return {
    message: presentable(message),
    type: typeof type === 'string' ? type : INVALID,
    param: typeof param === 'string' ? param : null,
    code: typeof code === 'string' ? code : null,
  };
}

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
