import createClient, { type Middleware } from 'openapi-fetch';
import { currentTenantId } from './current-tenant.ts';
import { ApiError } from './errors.ts';
import type { paths } from './schema.d.ts';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Headers every request to the API carries: the tenant, the reader's language, and the CSRF mark on unsafe methods. */
export function apiHeaders(method: string): Record<string, string> {
  const tenantId = currentTenantId();
  return {
    'accept-language': document.documentElement.lang,
    ...(tenantId === null ? {} : { 'x-tenant-id': tenantId }),
    ...(SAFE_METHODS.has(method) ? {} : { 'x-csrf': '1' }),
  };
}

const headers: Middleware = {
  onRequest({ request }) {
    for (const [name, value] of Object.entries(apiHeaders(request.method))) request.headers.set(name, value);
    return request;
  },
};

export const api = createClient<paths>({ baseUrl: globalThis.location.origin });
api.use(headers);

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The body of a successful answer; anything else is thrown as an ApiError. */
export async function unwrap<T>(request: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await request.catch((cause: unknown) => {
    throw cause instanceof DOMException && cause.name === 'AbortError' ? cause : ApiError.unreachable(cause);
  });
  if (!response.ok) throw ApiError.fromResponse(response.status, error);
  return data as T;
}

type Json<R> = R extends { content: { 'application/json': infer Body } } ? Body : never;
type SuccessOf<O> = O extends { responses: infer R }
  ? Json<R extends { 200: infer S } ? S : R extends { 201: infer S } ? S : R extends { 202: infer S } ? S : never>
  : never;

/** What `method path` answers when it succeeds. */
export type ResponseOf<Path extends keyof paths, Method extends keyof paths[Path]> = SuccessOf<paths[Path][Method]>;

/** What `method path` takes. */
export type RequestOf<Path extends keyof paths, Method extends keyof paths[Path]> = paths[Path][Method] extends {
  requestBody?: { content: { 'application/json': infer Body } };
}
  ? Body
  : never;

/** One row of a list. */
export type ItemOf<Path extends keyof paths> = paths[Path] extends { get: infer O }
  ? SuccessOf<O> extends { items: (infer Item)[] }
    ? Item
    : never
  : never;
