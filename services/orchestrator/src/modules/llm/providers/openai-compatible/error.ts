import type { ErrorBody } from '../../gateway/errors.ts';
import type { UpstreamError } from '../provider.ts';
import { envelopeOf, parseEnvelope } from './envelope.ts';
import { parseObject } from './event.ts';
import { retryAfter } from './retry-after.ts';

/** What the client did wrong, in the provider's words. */
const THE_CLIENTS = new Set([400, 404, 413, 415, 422]);
/** Our credentials or our bill: the client must not take it for theirs. */
const OUR_ACCOUNT = new Set([401, 402, 403]);
/** 498 is Groq's for its flex tier, 529 Anthropic's. */
const OVERLOADED = new Set([498, 503, 529]);
/** The same with another status: xAI says 400 of a wrong key, OpenAI 429 of an unpaid bill. */
const OUR_ACCOUNTS_CODES = new Set(['invalid_api_key', 'insufficient_quota', 'billing_hard_limit_reached']);
/** At the beginning: further on a message may quote the client, who must not be able to close a provider for everybody. */
const OUR_ACCOUNTS_WORDS = /^(?:(?:incorrect|invalid) api key|api key not valid|your credit balance is too low)/i;
const TOO_LONG =
  /maximum context length|context[_ ]length[_ ]exceeded|context (?:window|size|length)|prompt is too long|input is too long|too many tokens|(?:prompt|input) (?:tokens? )?.{0,40}exceeds?/i;
const INVALID = 'invalid_request_error';
const UPSTREAM = 'upstream_error';
const TOO_LONG_CODE = 'context_length_exceeded';

/** https://platform.claude.com/docs/en/api/errors; in a stream the type is all there is. */
export const STATUS_OF_TYPE: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
};

/** In a stream there is no status: OpenAI's codes, and Anthropic's types. */
const STATUS_OF: Readonly<Record<string, number>> = {
  rate_limit_exceeded: 429,
  server_error: 500,
  ...STATUS_OF_TYPE,
};

type Headers = Record<string, string | string[] | undefined>;

/** OpenAI's envelope, an HTML page or nothing at all in; always an envelope out. OpenRouter says some with a 200. */
export function readError(status: number, headers: Headers, body: Buffer): UpstreamError {
  if (status < 300) return errorOf(parseObject(body.toString('utf8'))?.['error']);
  return classify(status, parseEnvelope(body), retryAfter(headers));
}

/** An error where none was announced: in an event of a stream. Undefined when it is none. */
export function errorIn(data: Readonly<Record<string, unknown>>): UpstreamError | undefined {
  if (data['error']) return errorOf(data['error']);
  const isError = data['object'] === 'error' || data['type'] === 'error';
  return isError && !Array.isArray(data['choices']) ? errorOf(data) : undefined;
}

/** Some give a status as the code, others only a type; what has neither is the provider's own failure. */
export function errorOf(given: unknown): UpstreamError {
  const envelope = envelopeOf(typeof given === 'string' ? { error: given } : given);
  const status = statusOf(Object(given) as Readonly<Record<string, unknown>>);
  if (status !== undefined) return classify(status, envelope);
  if (envelope && isOurAccount(envelope)) return refused;
  if (envelope && isTooLong(envelope)) return tooLong(envelope);
  return ours(502, UPSTREAM, envelope?.code ?? 'upstream_error', envelope?.message ?? 'The provider failed.');
}

function statusOf({ code, status_code: statusCode, type }: Readonly<Record<string, unknown>>): number | undefined {
  const number = [code, statusCode].map(Number).find((status) => status >= 400 && status <= 599);
  return number ?? STATUS_OF[String(code)] ?? STATUS_OF[String(type)];
}

/** Whose fault it is, and what the client is told. */
export function classify(status: number, given: ErrorBody | undefined, retryAfterS?: number): UpstreamError {
  if (OUR_ACCOUNT.has(status)) return refused;
  const known = status < 500 ? given : undefined;
  if (known && isOurAccount(known)) return refused;
  if (known && isTooLong(known)) return tooLong(known);
  if (status === 429) return rateLimited(retryAfterS);
  if (status === 413 && known?.code === 'rate_limit_exceeded') return tooMuchAtOnce;
  if (known?.code === 'model_decommissioned')
    return { status: 404, body: { ...known, code: 'model_not_found' }, isOurs: true };
  if (known && THE_CLIENTS.has(status)) return { status, body: known, isOurs: false };
  if (status === 413)
    return {
      status,
      body: body(INVALID, 'request_too_large', 'The request is larger than the provider takes.'),
      isOurs: false,
    };
  return OVERLOADED.has(status) ? overloaded(retryAfterS) : failed(status, retryAfterS);
}

const isOurAccount = ({ code, message }: ErrorBody): boolean =>
  OUR_ACCOUNTS_CODES.has(code ?? '') || OUR_ACCOUNTS_WORDS.test(message);
const isTooLong = ({ code, message }: ErrorBody): boolean => code === TOO_LONG_CODE || TOO_LONG.test(message);

const body = (type: string, code: string | null, message: string): ErrorBody => ({ message, type, param: null, code });
const ours = (status: number, type: string, code: string, message: string): UpstreamError => ({
  status,
  body: body(type, code, message),
  isOurs: true,
});

/** Our key is wrong, or our bill is not paid. */
export const refused = ours(
  502,
  UPSTREAM,
  'upstream_refused',
  'The provider refused the gateway itself. The operator has been told.',
);

export const rateLimited = (retryAfterS = 1): UpstreamError => ({
  ...ours(429, 'requests', 'rate_limit_exceeded', 'The provider is serving as many requests as it allows us.'),
  retryAfterS,
});

/** Groq says so of a request that is larger than what it allows us in a minute: it may serve all others. */
const tooMuchAtOnce = ours(413, INVALID, 'request_too_large', 'The request is larger than the provider takes.');

export const overloaded = (retryAfterS = 1): UpstreamError => ({
  ...ours(503, UPSTREAM, 'overloaded', 'The provider is overloaded.'),
  retryAfterS,
});

export const failed = (status: number, retryAfterS?: number): UpstreamError => ({
  ...ours(502, UPSTREAM, 'upstream_error', `The provider failed (${status}).`),
  ...(retryAfterS === undefined ? {} : { retryAfterS }),
});

/** OpenAI's clients look for this code. */
const tooLong = (given: ErrorBody): UpstreamError => ({
  status: 400,
  body: { ...given, type: INVALID, code: TOO_LONG_CODE },
  isOurs: false,
});
