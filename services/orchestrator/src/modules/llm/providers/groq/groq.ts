import { openaiCompatible } from '../openai-compatible/openai-compatible.ts';
import { type Provider, Untranslatable } from '../provider.ts';
import type { Endpoint } from '../registry.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Groq answers 400 to these whatever their value: https://console.groq.com/docs/openai. Without effect they are left out. */
const WITHOUT_EFFECT: Readonly<Record<string, (value: unknown) => boolean>> = {
  logprobs: (value) => value === false,
  top_logprobs: (value) => value === 0,
  logit_bias: (value) => typeof value === 'object' && value !== null && Object.keys(value).length === 0,
  n: (value) => value === 1,
};
const UNKNOWN = Object.keys(WITHOUT_EFFECT);

export const groq = (endpoint: Endpoint): Provider =>
  openaiCompatible({ ...endpoint, surfaces: ['chat', 'responses'], rules: { chat: { rewrite } } });

/** @throws {Untranslatable} when something is asked for that another provider may have. */
function rewrite(body: Fields): Fields {
  const given = UNKNOWN.filter((field) => body[field] !== undefined && body[field] !== null);
  for (const field of given)
    if (!WITHOUT_EFFECT[field]?.(body[field]))
      throw new Untranslatable(field, `'${field}' is not available for this model.`);
  const messages = body['messages'] as readonly Fields[];
  const isNamed = messages.some((message) => 'name' in message && message['role'] !== 'tool');
  const present = UNKNOWN.filter((field) => field in body);
  if (present.length === 0 && !isNamed) return body;
  const result: Record<string, unknown> = { ...body };
  for (const field of present) Reflect.deleteProperty(result, field);
  if (isNamed) result['messages'] = messages.map(({ name: _, ...message }) => message);
  return result;
}
