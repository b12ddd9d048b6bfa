import { type RequestBody, isObject, parseBody } from '../../body/request-body.ts';
import type { Fields } from '../../body/texts.ts';
import type { Surface } from '../../providers/provider.ts';
import { type GatewayError, invalidJson, invalidRequest } from '../errors.ts';

/** What the gateway itself must know of a request; everything else passes as it came. */
export interface Envelope {
  surface: Surface;
  model: string;
  isStream: boolean;
  /** The client asked for the usage chunk itself. */
  wantsUsage: boolean;
  /** Upper bound of what one choice may produce; null = the client did not say. */
  maxCompletionTokens: number | null;
  choices: number;
  body: RequestBody;
}

type Shape = Pick<Envelope, 'isStream' | 'wantsUsage' | 'maxCompletionTokens' | 'choices'>;

/** Checks what is special to a surface; the model has been checked. What long texts say is not known. */
export type ReadShape = (body: Fields) => Shape | GatewayError;

const MAX_MODEL_LENGTH = 200;

/** Written by hand: this is the hot path, and the provider checks the rest better than we could. */
export function readEnvelope(surface: Surface, rawBody: Buffer, readShape: ReadShape): Envelope | GatewayError {
  const body = parseBody(rawBody);
  if (!body) return invalidJson;
  const { model } = body.fields;
  if (model === undefined) return missing('model');
  if (typeof model !== 'string' || model === '' || model.length > MAX_MODEL_LENGTH)
    return invalid('model', `a string of 1 to ${MAX_MODEL_LENGTH} characters`);
  const shape = readShape(body.fields);
  if ('status' in shape) return shape;
  const { isStream, wantsUsage, maxCompletionTokens, choices } = shape;
  return { surface, model, isStream, wantsUsage, maxCompletionTokens, choices, body };
}

export const isEnvelope = (result: Envelope | GatewayError): result is Envelope => 'model' in result;

export const isGiven = (value: unknown): boolean => value !== undefined && value !== null;
export const isCount = (value: unknown, max: number): value is number =>
  Number.isInteger(value) && Number(value) >= 1 && Number(value) <= max;
export const missing = (param: string): GatewayError =>
  invalidRequest(`Missing required parameter: '${param}'.`, param, 'missing_required_parameter');
export const invalid = (param: string, wanted: string): GatewayError =>
  invalidRequest(`Invalid value for '${param}': it must be ${wanted}.`, param, 'invalid_value');
/** What would cost more than tokens, or reach what belongs to all tenants. */
export const notOffered = (param: string, why: string): GatewayError =>
  invalidRequest(`'${param}' is not offered by this gateway: ${why}.`, param, 'unsupported_value');

/** The first of these fields that is given and not a positive integer. */
export function wrongCount(body: Fields, ...names: readonly string[]): GatewayError | undefined {
  for (const name of names)
    if (isGiven(body[name]) && !isCount(body[name], Number.MAX_SAFE_INTEGER))
      return invalid(name, 'a positive integer');
  return undefined;
}

/** Tiers that are priced apart would make the bill wrong. */
export function wrongServiceTier({ service_tier: tier }: Fields): GatewayError | undefined {
  if (!isGiven(tier) || tier === 'auto' || tier === 'default' || tier === 'standard_only') return undefined;
  return notOffered('service_tier', 'only auto and default are');
}

/** Whatever a provider runs is charged apart, and cannot be priced by tokens. */
export function wrongTool({ tools }: Fields, isOwn: (type: string | undefined) => boolean): GatewayError | undefined {
  if (!isGiven(tools)) return undefined;
  if (!Array.isArray(tools)) return invalid('tools', 'a list');
  const wrong = tools.findIndex((tool) => {
    const type: unknown = isObject(tool) ? (tool['type'] ?? undefined) : null;
    return !(type === undefined || typeof type === 'string') || !isOwn(type);
  });
  return wrong < 0 ? undefined : notOffered(`tools[${wrong}]`, 'only tools that you run yourself are');
}
