export interface FieldIssue {
  path: string;
  message: string;
}

interface ErrorEnvelope {
  error: { code?: unknown; message?: unknown; details?: unknown; requestId?: unknown };
}

/** What the API refused, or `network.unreachable` when it could not be asked (then `status` is 0). */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly requestId: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;
  readonly issues: readonly FieldIssue[];

  constructor(
    message: string,
    fact: { status: number; code: string; requestId?: string | undefined; details?: unknown },
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'ApiError';
    this.status = fact.status;
    this.code = fact.code;
    this.requestId = fact.requestId;
    this.details = isRecord(fact.details) ? fact.details : {};
    this.issues = Array.isArray(this.details.issues) ? this.details.issues.filter(isIssue) : [];
  }

  /** Whether the server may have acted on the request although no answer says so. */
  get isOutcomeUnknown(): boolean {
    return this.status === 0 || this.status >= 500;
  }

  static unreachable(cause: unknown): ApiError {
    return new ApiError('', { status: 0, code: 'network.unreachable' }, { cause });
  }

  static fromResponse(status: number, body: unknown): ApiError {
    const error = isEnvelope(body) ? body.error : {};
    return new ApiError(text(error.message) ?? '', {
      status,
      code: text(error.code) ?? `http.${status}`,
      requestId: text(error.requestId),
      details: error.details,
    });
  }
}

/** Messages by field name: `body.slug` and `slug` both belong to the field `slug`. */
export function fieldErrors(error: unknown): Readonly<Record<string, string>> {
  if (!(error instanceof ApiError)) return {};
  return Object.fromEntries(
    error.issues.map((issue) => [issue.path.replace(/^(body|query|params)\./, ''), issue.message]),
  );
}

function isEnvelope(body: unknown): body is ErrorEnvelope {
  return isRecord(body) && isRecord(body.error);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isIssue(value: unknown): value is FieldIssue {
  return isRecord(value) && typeof value.path === 'string' && typeof value.message === 'string';
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
