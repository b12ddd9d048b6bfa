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
  readonly issues: readonly FieldIssue[];

  constructor(
    message: string,
    fact: { status: number; code: string; requestId?: string | undefined; issues?: readonly FieldIssue[] },
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'ApiError';
    this.status = fact.status;
    this.code = fact.code;
    this.requestId = fact.requestId;
    this.issues = fact.issues ?? [];
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
      issues: issuesOf(error.details),
    });
  }
}

/** Messages by field name: `body.slug` and `slug` both belong to the field `slug`. */
export function fieldErrors(
  error: unknown,
  fieldsByCode: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  if (!(error instanceof ApiError)) return {};
  const field = fieldsByCode[error.code];
  if (field !== undefined) return { [field]: error.message };
  return Object.fromEntries(
    error.issues.map((issue) => [issue.path.replace(/^(body|query|params)\./, ''), issue.message]),
  );
}

function isEnvelope(body: unknown): body is ErrorEnvelope {
  return (
    typeof body === 'object' &&
    body !== null &&
    'error' in body &&
    typeof body.error === 'object' &&
    body.error !== null
  );
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function issuesOf(details: unknown): FieldIssue[] {
  if (typeof details !== 'object' || details === null || !('issues' in details) || !Array.isArray(details.issues))
    return [];
  return details.issues.filter(isIssue);
}

function isIssue(value: unknown): value is FieldIssue {
  return (
    typeof value === 'object' &&
    value !== null &&
    'path' in value &&
    typeof value.path === 'string' &&
    'message' in value &&
    typeof value.message === 'string'
  );
}
