import Router from '@koa/router';
import type { RouterContext } from '@koa/router';
import { z } from 'zod';
import { badRequest, invalid, type ErrorDetails } from './errors.ts';

export interface CallState {
  /** The parsed JSON body; undefined when there was none. */
  body: unknown;
}

export type LagoRouter = Router<CallState>;
export type Call = RouterContext<CallState>;

export const createRouter = (): LagoRouter => new Router<CallState>({ prefix: '/api/v1' });

/** The object under its resource's name, as Rails' `params.require`; what the contract does not allow is a 422. */
export function read<T extends z.ZodType>(call: Call, key: string, schema: T): z.output<T> {
  const { body } = call.state;
  const value = typeof body === 'object' && body !== null && key in body ? body[key as keyof typeof body] : undefined;
  if (value === undefined || value === null)
    throw badRequest(`param is missing or the value is empty or invalid: ${key}`);
  return check(schema, value);
}

export function check<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw invalid(detailsOf(parsed.error));
  return parsed.data;
}

/** `{"charges.0.properties.amount": ["value_is_mandatory"]}`: the field in Lago's manner, the reason as a code. */
export function detailsOf(error: z.ZodError): ErrorDetails {
  const details: Record<string, string[]> = {};
  for (const issue of error.issues) {
    const path = issue.path.map(String);
    const fields = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...path, key]) : [path];
    for (const field of fields) (details[field.join('.') || 'base'] ??= []).push(reasonOf(issue));
  }
  return details;
}

function reasonOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return 'unknown_parameter';
  if (/^[a-z_]+$/.test(issue.message)) return issue.message;
  return issue.message.includes('received undefined') ? 'value_is_mandatory' : 'value_is_invalid';
}

const Page = z.object({
  page: z.coerce.number().int().min(1).catch(1),
  per_page: z.coerce.number().int().min(1).catch(100),
});

/** One page of a list with Lago's `meta`. An empty list is on page 0 of 0. */
export function paginate<T>(call: Call, key: string, rows: T[], present: (row: T) => unknown) {
  const { page, per_page: size } = Page.parse(call.query);
  const pages = Math.ceil(rows.length / size);
  return {
    [key]: rows.slice((page - 1) * size, page * size).map(present),
    meta: {
      current_page: rows.length > 0 ? page : 0,
      next_page: page < pages ? page + 1 : null,
      prev_page: rows.length > 0 && page > 1 ? page - 1 : null,
      total_pages: pages,
      total_count: rows.length,
    },
  };
}

/** A query parameter given once. */
export function queryOf(call: Call, name: string): string | undefined {
  const value = call.query[name];
  return typeof value === 'string' ? value : undefined;
}

/** A query parameter in Rails' list form: `name[]=a&name[]=b`. */
export function queryListOf(call: Call, name: string): string[] {
  const value = call.query[`${name}[]`] ?? [];
  return typeof value === 'string' ? [value] : value;
}
