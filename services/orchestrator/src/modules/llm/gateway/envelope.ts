import { type GatewayError, invalidJson, invalidRequest } from './errors.ts';

/** What the gateway itself must know of a chat completion; everything else passes as it came. */
export interface Envelope {
  model: string;
  isStream: boolean;
  /** The client asked for the usage chunk itself. */
  wantsUsage: boolean;
  rawBody: Buffer;
  body: Readonly<Record<string, unknown>>;
}

const MAX_MODEL_LENGTH = 200;
const MAX_CHOICES = 128;

/** Written by hand: this is the hot path, and the provider checks the rest better than we could. */
export function readEnvelope(rawBody: Buffer): Envelope | GatewayError {
  const body = parseObject(rawBody);
  if (!body) return invalidJson;
  const { model, messages, stream, stream_options: streamOptions } = body;
  if (model === undefined) return missing('model');
  if (typeof model !== 'string' || model === '' || model.length > MAX_MODEL_LENGTH)
    return invalid('model', `a string of 1 to ${MAX_MODEL_LENGTH} characters`);
  if (messages === undefined) return missing('messages');
  if (!Array.isArray(messages) || messages.length === 0) return invalid('messages', 'a list of at least one message');
  const wrong = messages.findIndex((message) => !isObject(message) || typeof message['role'] !== 'string');
  if (wrong >= 0) return invalid(`messages[${wrong}]`, 'an object with a role');
  if (isGiven(stream) && typeof stream !== 'boolean') return invalid('stream', 'a boolean');
  if (isGiven(streamOptions) && !isObject(streamOptions)) return invalid('stream_options', 'an object');
  if (isGiven(streamOptions) && stream !== true)
    return invalidRequest("'stream_options' is only allowed when 'stream' is true.", 'stream_options', 'invalid_value');
  for (const name of ['max_tokens', 'max_completion_tokens'])
    if (isGiven(body[name]) && !isCount(body[name], Number.MAX_SAFE_INTEGER))
      return invalid(name, 'a positive integer');
  if (isGiven(body['n']) && !isCount(body['n'], MAX_CHOICES))
    return invalid('n', `an integer from 1 to ${MAX_CHOICES}`);
  if (isGiven(body['tools']) && !Array.isArray(body['tools'])) return invalid('tools', 'a list');
  return {
    model,
    isStream: stream === true,
    wantsUsage: isObject(streamOptions) && streamOptions['include_usage'] === true,
    rawBody,
    body,
  };
}

export const isEnvelope = (result: Envelope | GatewayError): result is Envelope => 'model' in result;

function parseObject(rawBody: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(rawBody.toString('utf8'));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;
const isCount = (value: unknown, max: number): boolean =>
  Number.isInteger(value) && Number(value) >= 1 && Number(value) <= max;
const missing = (param: string) =>
  invalidRequest(`Missing required parameter: '${param}'.`, param, 'missing_required_parameter');
const invalid = (param: string, wanted: string) =>
  invalidRequest(`Invalid value for '${param}': it must be ${wanted}.`, param, 'invalid_value');
