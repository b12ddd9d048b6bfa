import Router from '@koa/router';
import type { RouterContext } from '@koa/router';
import { randomInt } from 'node:crypto';
import { z } from 'zod';
import { invalid } from './errors.ts';
import type { Merchant } from './model.ts';

export interface CallState {
  body: unknown;
}
export type Call = RouterContext<CallState>;
export type ChargilyRouter = Router<CallState>;

export const createRouter = (prefix: string): ChargilyRouter => new Router<CallState>({ prefix });

export function read<T extends z.ZodType>(call: Call, schema: T): z.output<T> {
  const parsed = schema.safeParse(call.state.body ?? {});
  if (parsed.success) return parsed.data;
  const errors: Record<string, string[]> = {};
  for (const issue of parsed.error.issues) {
    const keys = issue.code === 'unrecognized_keys' ? issue.keys : [''];
    for (const key of keys) {
      const field = [...issue.path.map(String), key].filter(Boolean).join('.') || 'body';
      (errors[field] ??= []).push(issue.message);
    }
  }
  throw invalid(errors);
}

/** Laravel's page of a list, newest first. */
export function paginate<T>(call: Call, merchant: Merchant, rows: readonly T[]) {
  const query = z
    .object({
      page: z.coerce.number().int().min(1).catch(1),
      per_page: z.coerce.number().int().min(1).max(50).catch(10),
    })
    .parse(call.query);
  const lastPage = Math.max(1, Math.ceil(rows.length / query.per_page));
  const path = `${merchant.publicUrl()}${call.path}`;
  const url = (page: number) => (page >= 1 && page <= lastPage ? `${path}?page=${page}` : null);
  return {
    livemode: merchant.livemode,
    current_page: query.page,
    data: rows.toReversed().slice((query.page - 1) * query.per_page, query.page * query.per_page),
    first_page_url: url(1),
    last_page: lastPage,
    last_page_url: url(lastPage),
    next_page_url: url(query.page + 1),
    path,
    per_page: query.per_page,
    prev_page_url: url(query.page - 1),
    total: rows.length,
  };
}

/** Seconds, by the sandbox's clock. */
export const nowSeconds = (merchant: Merchant): number => Math.floor(merchant.world.clock.now().getTime() / 1000);

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** A ULID in lower case, as Chargily writes its ids. */
export function newId(merchant: Merchant): string {
  let time = merchant.world.clock.now().getTime();
  let stamp = '';
  for (let index = 0; index < 10; index += 1) {
    stamp = (ALPHABET[time % 32] ?? '0') + stamp;
    time = Math.floor(time / 32);
  }
  return stamp + Array.from({ length: 16 }, () => ALPHABET[randomInt(32)]).join('');
}
