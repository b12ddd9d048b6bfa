import { z } from 'zod';
import type { Route } from './route.ts';

type Json = Record<string, unknown>;
type Io = 'input' | 'output';

const ERROR_SCHEMA = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message', 'requestId'],
      properties: {
        code: { type: 'string', description: 'Stable; what a client may rely on.' },
        message: { type: 'string', description: 'For people.' },
        details: {},
        requestId: { type: 'string' },
      },
    },
  },
};

const SECURITY: Record<Route['access'], Json[]> = {
  public: [],
  user: [{ session: [] }, { bearer: [] }],
  tenant: [{ session: [] }, { bearer: [] }, { apiKey: [] }],
  platform: [{ session: [] }, { bearer: [] }],
};

/** OpenAPI 3.1 from the routes themselves; schemas with a `meta({ id })` become components. */
export function openApi(routes: readonly Route[], info: { title: string; version: string; description: string }): Json {
  const schemas: Json = { Error: ERROR_SCHEMA };
  const toSchema = (schema: z.ZodType, io: Io): Json => lift(schemas, schema, io);
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = openApiPath(route.path);
    paths[path] = { ...paths[path], [route.method]: operation(route, toSchema) };
  }
  return {
    openapi: '3.1.0',
    info,
    paths: Object.fromEntries(Object.entries(paths).sort(([a], [b]) => a.localeCompare(b))),
    components: {
      schemas,
      securitySchemes: {
        session: { type: 'apiKey', in: 'cookie', name: '__Host-bastide' },
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        apiKey: { type: 'http', scheme: 'bearer', bearerFormat: 'bst_…' },
      },
    },
  };
}

export const openApiPath = (path: string): string => path.replaceAll(/:(\w+)/g, '{$1}');

export function operationId(route: Pick<Route, 'method' | 'path'>): string {
  const words = route.path.split(/[^A-Za-z0-9]+/).filter((word) => word !== '' && word !== 'v1');
  return [route.method, ...words.map((word) => word.charAt(0).toUpperCase() + word.slice(1))].join('');
}

function operation(route: Route, toSchema: (schema: z.ZodType, io: Io) => Json): Json {
  const scope = route.scope === undefined ? '' : `\n\nNeeds the permission \`${route.scope}\`.`;
  return {
    operationId: operationId(route),
    tags: [route.tag],
    summary: route.summary,
    description: `${route.description ?? ''}${scope}`.trim(),
    security: SECURITY[route.access],
    parameters: [
      ...parametersOf(route.params, 'path', toSchema),
      ...parametersOf(route.query, 'query', toSchema),
      ...(route.access === 'tenant'
        ? [headerParameter('x-tenant-id', 'Needed when you belong to several tenants.')]
        : []),
      ...(route.response.status === 201
        ? [headerParameter('Idempotency-Key', 'The same key gives the same answer and does the work once.')]
        : []),
    ],
    ...(route.body && {
      requestBody: { required: true, content: { 'application/json': { schema: toSchema(route.body, 'input') } } },
    }),
    responses: responses(route, toSchema),
  };
}

function responses(route: Route, toSchema: (schema: z.ZodType, io: Io) => Json): Json {
  const { response } = route;
  const success: Json = { description: route.summary };
  if ('schema' in response)
    success['content'] = { 'application/json': { schema: toSchema(response.schema, 'output') } };
  if ('events' in response)
    success['content'] = { 'text/event-stream': { schema: toSchema(response.events, 'output') } };
  if ('csv' in response) success['content'] = { 'text/csv': { schema: csvSchema(response.csv) } };
  const codes = new Map<number, string[]>();
  const add = (status: number, code: string) => codes.set(status, [...(codes.get(status) ?? []), code]);
  if (route.params ?? route.query ?? route.body) add(400, 'request.invalid');
  if (route.access !== 'public') add(401, 'auth.required');
  if (route.scope !== undefined) add(403, 'auth.forbidden');
  if (route.access === 'tenant') add(404, 'tenant.not_found');
  for (const error of route.errors ?? []) add(error.status, error.code);
  const failures = [...codes].map(([status, names]): [string, Json] => [
    String(status),
    {
      description: [...new Set(names)].map((name) => `\`${name}\``).join(', '),
      content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
    },
  ]);
  return { [response.status]: success, ...Object.fromEntries(failures) };
}

const csvSchema = (columns: z.ZodObject): Json => ({
  type: 'string',
  description: `With the columns ${Object.keys(columns.shape).join(', ')}.`,
});

function parametersOf(
  schema: z.ZodType | undefined,
  where: 'path' | 'query',
  toSchema: (schema: z.ZodType, io: Io) => Json,
): Json[] {
  if (!schema) return [];
  const { properties, required } = toSchema(schema, 'input') as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties ?? {}).map(([name, property]) => ({
    name,
    in: where,
    required: where === 'path' || (required?.includes(name) ?? false),
    schema: property,
  }));
}

const headerParameter = (name: string, description: string): Json => ({
  name,
  in: 'header',
  required: false,
  description,
  schema: { type: 'string' },
});

function lift(components: Json, schema: z.ZodType, io: Io): Json {
  const {
    $defs,
    $schema: _,
    ...json
  } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Json & { $defs?: Json };
  const suffix = io === 'input' ? 'Input' : '';
  for (const [name, definition] of Object.entries($defs ?? {}))
    components[name + suffix] = rewriteRefs(definition, suffix);
  const id = (schema as { meta?: () => { id?: string } | undefined }).meta?.()?.id;
  const body = rewriteRefs(json, suffix) as Json;
  // Some versions of zod give a named schema as a reference to its definition, which was lifted above.
  if (id === undefined || '$ref' in body) return body;
  const { id: __, ...withoutId } = body;
  components[id + suffix] = withoutId;
  return { $ref: `#/components/schemas/${id}${suffix}` };
}

function rewriteRefs(value: unknown, suffix: string): unknown {
  if (Array.isArray(value)) return value.map((item) => rewriteRefs(item, suffix));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, child]): [string, unknown] => [
    key,
    key === '$ref' && typeof child === 'string'
      ? `${child.replace('#/$defs/', '#/components/schemas/')}${suffix}`
      : rewriteRefs(child, suffix),
  ]);
  return Object.fromEntries(
    entries.filter(([key, child]) => !(key === 'id' && typeof child === 'string' && 'type' in value)),
  );
}
