/** An answer in one of Lago's error shapes; thrown anywhere below a route. */
export class LagoError extends Error {
  readonly status: number;
  readonly body: Record<string, unknown>;

  constructor(status: number, body: Record<string, unknown>) {
    super(JSON.stringify(body));
    this.status = status;
    this.body = { status, ...body };
  }
}

export type ErrorDetails = Record<string, string[] | Record<string, string[]>>;

export const badRequest = (message: string) => new LagoError(400, { error: `BadRequest: ${message}` });
export const unauthorized = () => new LagoError(401, { error: 'Unauthorized' });
export const forbidden = (code = 'feature_unavailable') => new LagoError(403, { error: 'Forbidden', code });
export const notFound = (resource: string) => new LagoError(404, { error: 'Not Found', code: `${resource}_not_found` });
export const notAllowed = (code: string) => new LagoError(405, { error: 'Method Not Allowed', code });
export const invalid = (details: ErrorDetails) =>
  new LagoError(422, { error: 'Unprocessable Entity', code: 'validation_errors', error_details: details });
