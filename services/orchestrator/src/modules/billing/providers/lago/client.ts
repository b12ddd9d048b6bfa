import type { z } from 'zod';
import type { Config } from '#core/config/variables.ts';
import { ProviderRefused, ProviderUnavailable } from '../errors.ts';
import { ErrorAnswer, ListMeta } from './shapes.ts';

type LagoConfig = Pick<Config, 'LAGO_API_URL' | 'LAGO_API_KEY'>;
type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';
export type Query = Record<string, string | readonly string[]>;

const TIMEOUT_MS = 10_000;
const PAGE_SIZE = 100;

/**
 * Lago's REST API (contracts/billing.md A2). Own, because the vendor's client has no time-outs and throws responses.
 * Every call here is safe to repeat: ids are ours, and creations are upserts or refused as duplicates.
 */
export class LagoHttp {
  readonly #config: LagoConfig;

  constructor(config: LagoConfig) {
    this.#config = config;
  }

  async call<S extends z.ZodType>(
    schema: S,
    method: Method,
    path: string,
    options: { body?: unknown; query?: Query } = {},
  ): Promise<z.output<S>> {
    const answer = await this.#send(method, path, options);
    const parsed = schema.safeParse(answer);
    if (parsed.success) return parsed.data;
    const reason = `unexpected answer to ${method} ${path}: ${parsed.error.message}`;
    throw ProviderUnavailable('Lago', reason, { cause: parsed.error });
  }

  /** Undefined instead of a 404. */
  async find<S extends z.ZodType>(schema: S, path: string, query: Query = {}): Promise<z.output<S> | undefined> {
    try {
      return await this.call(schema, 'GET', path, { query });
    } catch (error) {
      if (error instanceof ProviderRefused && error.status === 404) return undefined;
      throw error;
    }
  }

  /** Every item of a list, page by page. */
  async *list<S extends z.ZodType>(item: S, key: string, path: string, query: Query = {}): AsyncGenerator<z.output<S>> {
    for (let page: number | null = 1; page !== null;) {
      const pageQuery: Query = { ...query, page: String(page), per_page: String(PAGE_SIZE) };
      const answer: unknown = await this.#send('GET', path, { query: pageQuery });
      const { meta } = ListMeta.parse(answer);
      for (const raw of (answer as Record<string, unknown[]>)[key] ?? []) yield item.parse(raw);
      page = meta.next_page;
    }
  }

  async all<S extends z.ZodType>(item: S, key: string, path: string): Promise<z.output<S>[]> {
    const items: z.output<S>[] = [];
    for await (const one of this.list(item, key, path)) items.push(one);
    return items;
  }

  async #send(method: Method, path: string, { body, query }: { body?: unknown; query?: Query }): Promise<unknown> {
    const url = new URL(`${this.#config.LAGO_API_URL}/api/v1${path}`);
    for (const [name, value] of Object.entries(query ?? {}))
      for (const one of [value].flat()) url.searchParams.append(Array.isArray(value) ? `${name}[]` : name, one);
    const { status, text } = await this.#fetch(url, method, body);
    const answer = parse(text);
    if (status >= 200 && status < 300) return answer;
    const { code, error, error_details: details } = ErrorAnswer.parse(answer ?? {});
    const reason = code ?? error ?? 'no reason given';
    if (status >= 500 || status === 429) throw ProviderUnavailable('Lago', `${status} ${reason}`, { status });
    throw new ProviderRefused('Lago', status, reason, details ?? undefined);
  }

  async #fetch(url: URL, method: Method, body: unknown): Promise<{ status: number; text: string }> {
    try {
      const response = await fetch(url, {
        method,
        headers: { authorization: `Bearer ${this.#config.LAGO_API_KEY}`, 'content-type': 'application/json' },
        signal: AbortSignal.timeout(TIMEOUT_MS),
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      return { status: response.status, text: await response.text() };
    } catch (error) {
      const reason = `${method} ${url.pathname}: ${(error as Error).message}`;
      throw ProviderUnavailable('Lago', reason, { cause: error });
    }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
