type Schema = Readonly<Record<string, unknown>>;

const FORMATS = new Set(['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'uri', 'ipv4', 'ipv6', 'uuid']);
const KEPT = ['type', 'title', 'enum', 'const', 'default', 'required'];
const MAPS = ['properties', '$defs', 'definitions'];
const LISTS = ['anyOf', 'allOf'];
const HANDLED = new Set([
  ...KEPT,
  ...MAPS,
  ...LISTS,
  '$schema',
  'description',
  'additionalProperties',
  'oneOf',
  'items',
]);

/**
 * A JSON schema as Anthropic's constrained decoding takes it: keywords that it answers 400 to become part of the
 * description, as its own SDK does (src/lib/transform-json-schema.ts), so that the model still reads them.
 * https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations
 */
export function constrainable(schema: Schema): Record<string, unknown> {
  if (schema['$ref'] !== undefined) return { $ref: schema['$ref'] };
  const made: Record<string, unknown> = {};
  for (const key of KEPT) if (schema[key] !== undefined) made[key] = schema[key];
  for (const key of MAPS) if (isSchema(schema[key])) made[key] = mapValues(schema[key]);
  for (const key of LISTS) if (Array.isArray(schema[key])) made[key] = schema[key].map(nested);
  if (Array.isArray(schema['oneOf'])) made['anyOf'] = schema['oneOf'].map(nested);
  if (schema['items'] !== undefined) made['items'] = nested(schema['items']);
  if (schema['type'] === 'object' || schema['properties'] !== undefined) made['additionalProperties'] = false;
  const rest = Object.entries(schema).filter(([key, value]) => !HANDLED.has(key) && !take(made, key, value));
  const description = [schema['description'], rest.length > 0 ? JSON.stringify(Object.fromEntries(rest)) : undefined];
  if (description.some((line) => line !== undefined)) made['description'] = description.filter(Boolean).join('\n');
  return made;
}

/** The values of these keywords that it does take. */
function take(made: Record<string, unknown>, key: string, value: unknown): boolean {
  const isTaken =
    (key === 'format' && FORMATS.has(String(value))) || (key === 'minItems' && (value === 0 || value === 1));
  if (isTaken) made[key] = value;
  return isTaken;
}

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const nested = (value: unknown): unknown => (isSchema(value) ? constrainable(value) : value);
const mapValues = (schemas: Schema) =>
  Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, nested(schema)]));
