/** An answer in the words of the Laravel application behind Chargily Pay. */
export class ChargilyError extends Error {
  readonly status: number;
  readonly body: Record<string, unknown>;

  constructor(status: number, body: { message: string; errors?: Record<string, string[]> }) {
    super(body.message);
    this.status = status;
    this.body = body;
  }
}

export const unauthenticated = () => new ChargilyError(401, { message: 'Unauthenticated.' });
export const notFound = (entity: string) => new ChargilyError(404, { message: `No such ${entity}.` });
export const refused = (status: 400 | 403, message: string) => new ChargilyError(status, { message });
export const invalid = (errors: Record<string, string[]>) =>
  new ChargilyError(422, { message: 'The given data was invalid.', errors });
