import type { Middleware } from 'koa';
import type { Logger } from 'pino';
import { z } from 'zod';

/** An answer other than 200. The contract words every one but 401 as `{"error": [line, …]}`. */
export class HttpError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export const notFound = (what: string): HttpError => new HttpError(404, `${what} does not exist`);

export function errors(log: Logger): Middleware {
  return async (ctx, next) => {
    try {
      await next();
      // The contract answers an unknown address as it answers a failure.
      if (ctx.status === 404 && ctx.body === undefined)
        throw new HttpError(500, `There is no ${ctx.method} ${ctx.path}`);
    } catch (error) {
      const { status, lines } = translate(error);
      if (!(error instanceof HttpError) && status === 500) log.error({ err: error, path: ctx.path }, 'request failed');
      ctx.status = status;
      ctx.body = { error: lines };
    }
  };
}

function translate(error: unknown): { status: number; lines: string[] } {
  if (error instanceof HttpError) return { status: error.status, lines: error.message.split('\n') };
  if (error instanceof z.ZodError)
    return {
      status: 400,
      lines: error.issues.map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message)),
    };
  return { status: 500, lines: ['Internal error; the log of the runner has the cause'] };
}
