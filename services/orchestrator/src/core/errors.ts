/** What a client may rely on: a stable `code`, never the message. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: string;
  readonly status: number;
  readonly details: unknown;
  /** Seconds after which the same request may work; sent as `retry-after`. */
  readonly retryAfterS: number | undefined;

  constructor(
    kind: { code: string; status: number; retryAfterS?: number | undefined },
    message: string,
    details?: unknown,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.code = kind.code;
    this.status = kind.status;
    this.retryAfterS = kind.retryAfterS;
    this.details = details;
  }
}

export interface ErrorType<D = never> {
  (details: D, options?: ErrorOptions): AppError;
  readonly code: string;
  readonly status: number;
}

export function defineError<D = void>(
  code: string,
  status: number,
  message: string | ((details: D) => string),
  options: { retryAfterS?: number } = {},
): ErrorType<D> {
  const make = (details: D, cause?: ErrorOptions) =>
    new AppError(
      { code, status, ...options },
      typeof message === 'string' ? message : message(details),
      details ?? undefined,
      cause,
    );
  return Object.assign(make, { code, status });
}

export interface Issue {
  /** Where: `body.slug`, `query.limit`, `params.siteId`. */
  path: string;
  message: string;
}

export const InvalidInput = defineError<{ issues: Issue[] }>(
  'request.invalid',
  400,
  ({ issues }) => `The request is not valid: ${issues.map((i) => `${i.path}: ${i.message}`).join('; ')}`,
);
export const InvalidJson = defineError('request.invalid_json', 400, 'The request body is not valid JSON.');
export const BadRequest = defineError(
  'request.malformed',
  400,
  'The request is not well-formed. Check its path and headers.',
);
export const BodyTooLarge = defineError<{ maxBytes: number }>(
  'request.too_large',
  413,
  (d) => `The request body is larger than ${d.maxBytes} bytes.`,
);
export const Unauthenticated = defineError<{ reason: string }>('auth.required', 401, (d) => d.reason);
export const CsrfMissing = defineError(
  'auth.csrf_header_missing',
  403,
  'A request that changes something and is signed in by cookie must carry the header x-csrf: 1.',
);
export const Forbidden = defineError<{ scope: string }>(
  'auth.forbidden',
  403,
  (d) =>
    `This needs the permission ${d.scope}. Ask ${d.scope.startsWith('platform_') ? 'who operates this installation' : 'an owner of the tenant'}.`,
);
export const NotFound = defineError<{ entity: string; id: string }>(
  'entity.not_found',
  404,
  (d) => `There is no ${d.entity} ${d.id}.`,
);
export const RouteNotFound = defineError<{ method: string; path: string }>(
  'route.not_found',
  404,
  (d) => `There is no ${d.method} ${d.path}. See /openapi.json for what there is.`,
);
export const MethodNotAllowed = defineError<{ method: string; path: string }>(
  'route.method_not_allowed',
  405,
  (d) => `${d.path} does not take ${d.method}.`,
);
export const Unavailable = defineError<{ dependency: string }>(
  'service.unavailable',
  503,
  (d) => `The ${d.dependency} does not answer right now. Nothing was changed; try again in a few seconds.`,
  { retryAfterS: 5 },
);
export const InternalError = defineError(
  'service.internal_error',
  500,
  'Something went wrong on our side. It was logged; quote the request id when you report it.',
);
