import type { Middleware } from 'koa';
import type { Context } from '../context.ts';
import { isDatabaseDown } from '../db/connect.ts';
import { AppError, BadRequest, InternalError, Unavailable } from '../errors.ts';
import { newId } from '../ids.ts';
import { isRedisDown } from '../redis.ts';

export interface RequestState {
  ctx: Context;
  /** The path as declared (`/v1/sites/:siteId`), for logs and metrics. */
  route?: string;
}

const REQUEST_ID = /^[A-Za-z0-9_-]{8,64}$/;

/** Request id, log line, metrics, and the one place that turns errors into answers. */
export function requestMiddleware(app: Context): Middleware<RequestState> {
  return async (koa, next) => {
    const given = koa.get('x-request-id');
    const requestId = REQUEST_ID.test(given) ? given : newId('request');
    const log = app.log.child({ requestId });
    koa.state.ctx = { ...app, log, requestId, ip: koa.ip };
    koa.set('x-request-id', requestId);
    const startedAt = performance.now();
    try {
      await next();
    } catch (error) {
      answerError(koa, toAppError(error), error);
    }
    const route = koa.state.route ?? 'unmatched';
    const seconds = (performance.now() - startedAt) / 1000;
    app.metrics.httpDuration.observe({ method: koa.method, route, status: koa.status }, seconds);
    // By the context that the request ended with: who asked is known by then, and for which tenant.
    koa.state.ctx.log.info(
      { method: koa.method, route, status: koa.status, ms: Math.round(seconds * 1000) },
      'request',
    );
  };
}

function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (isDatabaseDown(error)) return Unavailable({ dependency: 'database' }, { cause: error });
  if (isRedisDown(error)) return Unavailable({ dependency: 'queue' }, { cause: error });
  if (isClientMistake(error)) return BadRequest(undefined, { cause: error });
  return InternalError(undefined, { cause: error });
}

/** What libraries below us refuse with a status of their own, such as a path that is not valid percent-encoding. */
function isClientMistake(error: unknown): boolean {
  const { expose, status } = error as { expose?: boolean; status?: number };
  return expose === true && status !== undefined && status >= 400 && status < 500;
}

type KoaContext = Parameters<Middleware<RequestState>>[0];

function answerError(koa: KoaContext, error: AppError, original: unknown): void {
  const { log, requestId } = koa.state.ctx;
  if (error.status >= 500)
    log[error.status === 503 ? 'warn' : 'error']({ err: original, method: koa.method, path: koa.path }, error.message);
  if (koa.headerSent || koa.respond === false) return;
  koa.status = error.status;
  if (error.retryAfterS !== undefined) koa.set('retry-after', String(error.retryAfterS));
  // The rest of the body was not read: this connection cannot carry another request.
  if (error.status === 413) koa.set('connection', 'close');
  if (error.status === 401) koa.set('www-authenticate', 'Bearer');
  koa.body = {
    error: {
      code: error.code,
      message: error.message,
      ...(error.details !== undefined && { details: error.details }),
      requestId,
    },
  };
}
