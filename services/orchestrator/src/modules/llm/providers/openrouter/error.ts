import type { UpstreamError } from '../provider.ts';
import { envelopeOf, parseEnvelope } from '../openai-compatible/envelope.ts';
import { classify } from '../openai-compatible/error.ts';
import { parseObject } from '../openai-compatible/event.ts';
import { retryAfter } from '../openai-compatible/retry-after.ts';

type Headers = Readonly<Record<string, string | string[] | undefined>>;
type Fields = Readonly<Record<string, unknown>>;

/**
 * OpenRouter's errors have a status as their code, and what matters in `metadata`:
 * https://openrouter.ai/docs/api-reference/errors. A 403 about the input is the client's, not our key's; the words of
 * the provider behind it are in `raw`; and the limits of a 429 may only be there.
 */
export function readError(answered: number, headers: Headers, body: Buffer): UpstreamError {
  const error = fields(parseObject(body.toString('utf8'))?.['error']);
  // What fails after the model was asked may come with a 200.
  const status = answered < 300 && typeof error['code'] === 'number' ? error['code'] : answered;
  const metadata = fields(error['metadata']);
  const given = rawEnvelope(metadata['raw']) ?? parseEnvelope(body);
  if (status === 403 && given && (Array.isArray(metadata['reasons']) || 'flagged_input' in metadata))
    return {
      status: 400,
      body: { ...given, type: 'invalid_request_error', code: 'content_policy_violation' },
      isOurs: false,
    };
  return classify(status, given, retryAfter({ ...lowerCased(metadata['headers']), ...headers }));
}

/** JSON in a text, most often; a text that is none says nothing to a client. */
function rawEnvelope(raw: unknown) {
  if (typeof raw !== 'string') return envelopeOf(raw);
  return raw.startsWith('{') || raw.startsWith('[') ? parseEnvelope(Buffer.from(raw)) : undefined;
}

function lowerCased(headers: unknown): Headers {
  return Object.fromEntries(
    Object.entries(fields(headers)).flatMap(([name, value]) =>
      typeof value === 'string' || typeof value === 'number' ? [[name.toLowerCase(), String(value)]] : [],
    ),
  );
}

const fields = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {});
