import type { z } from 'zod';
import type { Context, TenantContext } from '../context.ts';
import type { ErrorType } from '../errors.ts';
import type { CsvFile } from './csv.ts';

type Shape = z.ZodType;
type Out<S> = S extends Shape ? z.output<S> : undefined;

/**
 * - `public`: anybody; `user`: whoever is signed in, about themselves; `tenant`: about one tenant, needs `scope` there;
 * - `platform`: about everything, needs `scope` by a platform role; such scopes begin with `platform_`.
 */
export type Access = 'public' | 'user' | 'tenant' | 'platform';

export interface SseMessage {
  event: string;
  data: string;
  id?: string;
}

export interface Redirect {
  location: string;
}

type ResponseSpec =
  | { status: 200 | 201 | 202; schema: Shape }
  | { status: 204 }
  | { status: 302 }
  | { status: 200; events: Shape }
  /** A file to download; the schema's fields are its columns. */
  | { status: 200; csv: z.ZodObject };

type Result<R> = R extends { schema: infer S extends Shape }
  ? z.input<S>
  : R extends { csv: infer S extends z.ZodObject }
    ? CsvFile<z.input<S>>
    : R extends { events: Shape }
      ? AsyncIterable<SseMessage>
      : R extends { status: 302 }
        ? Redirect
        : void;

/** The little of HTTP that a door may need besides its parsed input. */
export interface Exchange {
  rawBody: Buffer;
  header(name: string): string;
  cookie(name: string): string | undefined;
  /** `null` deletes it. Attributes are always Secure, HttpOnly, SameSite=Lax, Path=/. */
  setCookie(name: string, value: string | null, options?: { maxAgeS?: number }): void;
  /** Path and query; the host in it means nothing. */
  url: URL;
  userAgent: string;
}

export interface Input<P, Q, B> {
  params: P;
  query: Q;
  body: B;
  /** Fires when the client has gone or the process stops. */
  signal: AbortSignal;
  /** Asks again what let this request in: an answer that goes on for long must end when its reader may not see it. */
  isStillAllowed: () => Promise<boolean>;
  http: Exchange;
}

type ContextOf<A extends Access> = A extends 'tenant' ? TenantContext : Context;

export interface RouteSpec<
  A extends Access,
  P extends Shape | undefined,
  Q extends Shape | undefined,
  B extends Shape | undefined,
  R extends ResponseSpec,
> {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  path: string;
  access: A;
  /** What the actor must be allowed; needed for `tenant` and `platform`. */
  scope?: string;
  tag: string;
  summary: string;
  description?: string;
  params?: P;
  query?: Q;
  body?: B;
  response: R;
  errors?: readonly ErrorType[];
  /**
   * How an `Idempotency-Key` is honoured on a creating POST (status 201). `transaction` (default): the handler runs in
   * one transaction with the stored answer. `repeatable`: it calls the outside, commits by itself, and may be run again.
   */
  idempotency?: 'transaction' | 'repeatable';
  /** The body is not JSON of ours (webhooks, forms): only `http.rawBody` is given. */
  rawBody?: boolean;
  handle: (ctx: ContextOf<A>, input: Input<Out<P>, Out<Q>, Out<B>>) => Promise<Result<R>>;
}

/** A route with its types forgotten, for the server, the documentation and the test matrix. */
export type Route = Omit<
  RouteSpec<Access, Shape | undefined, Shape | undefined, Shape | undefined, ResponseSpec>,
  'handle'
> & {
  handle: (ctx: TenantContext, input: Input<unknown, unknown, unknown>) => Promise<unknown>;
};

/** One object: the handler, its guard, its parsing, its documentation and the dashboard's typed client. */
export function route<
  A extends Access,
  R extends ResponseSpec,
  P extends Shape | undefined = undefined,
  Q extends Shape | undefined = undefined,
  B extends Shape | undefined = undefined,
>(spec: RouteSpec<A, P, Q, B, R>): Route {
  if ((spec.access === 'tenant' || spec.access === 'platform') && !spec.scope)
    throw new Error(`${spec.method} ${spec.path} needs a scope`);
  return spec as unknown as Route;
}
