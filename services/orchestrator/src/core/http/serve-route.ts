import type { Middleware } from 'koa';
import type { z } from 'zod';
import type { TenantContext } from '../context.ts';
import { AppError, CsrfMissing, Forbidden, InvalidInput, Unauthenticated } from '../errors.ts';
import { parseJsonBody, readBody } from './body.ts';
import { type CsvFile, streamCsv } from './csv.ts';
import { exchangeOf } from './exchange.ts';
import { type Gatekeeper, scopesOf } from './gatekeeper.ts';
import { once } from './idempotency.ts';
import type { RequestState } from './request.ts';
import type { Input, Redirect, Route, SseMessage } from './route.ts';
import { streamEvents } from './sse.ts';

type KoaContext = Parameters<Middleware<RequestState>>[0] & { params: Record<string, string> };

const MAX_BODY_BYTES = 1_000_000;
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

interface Serving {
  gatekeeper: Gatekeeper;
  stopping: AbortSignal;
}

export function serveRoute(serving: Serving, route: Route): Middleware<RequestState> {
  return async (koa) => {
    const request = koa as unknown as KoaContext;
    koa.state.route = route.path;
    const signal = abortSignal(request, serving.stopping);
    const arrived = koa.state.ctx as TenantContext;
    const letIn = () => admit(arrived, serving.gatekeeper, route, request);
    const ctx = await letIn();
    const rawBody = await readBody(koa.req, MAX_BODY_BYTES);
    const input = {
      ...parseInput(route, request, rawBody),
      signal,
      isStillAllowed: () => isAdmitted(letIn),
      http: exchangeOf(request, rawBody),
    };
    await respond({ route, koa: request, input, handle: (ctx) => route.handle(ctx, input) }, ctx);
  };
}

/** Authentication, CSRF, tenant and scope: the only place where a request is let in. */
async function admit(
  arrived: TenantContext,
  gatekeeper: Gatekeeper,
  route: Route,
  koa: KoaContext,
): Promise<TenantContext> {
  let ctx = arrived;
  if (route.access === 'public') return ctx;
  const sessionCookie = koa.cookies.get(ctx.config.SESSION_COOKIE_NAME);
  const isCsrfSafe = SAFE.has(koa.method) || koa.get('x-csrf') !== '';
  const actor = await gatekeeper.authenticate(ctx, {
    authorization: koa.get('authorization'),
    sessionCookie,
  });
  if (actor.type === 'anonymous') throw Unauthenticated({ reason: 'Sign in, or send an API key or a bearer token.' });
  if (actor.type === 'user' && actor.sessionId !== undefined && !isCsrfSafe) throw CsrfMissing();
  ctx = { ...ctx, actor, log: ctx.log.child({ actor: 'id' in actor ? actor.id : actor.type }) };
  if (route.access === 'tenant') {
    const entered = await gatekeeper.enterTenant(ctx, koa.get('x-tenant-id') || undefined);
    ctx = { ...ctx, ...entered, log: ctx.log.child({ tenantId: entered.tenantId }) };
  }
  koa.state.ctx = ctx;
  if (route.scope !== undefined && !scopesOf(ctx.actor).has(route.scope)) throw Forbidden({ scope: route.scope });
  return ctx;
}

/** A dependency that does not answer decides nothing: that error travels. */
async function isAdmitted(letIn: () => Promise<unknown>): Promise<boolean> {
  try {
    await letIn();
    return true;
  } catch (error) {
    if (error instanceof AppError && error.status < 500) return false;
    throw error;
  }
}

function parseInput(route: Route, koa: KoaContext, rawBody: Buffer) {
  return {
    params: parse(route.params, 'params', () => koa.params),
    query: parse(route.query, 'query', () => ({ ...koa.query })),
    body: route.rawBody ? undefined : parse(route.body, 'body', () => parseJsonBody(rawBody)),
  };
}

function parse(schema: z.ZodType | undefined, where: string, value: () => unknown): unknown {
  if (!schema) return undefined;
  const result = schema.safeParse(value());
  if (result.success) return result.data;
  throw InvalidInput({
    issues: result.error.issues.map((issue) => ({
      path: [where, ...issue.path.map(String)].join('.'),
      message: issue.message,
    })),
  });
}

interface Call {
  route: Route;
  koa: KoaContext;
  input: Pick<Input<unknown, unknown, unknown>, 'http' | 'signal' | 'isStillAllowed'>;
  handle: (ctx: TenantContext) => Promise<unknown>;
}

async function respond({ route, koa, input, handle }: Call, ctx: TenantContext): Promise<void> {
  const { response } = route;
  const run = async (ctx: TenantContext) => {
    const result = await handle(ctx);
    return { status: response.status, body: 'schema' in response ? response.schema.parse(result) : undefined };
  };
  if ('events' in response) {
    streamEvents(koa, (await handle(ctx)) as AsyncIterable<SseMessage>, input.signal);
    return;
  }
  if ('csv' in response) {
    const onCut = (error: unknown) => ctx.log.warn({ err: error }, 'a download was cut');
    const file = (await handle(ctx)) as CsvFile<Record<string, unknown>>;
    return streamCsv(koa, response.csv, file, { isStillAllowed: input.isStillAllowed, onCut });
  }
  if (response.status === 302) {
    const { location } = (await handle(ctx)) as Redirect;
    koa.redirect(location);
    return;
  }
  const key = koa.get('idempotency-key');
  if (response.status === 201 && key !== '') {
    const { method, path } = koa;
    const mode = route.idempotency ?? 'transaction';
    const answer = await once(ctx, { key, method, path, rawBody: input.http.rawBody, mode }, run);
    if (answer.isReplay) koa.set('idempotent-replayed', 'true');
    return write(koa, answer);
  }
  write(koa, await run(ctx));
}

function write(koa: KoaContext, { status, body }: { status: number; body: unknown }): void {
  koa.set('cache-control', 'no-store');
  if (status === 204) koa.body = null;
  else koa.body = body as object;
  koa.status = status;
}

/** Attached before the first await: a client that leaves during it must not be missed. */
function abortSignal(koa: KoaContext, stopping: AbortSignal): AbortSignal {
  const controller = new AbortController();
  const abort = () => {
    stopping.removeEventListener('abort', abort);
    controller.abort();
  };
  koa.res.once('close', abort);
  if (stopping.aborted) abort();
  else stopping.addEventListener('abort', abort);
  return controller.signal;
}
