import type { Surface } from '../providers/provider.ts';

type Fields = Readonly<Record<string, unknown>>;

/** How an answer is sent, to whom it is attributed, and what only helps the provider's own caches. */
const WITHOUT_MEANING = new Set([
  'stream',
  'stream_options',
  'user',
  'metadata',
  'safety_identifier',
  'prompt_cache_key',
  'prompt_cache_retention',
  'service_tier',
  'store',
]);
/** JSON schemas: models fill properties in the order in which they are given. */
const ORDERED = new Set(['parameters', 'schema', 'input_schema']);

interface Request {
  surface: Surface;
  isStream: boolean;
  body: Fields;
}

/**
 * The same text for two requests that mean the same: the order of fields, spaces and what is null do not matter. A chat
 * completion is kept whole and replayed either way; of the other surfaces streams and plain answers are kept apart.
 * Throws a RangeError when the body is nested too deeply.
 */
export function canonical({ surface, isStream, body }: Request): string {
  const fields = Object.entries(body).filter(([name, value]) => isMeant(name, value));
  const form = surface !== 'chat' && isStream ? 'stream' : 'whole';
  return `${surface}/${form}/${text(Object.fromEntries(fields))}`;
}

const isMeant = (name: string, value: unknown) =>
  value !== null && !WITHOUT_MEANING.has(name) && !(name === 'n' && value === 1);

function text(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(text).join(',')}]`;
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${fieldText(name, field)}`).join(',')}}`;
}

const fieldText = (name: string, field: unknown) => (ORDERED.has(name) ? JSON.stringify(field) : text(field));
