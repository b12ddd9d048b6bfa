import Router from '@koa/router';
import type { RouterContext } from '@koa/router';
import { z } from 'zod';
import { invalidRequest, missing, type StripeFailure } from './errors.ts';
import type { Form } from './form.ts';

export interface CallState {
  /** Of the query and the form body together, less `expand`. */
  params: Form;
}
export type Call = RouterContext<CallState>;
export type StripeRouter = Router<CallState>;

export const createRouter = (): StripeRouter => new Router<CallState>({ prefix: '/v1' });

/** Form values are strings; these turn them into what the parameter is. */
export const integer = z
  .string()
  .regex(/^-?\d+$/, 'integer')
  .transform(Number);
export const boolean = z.enum(['true', 'false']).transform((value) => value === 'true');
export const currency = z
  .string()
  .regex(/^[A-Za-z]{3}$/, 'currency')
  .transform((value) => value.toLowerCase());
/** `''` empties it; a value of `''` takes the key away. */
export const metadata = z.union([
  z.literal('').transform(() => ({})),
  z.record(z.string().max(40), z.string().max(500)),
]);
export const webUrl = z.url({ protocol: /^https?$/, error: 'url' });
/** Accepted and without effect: what the real thing needs but this stand-in does not act on. */
export const ignored = z.unknown().optional();

/** A parameter of the real thing whose effect is money or time, and which the sandbox does not simulate: better refused than ignored. */
export const notSimulated = z.undefined('the sandbox does not simulate this parameter').optional();

export function read<T extends z.ZodType>(call: Call, schema: T): z.output<T> {
  const parsed = schema.safeParse(call.state.params);
  if (parsed.success) return parsed.data;
  throw failureOf(parsed.error.issues[0], call.state.params);
}

/** Stripe names the first wrong parameter in bracket form. */
function failureOf(issue: z.core.$ZodIssue | undefined, params: Form): StripeFailure {
  if (!issue) return invalidRequest('Invalid request.');
  if (issue.code === 'invalid_union') {
    const inner = issue.errors[0]?.[0];
    if (inner) return failureOf({ ...inner, path: [...issue.path, ...inner.path] }, params);
  }
  const extra = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  const param = bracketed([...issue.path.map(String), ...extra]);
  if (issue.code === 'unrecognized_keys') {
    return invalidRequest(`Received unknown parameter: ${param}`, { code: 'parameter_unknown', param });
  }
  if (issue.message.includes('received undefined')) {
    return invalidRequest(`Missing required param: ${param}.`, { code: 'parameter_missing', param });
  }
  if (issue.message === 'integer') {
    return invalidRequest(`Invalid integer: ${valueAt(params, issue.path)}`, {
      code: 'parameter_invalid_integer',
      param,
    });
  }
  if (issue.message === 'url') return invalidRequest('Not a valid URL', { code: 'url_invalid', param });
  if (issue.code === 'invalid_value') {
    return invalidRequest(`Invalid ${param}: must be one of ${issue.values.map(String).join(', ')}`, { param });
  }
  return invalidRequest(`Invalid ${param}: ${issue.message}`, { param });
}

const bracketed = ([first = '', ...rest]: string[]): string => first + rest.map((part) => `[${part}]`).join('');

function valueAt(params: Form, path: PropertyKey[]): string {
  let value: unknown = params;
  for (const key of path) value = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const Range = z.strictObject({ gt: integer, gte: integer, lt: integer, lte: integer }).partial();

/** The parameters that every list takes. */
export const pageParams = {
  limit: integer.pipe(z.number().min(1).max(100)).optional(),
  starting_after: z.string().optional(),
  ending_before: z.string().optional(),
  created: z.union([integer, Range]).optional(),
};
type PageParams = z.output<z.ZodObject<typeof pageParams>>;

export interface List<T> {
  object: 'list';
  url: string;
  has_more: boolean;
  data: T[];
}

/** One page, newest first; `rows` are in the order they were made. */
export function listOf<T extends { id: string; created: number }>(url: string, rows: T[], page: PageParams): List<T> {
  const newestFirst = rows.filter((row) => isWithin(row.created, page.created)).toReversed();
  const limit = page.limit ?? 10;
  const before = page.ending_before ? indexOf(newestFirst, page.ending_before, 'ending_before') : undefined;
  if (before !== undefined) {
    const start = Math.max(0, before - limit);
    return { object: 'list', url, has_more: start > 0, data: newestFirst.slice(start, before) };
  }
  const start = page.starting_after ? indexOf(newestFirst, page.starting_after, 'starting_after') + 1 : 0;
  const data = newestFirst.slice(start, start + limit);
  return { object: 'list', url, has_more: start + limit < newestFirst.length, data };
}

function indexOf(rows: { id: string }[], id: string, param: string): number {
  const index = rows.findIndex((row) => row.id === id);
  if (index < 0) throw missing('object', id, param, 400);
  return index;
}

function isWithin(created: number, range: PageParams['created']): boolean {
  if (range === undefined) return true;
  if (typeof range === 'number') return created === range;
  const { gt = -Infinity, gte = -Infinity, lt = Infinity, lte = Infinity } = range;
  return created > gt && created >= gte && created < lt && created <= lte;
}
