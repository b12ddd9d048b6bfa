import { classify } from '../openai-compatible/error.ts';
import { envelopeOf } from '../openai-compatible/envelope.ts';
import { retryAfter } from '../openai-compatible/retry-after.ts';
import type { UpstreamError } from '../provider.ts';
import { type Fields, fields, listOf, textOf } from './candidate.ts';

type Headers = Readonly<Record<string, string | string[] | undefined>>;

const MAX_RETRY_AFTER_S = 60;
const UNKNOWN = 500;
/** A wrong key and a country without a free tier are said with 400: https://ai.google.dev/gemini-api/docs/troubleshooting. */
const OUR_ACCOUNT = 403;

export function readError(status: number, headers: Headers, body: Buffer): UpstreamError {
  const given = parse(body);
  return explain(status, fields(fields(Array.isArray(given) ? given[0] : given)['error']), retryAfter(headers));
}

/** In a stream its own code is the status. */
export function errorOf(given: unknown): UpstreamError {
  const error = fields(given);
  const status = Number(error['code']);
  return explain(status >= 400 && status <= 599 ? status : UNKNOWN, error);
}

/** `{code, message, status, details}`: https://cloud.google.com/apis/design/errors#error_model. */
function explain(status: number, error: Fields, retryAfterS?: number): UpstreamError {
  const details = listOf(error['details']);
  const isOurs =
    error['status'] === 'FAILED_PRECONDITION' ||
    details.some(({ reason }) => textOf(reason).startsWith('API_KEY') || reason === 'BILLING_DISABLED');
  const wait = retryAfterS ?? delayOf(details);
  const envelope = envelopeOf(error);
  const explained = classify(isOurs ? OUR_ACCOUNT : status, envelope, wait);
  // Routes name the models: what Google does not know is the operator's to mend, and another may have it.
  return status === 404 && envelope
    ? { ...explained, body: { ...explained.body, ...NO_MODEL }, isOurs: true }
    : explained;
}

const NO_MODEL = { code: 'model_not_found', param: 'model' };

/** google.rpc.RetryInfo: `"retryDelay": "34.4s"`. */
function delayOf(details: readonly Fields[]): number | undefined {
  const delay = details.map(({ retryDelay }) => /^(\d+(?:\.\d+)?)s$/.exec(textOf(retryDelay))?.[1]).find(Boolean);
  return delay === undefined ? undefined : Math.min(Math.ceil(Number(delay)), MAX_RETRY_AFTER_S);
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
