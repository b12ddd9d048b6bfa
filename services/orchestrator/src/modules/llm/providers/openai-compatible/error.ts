import type { ErrorBody } from '../../gateway/errors.ts';
import type { UpstreamError } from '../provider.ts';

/** What the client did wrong, in the provider's words. */
const THE_CLIENTS = new Set([400, 404, 413, 415, 422]);
/** Our credentials or our bill: the client must not take it for theirs. */
const OUR_ACCOUNT = new Set([401, 402, 403]);
const MAX_RETRY_AFTER_S = 60;
const MAX_MESSAGE_LENGTH = 2000;

/** OpenAI's envelope, an HTML page or nothing at all in; always an envelope out. */
export function readError(
  status: number,
  headers: Record<string, string | string[] | undefined>,
  body: Buffer,
): UpstreamError {
  const given = envelopeOf(body);
  if (THE_CLIENTS.has(status) && given) return { status, body: given, isOurs: false };
  if (OUR_ACCOUNT.has(status))
    return ours(502, 'upstream_refused', 'The provider refused the gateway itself. The operator has been told.');
  const retryAfterS = retryAfter(headers['retry-after']);
  if (status === 429)
    return {
      status: 429,
      body: error('requests', 'rate_limit_exceeded', 'The provider is serving as many requests as it allows us.'),
      retryAfterS: retryAfterS ?? 1,
      isOurs: true,
    };
  if (status === 503)
    return { ...ours(503, 'overloaded', 'The provider is overloaded.'), retryAfterS: retryAfterS ?? 1 };
  return ours(502, 'upstream_error', `The provider failed (${status}).`);
}

/** An error inside a stream: some providers give a status as its code. */
export function errorOfEvent(given: unknown): UpstreamError {
  const { message, type, code } = given as { message?: unknown; type?: unknown; code?: unknown };
  const status = typeof code === 'number' && code >= 400 && code <= 599 ? code : 502;
  return {
    status: OUR_ACCOUNT.has(status) ? 502 : status,
    body: error(
      typeof type === 'string' ? type : 'upstream_error',
      typeof code === 'string' ? code : 'upstream_error',
      OUR_ACCOUNT.has(status) ? 'The provider refused the gateway itself.' : text(message, 'The provider failed.'),
    ),
    isOurs: !THE_CLIENTS.has(status),
  };
}

function envelopeOf(body: Buffer): ErrorBody | undefined {
  try {
    const { error: given } = JSON.parse(body.toString('utf8')) as { error?: unknown };
    if (typeof given === 'string') return error('invalid_request_error', null, text(given, ''));
    if (typeof given !== 'object' || given === null) return undefined;
    const { message, type, param, code } = given as Record<string, unknown>;
    if (typeof message !== 'string') return undefined;
    return {
      message: text(message, ''),
      type: typeof type === 'string' ? type : 'invalid_request_error',
      param: typeof param === 'string' ? param : null,
      code: typeof code === 'string' ? code : null,
    };
  } catch {
    return undefined;
  }
}

const error = (type: string, code: string | null, message: string): ErrorBody => ({ message, type, param: null, code });
const ours = (status: number, code: string, message: string): UpstreamError => ({
  status,
  body: error('upstream_error', code, message),
  isOurs: true,
});
const text = (value: unknown, fallback: string): string =>
  typeof value === 'string' && value !== '' ? value.slice(0, MAX_MESSAGE_LENGTH) : fallback;

function retryAfter(header: string | string[] | undefined): number | undefined {
  const seconds = Number(Array.isArray(header) ? header[0] : header);
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(Math.ceil(seconds), MAX_RETRY_AFTER_S) : undefined;
}
