import { STATUS_OF_TYPE, classify } from '../openai-compatible/error.ts';
import { envelopeOf, parseEnvelope } from '../openai-compatible/envelope.ts';
import { retryAfter } from '../openai-compatible/retry-after.ts';
import type { UpstreamError } from '../provider.ts';

type Headers = Readonly<Record<string, string | string[] | undefined>>;
type Envelope = NonNullable<ReturnType<typeof envelopeOf>>;

const UNKNOWN = 500;
/** Said with 400: the operator has set a limit at Anthropic, or has not paid. */
const OUR_LIMIT = /^(?:you have reached your .*usage limits|your credit balance)/i;

export const readError = (status: number, headers: Headers, body: Buffer): UpstreamError =>
  explain(status, parseEnvelope(body), retryAfter(headers));

export function errorOf(given: unknown): UpstreamError {
  const envelope = envelopeOf(given);
  return explain(STATUS_OF_TYPE[envelope?.type ?? ''] ?? UNKNOWN, envelope);
}

function explain(status: number, envelope: Envelope | undefined, retryAfterS?: number): UpstreamError {
  const isOurLimit = status === 400 && OUR_LIMIT.test(envelope?.message ?? '');
  const error = classify(isOurLimit ? 402 : status, envelope, retryAfterS);
  // Routes name the models: what Anthropic does not know is the operator's to mend, and another may have it.
  return status === 404 && envelope ? { ...error, body: { ...error.body, ...NO_MODEL }, isOurs: true } : error;
}

const NO_MODEL = { type: 'invalid_request_error', code: 'model_not_found', param: 'model' };
